"""Messages whose receipt never comes end after three days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from attrs import evolve, frozen

from notify_adapters.memory import FixedClock, SequentialIds
from notify_core.identifiers import first_id_at
from notify_core.notifications.model import Notification
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.notifications.status import Status
from notify_core.notifications.time_out import TimeOutSending
from notify_core.outbox.model import Task, TaskMessage
from notify_core.unit_of_work import UnitOfWork
from notify_core.vocabulary import ProviderName
from tests.unit.conftest import Town

THREE_DAYS = timedelta(days=3)
MOMENT = timedelta(milliseconds=1)


def test_what_was_sent_three_days_ago_and_not_confirmed_has_failed(town: Town) -> None:
    ids = [town.text().id, town.mail().id]
    town.platform.run()
    town.clock.advance(THREE_DAYS)
    assert town.platform.notify.time_out_sending() == 0
    town.clock.advance(MOMENT)
    assert town.platform.notify.time_out_sending() == 2
    assert [town.status(one) for one in ids] == ["temporary-failure"] * 2
    found = town.platform.notify.find_notification(town.service.id, ids[0]).notification
    assert found.completed_at == town.clock.now
    [*_, last] = town.platform.notify.find_timeline(town.service.id, ids[0])
    assert (last.kind, last.status, last.at) == ("timed-out", "temporary-failure", town.clock.now)
    assert town.platform.notify.time_out_sending() == 0


def test_a_receipt_after_that_changes_nothing(town: Town) -> None:
    text = town.text()
    town.platform.run()
    town.clock.advance(THREE_DAYS + MOMENT)
    town.platform.notify.time_out_sending()
    town.platform.notify.record_sms_receipt(
        SmsReceipt(provider=ProviderName.MMG, reference=str(text.id), status="3", code="5")
    )
    assert town.status(text.id) == "temporary-failure"


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.SENDING, Status.PENDING}))
def test_nothing_else_times_out(town: Town, status: Status) -> None:
    text = town.text()
    put(town, text.id, status)
    town.clock.advance(THREE_DAYS + MOMENT)
    assert town.platform.notify.time_out_sending() == 0
    assert town.status(text.id) == status


def put(town: Town, notification_id: UUID, status: Status) -> None:
    with town.platform.database.statement() as work:
        facts = work.notifications.find_for_receipt(notification_id=notification_id)
        assert facts is not None
        work.notifications.save(evolve(facts, status=status))


@pytest.mark.parametrize(("missed_nights", "found"), [(0, 1), (1, 1), (14, 1), (15, 0)])
def test_nights_that_were_missed_are_made_up_for(town: Town, missed_nights: int, found: int) -> None:
    text = town.text()
    put(town, text.id, Status.PENDING)
    town.clock.advance(THREE_DAYS + timedelta(days=missed_nights) + MOMENT)
    assert town.platform.notify.time_out_sending() == found


def test_who_is_told_hears_of_each_batch_inside_its_transaction(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notify_core.notifications.time_out._BATCH", 2)
    ids = [town.text().id for _ in range(5)]
    town.platform.run()
    town.clock.advance(THREE_DAYS + MOMENT)
    batches: list[list[UUID]] = []

    def told(work: UnitOfWork, notifications: Sequence[Notification]) -> None:
        batches.append([one.id for one in notifications])
        assert {one.status for one in notifications} == {Status.TEMPORARY_FAILURE}
        if len(batches) == 3:
            raise ZeroDivisionError

    time_out = TimeOutSending(town.platform.database, town.clock, SequentialIds(town.clock), told)
    with pytest.raises(ZeroDivisionError):
        time_out()
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert [town.status(one) for one in ids] == ["temporary-failure"] * 4 + ["sending"], "the last rolled back"
    assert time_out() == 1


@frozen
class Ticking:
    """A clock on which every look takes a second."""

    clock: FixedClock

    def __call__(self) -> datetime:
        self.clock.advance(timedelta(seconds=1))
        return self.clock.now


def test_what_there_is_no_time_for_is_promised_and_done(town: Town) -> None:
    ids = []
    for _ in range(20):
        ids.append(town.text().id)
        put(town, ids[-1], Status.SENDING)
        town.clock.advance(timedelta(hours=1))
    promised(town)
    town.clock.advance(THREE_DAYS)
    time_out = TimeOutSending(town.platform.database, Ticking(town.clock), SequentialIds(town.clock))
    assert 3 <= time_out() <= 5, "one statement for each hour, and two looks at the clock for each"
    assert town.status(ids[-1]) == "temporary-failure"
    assert town.status(ids[0]) == "sending"
    tasks = 1
    while rest := promised(town):
        assert [message.task for message in rest] == [Task.TIME_OUT_SENDING]
        time_out(rest[0].subject_ids)
        tasks += 1
    assert {town.status(one) for one in ids} == {"temporary-failure"}
    assert 15 * 24 / 5 <= tasks <= 15 * 24 / 3


def promised(town: Town) -> list[TaskMessage]:
    """Return what has been promised, and forget it."""
    while town.platform.notify.relay_outbox().published:
        pass
    return list(iter(town.platform.publisher.receive, None))


def test_nobody_can_have_younger_messages_time_out(town: Town) -> None:
    text = town.text()
    put(town, text.id, Status.SENDING)
    assert town.platform.notify.time_out_sending([UUID(int=2**128 - 1), first_id_at(town.clock.now)]) == 0
    assert town.status(text.id) == "sending"
