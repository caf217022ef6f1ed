"""What the night's steps are bound to: the schedule's entries, done by the use cases that its tasks call."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from notify_adapters.memory import FixedClock, SequentialIds, in_memory
from notify_core.calendar import london_midnight
from notify_core.notifications.model import Attempted
from notify_core.notifications.status import Status
from notify_core.statistics.model import Period
from notify_core.vocabulary import ProviderName
from notify_worker.beat import SCHEDULE
from tests.unit.conftest import Town, make_town

DAY = date(2026, 11, 20)
MOMENT = timedelta(milliseconds=1)
# The days before, of and after both changes of London's clocks.
CLOCK_CHANGES = [(3, 28), (3, 29), (3, 30), (10, 24), (10, 25), (10, 26)]


def test_every_step_is_an_entry_of_the_schedule_and_stands_in_its_order(town: Town) -> None:
    when = {entry.name: _time_of_day(entry.cron) for entry in SCHEDULE}
    steps = [step.name for step in town.platform.notify.run_night.steps]
    assert set(steps) <= set(when)
    assert [when[name] for name in steps] == sorted(when[name] for name in steps)


def test_everything_that_the_schedule_does_at_night_is_a_step(town: Town) -> None:
    """Once a day, between midnight and five."""
    at_night = {entry.name for entry in SCHEDULE if (0, 0) <= _time_of_day(entry.cron) < (5, 0)}
    steps = {step.name for step in town.platform.notify.run_night.steps}
    assert at_night <= steps


def test_a_step_says_what_it_does_and_its_pieces_have_names_of_their_own(town: Town) -> None:
    for step in town.platform.notify.run_night.steps:
        assert step.about.endswith(".")
        labels = [piece.label for piece in step.pieces(DAY)]
        assert labels
        assert len(set(labels)) == len(labels)


def test_a_step_heeds_the_day_or_says_that_it_does_not(town: Town) -> None:
    for step in town.platform.notify.run_night.steps:
        labels = [[piece.label for piece in step.pieces(day)] for day in (DAY, DAY - timedelta(days=40))]
        assert (labels[0] != labels[1]) is step.heeds_day, step.name


def test_a_night_is_done_and_done_again(town: Town) -> None:
    text = town.text()
    with town.platform.database.statement() as work:
        at = town.clock.now
        sent = Attempted(notification_id=text.id, status=Status.SENDING, at=at, sent_by=ProviderName.MMG)
        work.notifications.record([sent])
    town.clock.advance(timedelta(days=3, seconds=1))
    first = town.platform.notify.run_night()
    assert first.is_done, [step.failed for step in first.steps]
    done = {step.name: step.done for step in first.steps}
    assert done["timeout-sending-notifications"] == {"timed out": 1}
    assert town.status(text.id) == "temporary-failure"
    again = town.platform.notify.run_night()
    assert again.is_done
    assert {step.name: step.done for step in again.steps}["timeout-sending-notifications"] == {"timed out": 0}


class Ticking(FixedClock):
    """A clock on which every look takes a second."""

    def __call__(self) -> datetime:
        self.advance(timedelta(seconds=1))
        return self.now


def test_a_night_goes_on_to_its_end_and_promises_nothing() -> None:
    """There may be nobody to keep a promise. So many looks at this clock are more time than a task has."""
    clock = Ticking()
    town = make_town(in_memory(clock=clock, new_id=SequentialIds(clock)), clock)
    days = 15
    for _ in range(days):
        town.text()
        town.platform.run()
        clock.advance(timedelta(days=1))
    clock.advance(timedelta(days=10))
    town.platform.run()
    outcome = town.platform.notify.run_night()
    assert outcome.is_done, [step.failed for step in outcome.steps]
    done = {step.name: step.done for step in outcome.steps}
    assert done["delete-notifications-older-than-retention"]["days"] == 2 * days, "of contents, and of timelines"
    assert done["timeout-sending-notifications"]["timed out"] > 0
    assert not town.platform.notify.relay_outbox().published


@pytest.mark.parametrize("ended", [date(2026, month, day) for month, day in CLOCK_CHANGES], ids=str)
@pytest.mark.parametrize("hour", [0, 3], ids=["at the beginning", "at the end"])
def test_a_night_counts_what_was_sent_from_midnight_to_midnight_in_london(ended: date, hour: int) -> None:
    """Days of 23, 24 and 25 hours; the night begins at five past midnight in UTC, in summer an hour later there."""
    start, end = london_midnight(ended), london_midnight(ended + timedelta(days=1))
    clock = FixedClock(start - timedelta(minutes=1))
    town = make_town(in_memory(clock=clock, new_id=SequentialIds(clock)), clock)
    for moment in (clock.now, start, end - MOMENT, end):
        clock.now = moment
        town.text()
        town.platform.run()
    next_day = ended + timedelta(days=1)
    clock.now = datetime(next_day.year, next_day.month, next_day.day, hour, 5, tzinfo=UTC)
    outcome = town.platform.notify.run_night()
    assert outcome.ended == ended
    assert outcome.is_done, [step.failed for step in outcome.steps]
    counted = {
        day: sum(fact.notifications_sent for fact in town.platform.notify.list_facts(town.service.id, day))
        for day in (ended - timedelta(days=1), ended, next_day)
    }
    assert counted == {ended - timedelta(days=1): 1, ended: 2, next_day: 0}
    statistics = town.platform.notify.count_statistics(Period(ended, ended), town.service.id)
    assert not statistics.live, "the night has counted it"
    assert sum(count.messages for count in statistics.counts) == 2


def _time_of_day(cron: str) -> tuple[int, int]:
    """Return the hour and minute of an entry that runs once in a day; for others a time before all of them."""
    minute, hour, *_ = cron.split()
    return (int(hour), int(minute)) if hour.isdigit() and minute.isdigit() else (-1, 0)
