from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from notify_adapters.memory import FixedClock
from notify_core.identifiers import NewId
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.unit_of_work import Database

MINUTE = timedelta(minutes=1)
MakeEntry = Callable[..., OutboxEntry]


@pytest.fixture
def entry(clock: FixedClock, new_id: NewId) -> MakeEntry:
    def make(**more: Any) -> OutboxEntry:
        values: dict[str, Any] = {
            "task": Task.DELIVER_EMAIL,
            "queue": Queue.SEND_EMAIL,
            "subject_id": new_id(),
            "available_at": clock(),
            "group": new_id(),
        } | more
        return OutboxEntry(id=new_id(), **values)

    return make


def add(database: Database, *entries: OutboxEntry) -> None:
    with database.statement() as work:
        work.outbox.add(iter(entries))


def take(
    database: Database, now: datetime, *, limit: int = 10, due_before: datetime | None = None
) -> list[OutboxEntry]:
    with database.statement() as work:
        return work.outbox.take(limit=limit, due_before=due_before or now + MINUTE, now=now, until=now + MINUTE)


def count(database: Database) -> int:
    with database.statement() as work:
        return work.outbox.count()


def test_what_was_promised_is_taken_as_it_was(database: Database, clock: FixedClock, entry: MakeEntry) -> None:
    entries = [entry(), entry(group=None, task=Task.SIMULATE_RECEIPT, queue=Queue.RESEARCH_MODE)]
    add(database, *entries)
    assert take(database, clock()) == entries


def test_an_empty_outbox_gives_nothing(database: Database, clock: FixedClock) -> None:
    add(database)
    assert take(database, clock()) == []
    assert count(database) == 0


def test_the_longest_due_come_first(database: Database, clock: FixedClock, entry: MakeEntry) -> None:
    late, early, second = entry(), entry(available_at=clock() - MINUTE), entry()
    add(database, late, early, second)
    assert take(database, clock(), limit=2) == [early, late]
    assert take(database, clock(), limit=2) == [second]


def test_what_is_due_later_stays(database: Database, clock: FixedClock, entry: MakeEntry) -> None:
    add(database, entry(available_at=clock() + MINUTE))
    assert take(database, clock(), due_before=clock() + MINUTE) == []
    assert len(take(database, clock(), due_before=clock() + MINUTE + timedelta(microseconds=1))) == 1


def test_what_was_taken_is_hidden_for_a_while(database: Database, clock: FixedClock, entry: MakeEntry) -> None:
    promised = entry()
    add(database, promised)
    assert take(database, clock()) == [promised]
    assert take(database, clock() + MINUTE - timedelta(microseconds=1)) == []
    assert count(database) == 1
    assert take(database, clock() + MINUTE) == [promised]


def test_what_was_removed_is_gone(database: Database, clock: FixedClock, entry: MakeEntry, new_id: NewId) -> None:
    gone, left = entry(), entry()
    add(database, gone, left)
    with database.statement() as work:
        work.outbox.remove(iter([gone.id, new_id()]), queued_at=clock())
        work.outbox.remove([], queued_at=clock())
    assert take(database, clock()) == [left]


def test_what_was_released_can_be_taken_again(database: Database, clock: FixedClock, entry: MakeEntry) -> None:
    promised = entry()
    add(database, promised)
    take(database, clock())
    with database.statement() as work:
        work.outbox.release([promised.id], until=clock() + timedelta(seconds=2))
        work.outbox.release([], until=clock())
    assert take(database, clock() + timedelta(seconds=1)) == []
    assert take(database, clock() + timedelta(seconds=2)) == [promised]


def test_no_two_relays_are_given_the_same(database: Database, clock: FixedClock, entry: MakeEntry) -> None:
    entries = [entry() for _ in range(200)]
    add(database, *entries)

    def relay(_: int) -> list[OutboxEntry]:
        return [found for _ in range(10) for found in take(database, clock(), limit=7)]

    with ThreadPoolExecutor(4) as relays:
        taken = [found.id for some in relays.map(relay, range(4)) for found in some]
    assert sorted(taken) == sorted(promised.id for promised in entries)
