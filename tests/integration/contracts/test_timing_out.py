from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_core.identifiers import NewId, first_id_at
from notify_core.notifications.model import Notification
from notify_core.notifications.status import Status
from notify_core.notifications.time_out import TimeOutSending
from notify_core.notifications.timeline import EventKind
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel
from tests.integration.contracts.conftest import CIPHER, Accept, empty, entry_for, ids_of, message_of

HOUR = timedelta(hours=1)


def time_out(database: Database, clock: FixedClock, **more: Any) -> list[Notification]:
    """Time out what was accepted in the last two hours, and at least one hour ago."""
    bounds: dict[str, Any] = {
        "from_id": first_id_at(clock.now - 2 * HOUR),
        "before_id": first_id_at(clock.now - HOUR + timedelta(milliseconds=1)),
        "created_before": clock.now - HOUR + timedelta(microseconds=1),
        "limit": 100,
    }
    with database.statement() as work:
        return work.notifications.time_out(now=clock.now, **bounds | more)


@pytest.mark.parametrize("status", [Status.SENDING, Status.PENDING])
@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
def test_what_waits_for_a_receipt_fails_and_says_so(
    database: Database, clock: FixedClock, accept: Accept, status: Status, channel: Channel
) -> None:
    message = accept(status=status, channel=channel, leased_until=clock.now, billable_units=2)
    clock.advance(HOUR)
    expected = evolve(message.notification, status=Status.TEMPORARY_FAILURE, updated_at=clock.now, leased_until=None)
    assert time_out(database, clock) == [expected]
    assert time_out(database, clock) == []
    with database.statement() as work:
        timeline = work.notifications.find_timeline(expected.service_id, expected.id)
        assert timeline is not None
        [event] = timeline.stored
        assert (event.kind, event.status, event.at) == (EventKind.TIMED_OUT, Status.TEMPORARY_FAILURE, clock.now)
        assert timeline.notification == expected


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.SENDING, Status.PENDING}))
def test_what_waits_for_no_receipt_stays(
    database: Database, clock: FixedClock, accept: Accept, status: Status
) -> None:
    accept(status=status)
    clock.advance(HOUR)
    assert time_out(database, clock) == []


def test_letters_stay(database: Database, clock: FixedClock, accept: Accept) -> None:
    accept(status=Status.SENDING, channel=Channel.LETTER)
    clock.advance(HOUR)
    assert time_out(database, clock) == []


def test_only_what_is_within_the_bounds_times_out(database: Database, clock: FixedClock, accept: Accept) -> None:
    made = []
    for _ in range(6):
        made.append(accept(status=Status.SENDING).notification.id)
        clock.advance(HOUR / 2)
    # Made 180, 150, 120, 90, 60 and 30 minutes ago.
    assert [one.id for one in time_out(database, clock, created_before=clock.now - 1.25 * HOUR)] == made[2:4]
    assert [one.id for one in time_out(database, clock)] == made[4:5]


def test_the_oldest_go_first_and_no_more_than_wanted(database: Database, clock: FixedClock, accept: Accept) -> None:
    made = [accept(status=Status.SENDING).notification.id for _ in range(5)]
    clock.advance(HOUR)
    assert [one.id for one in time_out(database, clock, limit=2)] == made[:2]
    assert [one.id for one in time_out(database, clock, limit=2)] == made[2:4]
    assert [one.id for one in time_out(database, clock, limit=2)] == made[4:]


def test_what_has_expired_times_out_without_a_word(database: Database, clock: FixedClock, accept: Accept) -> None:
    message = accept(status=Status.SENDING, expires_on=clock.now.date())
    clock.advance(HOUR)
    assert len(time_out(database, clock)) == 1
    with database.statement() as work:
        found = work.notifications.find_for_receipt(notification_id=message.notification.id)
        assert found is not None
        assert found.status is Status.TEMPORARY_FAILURE


def test_many_at_once_time_each_message_out_once(
    database: Database, clock: FixedClock, accept: Accept, new_id: NewId
) -> None:
    for _ in range(40):
        accept(status=Status.SENDING)
    clock.advance(timedelta(hours=73))
    with ThreadPoolExecutor(4) as threads:
        counts = list(threads.map(lambda _: TimeOutSending(database, clock, new_id)(), range(4)))
    assert sum(counts) == 40


def test_a_message_whose_receipt_is_being_applied_is_left_to_it(postgres_engine: Engine, clock: FixedClock) -> None:
    empty(postgres_engine)
    database, new_id = PostgresDatabase(postgres_engine, CIPHER, clock), ids_of(clock)
    messages = [message_of(new_id(), clock, new_id, status=Status.SENDING) for _ in range(2)]
    with database.begin() as work:
        for message in messages:
            work.notifications.accept(message, entry_for(message.notification.id, message, new_id()))
        work.commit()
    clock.advance(HOUR)
    with database.begin() as receipt:
        before = receipt.notifications.find_for_receipt(notification_id=messages[0].notification.id)
        assert before is not None
        assert [one.id for one in time_out(database, clock)] == [messages[1].notification.id]
        receipt.notifications.save(evolve(before, status=Status.DELIVERED))
        receipt.commit()
    assert time_out(database, clock) == []
