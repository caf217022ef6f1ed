"""Facts and live counts together, through the platform's own use cases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock, SequentialIds, in_memory
from notify_core.application import Options
from notify_core.archive.countable import FactsArchived
from notify_core.archive.model import ArchivePolicy
from notify_core.errors import NotFound
from notify_core.notifications.status import Status
from notify_core.outbox.model import Queue, Task
from notify_core.statistics.model import (
    By,
    InvalidPeriod,
    LastUse,
    Period,
    ProcessingTime,
    Statistics,
    Totals,
)
from notify_core.vocabulary import Channel, KeyType
from tests.unit.conftest import Town, make_town

DAY = timedelta(days=1)
TODAY = date(2026, 11, 21)


def night(town: Town, days: int = 1) -> None:
    """Let that many days pass, with what nights do on each."""
    for _ in range(days):
        town.clock.advance(DAY)
        town.platform.notify.create_nightly_status()
        town.platform.run()


def counted(town: Town, days: int, by: By = By.NOTHING) -> Statistics:
    today = town.clock.now.date()
    return town.platform.notify.count_statistics(Period.last_days(today, days), town.service.id, by=by)


def test_the_last_days_are_facts_and_today_is_counted_now(town: Town) -> None:
    town.text()
    night(town)
    town.mail()
    town.mail(key=KeyType.TEST)
    town.platform.run()
    found = counted(town, 7)
    assert found.totals() == {Channel.EMAIL: Totals(1, 0, 0), Channel.SMS: Totals(1, 0, 0)}
    assert found.live[-1] == TODAY + DAY
    assert TODAY not in found.live
    assert counted(town, 0).totals() == {Channel.EMAIL: Totals(1, 0, 0)}


def test_a_day_that_no_night_has_counted_is_counted_now(town: Town) -> None:
    text = town.text()
    town.clock.advance(DAY)
    assert counted(town, 1).live == (TODAY, TODAY + DAY)
    assert counted(town, 1).totals() == {Channel.SMS: Totals(1, 0, 0)}
    assert town.status(text.id) == "created"
    town.platform.run()
    [count] = counted(town, 1).counts
    assert count.status is Status.SENDING, "it is not kept by anybody yet"


def test_facts_stay_as_the_night_found_them_until_the_next(town: Town) -> None:
    town.text()
    town.platform.run()
    night(town)
    town.platform.confirm_texts()
    assert [one.status for one in counted(town, 1).counts] == [Status.SENDING]
    night(town)
    assert [one.status for one in counted(town, 2).counts] == [Status.DELIVERED]


def test_counts_can_be_apart_by_day_month_and_template(town: Town) -> None:
    town.text()
    night(town, 10)
    town.text()
    town.mail()
    sms, email = town.sms.id, town.email.id
    december = date(2026, 12, 1)
    assert [(one.day, one.messages) for one in counted(town, 10, By.DAY).counts] == [
        (TODAY, 1),
        (december, 1),
        (december, 1),
    ]
    by_month = counted(town, 10, By.MONTH | By.TEMPLATE).counts
    assert {(one.day, one.template_id) for one in by_month} == {
        (date(2026, 11, 1), sms),
        (december, sms),
        (december, email),
    }
    assert {one.template_id for one in counted(town, 10, By.TEMPLATE).counts} == {sms, email}
    with pytest.raises(ValueError, match="by day or by month"):
        counted(town, 1, By.DAY | By.MONTH)


def test_the_use_of_templates_leaves_out_what_was_cancelled(town: Town) -> None:
    for cancel in (False, True):
        text = town.text()
        if cancel:
            town.platform.notify.cancel_notification(town.service.id, text.id)
    use = town.platform.notify.count_template_use(town.service.id, 2026)
    assert [(one.day, one.template_id, one.messages) for one in use] == [(date(2026, 11, 1), town.sms.id, 1)]
    assert town.platform.notify.count_template_use(town.service.id, 2025) == ()
    with pytest.raises(InvalidPeriod):
        town.platform.notify.count_template_use(town.service.id, 0)


def test_of_the_whole_platform_todays_test_keys_can_be_counted(town: Town) -> None:
    town.text(key=KeyType.TEST)
    town.text(key=KeyType.TEAM, number="07700 900999")
    count = town.platform.notify.count_statistics
    today = Period(TODAY, TODAY)
    assert {one.key_type for one in count(today).counts} == {KeyType.TEAM}
    assert {one.key_type for one in count(today, test_keys=True).counts} == {KeyType.TEAM, KeyType.TEST}
    assert {one.service_id for one in count(today, by=By.SERVICE).counts} == {town.service.id}
    night(town)
    assert {one.key_type for one in count(today, test_keys=True).counts} == {KeyType.TEAM}


def test_nothing_is_counted_of_services_that_there_are_not(town: Town) -> None:
    with pytest.raises(NotFound):
        town.platform.notify.count_statistics(Period(TODAY, TODAY), UUID(int=1))


def test_live_services_are_reported(town: Town) -> None:
    town.text()
    town.platform.run()
    night(town)
    [line] = town.platform.notify.report_services(Period.month(2026, 11))
    assert (line.service_name, line.channel, line.sending, line.delivered) == ("Bins", Channel.SMS, 1, 0)


def test_a_templates_last_use(town: Town) -> None:
    find = town.platform.notify.find_last_use
    assert find(town.sms.id) is None
    town.text(key=KeyType.TEST)
    assert find(town.sms.id) is None
    town.text()
    accepted = town.clock.now
    assert find(town.sms.id) == LastUse(day=TODAY, at=accepted)
    town.clock.advance(DAY)
    assert find(town.sms.id) == LastUse(day=TODAY, at=accepted), "no night has counted it"
    night(town)
    assert find(town.sms.id) == LastUse(day=TODAY)
    town.clock.now = datetime(2027, 11, 21, 12, tzinfo=UTC)
    assert find(town.sms.id) == LastUse(day=TODAY)
    town.clock.advance(DAY)
    assert find(town.sms.id) is None
    with pytest.raises(NotFound, match="no template"):
        find(UUID(int=1))


def test_a_night_promises_a_task_for_each_day_and_kind(town: Town) -> None:
    town.text()
    town.platform.run()
    night(town)
    town.clock.advance(DAY)
    assert town.platform.notify.create_nightly_status() == 4 + 10
    while town.platform.notify.relay_outbox().published:
        pass
    promised = list(iter(town.platform.publisher.receive, None))
    tasks = [message.task for message in promised]
    assert tasks.count(Task.BUILD_STATUS_FACTS) == 4
    assert tasks.count(Task.BUILD_LETTER_STATUS_FACTS) == 10
    assert {message.queue for message in promised} == {Queue.REPORTING}
    assert {len(message.subject_ids) for message in promised} == {1}, "each takes long enough for a task of its own"


@pytest.mark.parametrize(("missed", "days_more"), [(0, 0), (1, 1), (5, 5), (14, 14), (20, 14)])
def test_a_night_after_missed_ones_looks_as_many_days_further_back(town: Town, missed: int, days_more: int) -> None:
    town.text()
    town.platform.run()
    night(town)
    town.clock.advance((1 + missed) * DAY)
    assert town.platform.notify.create_nightly_status() == 4 + 10 + 2 * days_more


def test_what_became_known_after_the_last_night_before_an_outage_is_counted_after_it(town: Town) -> None:
    town.text()
    town.platform.run()
    night(town)
    town.clock.advance(2 * DAY)
    town.platform.confirm_texts()
    town.clock.advance(4 * DAY)
    assert [one.status for one in counted(town, 10).counts] == [Status.SENDING]
    night(town)
    assert [one.status for one in counted(town, 10).counts] == [Status.DELIVERED]


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_day_that_is_not_over_is_not_built(town: Town, ahead: int) -> None:
    with pytest.raises(InvalidPeriod, match="is not over"):
        town.platform.notify.build_status_facts(TODAY + ahead * DAY)
    with pytest.raises(InvalidPeriod, match="is not over"):
        town.platform.notify.save_processing_time(TODAY + ahead * DAY)


def test_a_day_whose_messages_are_in_the_archive_keeps_its_facts() -> None:
    clock = FixedClock(datetime(2026, 11, 28, 12, tzinfo=UTC))
    options = Options(email_domain="example.com", sms_sender="NOTIFY", archive=ArchivePolicy(min_age=DAY))
    town = make_town(in_memory(clock=clock, new_id=SequentialIds(clock), options=options), clock)
    notify = town.platform.notify
    town.text()
    town.platform.run()
    clock.now = datetime(2026, 12, 2, 12, tzinfo=UTC)
    notify.archive_facts()
    assert notify.build_status_facts(date(2026, 11, 29)) == 0
    with pytest.raises(FactsArchived, match="have been archived"):
        notify.build_status_facts(date(2026, 11, 28))
    with pytest.raises(FactsArchived, match="have been archived"):
        notify.save_processing_time(date(2026, 11, 28))
    saved = notify.save_processing_time()
    assert [figures.day for figures in saved] == [date(2026, 12, 1), date(2026, 11, 30), date(2026, 11, 29)]


def test_yesterday_is_measured_and_what_was_missed_of_a_week(town: Town) -> None:
    save, list_times = town.platform.notify.save_processing_time, town.platform.notify.list_processing_times
    town.text()
    town.platform.run()
    town.clock.advance(3 * DAY)
    assert [figures.day for figures in save()] == [TODAY + number * DAY for number in (2, 1, 0, -1, -2, -3, -4)]
    measured = ProcessingTime(day=TODAY, total=1, within_10_seconds=1)
    assert list_times(Period(TODAY, TODAY)) == [measured]
    assert [figures.day for figures in save()] == [TODAY + 2 * DAY]
    assert save(TODAY) == [measured]


def test_measuring_stops_before_a_task_would_be_killed(town: Town) -> None:
    save = town.platform.notify.save_processing_time
    assert [len(evolve(save, clock=ticking(town.clock, 4))()) for _ in range(2)] == [3, 3]


def ticking(clock: FixedClock, seconds: int) -> Callable[[], datetime]:
    """Return a clock on which every look takes some seconds."""

    def look() -> datetime:
        clock.advance(timedelta(seconds=seconds))
        return clock.now

    return look
