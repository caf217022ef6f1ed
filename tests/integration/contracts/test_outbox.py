from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from notify_adapters.memory import FixedClock
from notify_core.identifiers import NewId
from notify_core.outbox.model import SUBJECTS_PER_MESSAGE, Lane, OutboxEntry, Queue, Task
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
    database: Database, now: datetime, *, limit: int = 10, due_before: datetime | None = None, **more: Any
) -> list[OutboxEntry]:
    with database.statement() as work:
        return work.outbox.take(
            limit=limit, due_before=due_before or now + MINUTE, now=now, until=now + MINUTE, **more
        )


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


def test_who_comes_late_has_a_share_beside_a_backlog(
    database: Database, clock: FixedClock, entry: MakeEntry, new_id: NewId
) -> None:
    busy, quiet, other = new_id(), new_id(), new_id()
    backlog = [entry(group=busy, available_at=clock() - MINUTE) for _ in range(120)]
    late = [entry(group=quiet), entry(group=other), entry(group=None)]
    add(database, *backlog, *late)

    taken = take(database, clock(), limit=50)

    assert set(late) < set(taken)
    of_backlog = [found for found in taken if found.group == busy]
    assert len(of_backlog) >= SUBJECTS_PER_MESSAGE
    assert of_backlog == backlog[: len(of_backlog)]
    assert take(database, clock(), limit=200) == backlog[len(of_backlog) :]


def test_two_backlogs_share_a_batch_by_the_message(
    database: Database, clock: FixedClock, entry: MakeEntry, new_id: NewId
) -> None:
    older, younger = new_id(), new_id()
    add(database, *[entry(group=older, available_at=clock() - MINUTE) for _ in range(100)])
    add(database, *[entry(group=younger) for _ in range(100)])

    taken = take(database, clock(), limit=3 * SUBJECTS_PER_MESSAGE)

    groups = [found.group for found in taken]
    assert (groups.count(older), groups.count(younger)) == (2 * SUBJECTS_PER_MESSAGE, SUBJECTS_PER_MESSAGE)


def test_no_lane_gives_more_than_it_may(
    database: Database, clock: FixedClock, entry: MakeEntry, new_id: NewId
) -> None:
    busy = new_id()
    backlog = [entry(group=busy) for _ in range(40)]
    add(database, *backlog, entry())

    taken = take(database, clock(), limit=100, most_each=30)

    assert len(taken) == 31
    assert backlog[30] not in taken


def test_a_lane_that_rests_gives_nothing_and_is_in_nobodys_way(
    database: Database, clock: FixedClock, entry: MakeEntry, new_id: NewId
) -> None:
    group = new_id()
    resting, nobodys = entry(group=group), entry(group=None)
    same_service, same_queue = entry(group=group, queue=Queue.RETRY), entry()
    add(database, resting, nobodys, same_service, same_queue)
    without = {Lane(Queue.SEND_EMAIL, group), Lane(Queue.SEND_EMAIL, None)}

    assert take(database, clock(), without=without) == [same_service, same_queue]
    assert take(database, clock()) == [resting, nobodys]


def test_more_lanes_than_a_batch_has_places_are_all_served(
    database: Database, clock: FixedClock, entry: MakeEntry
) -> None:
    entries = [entry() for _ in range(23)]
    add(database, *entries)

    assert [found for _ in range(5) for found in take(database, clock(), limit=5)] == entries
