"""Work that takes longer than a task may is promised, from where it had got to."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from notify_adapters.memory import FixedClock, MemoryPlatform, SequentialIds
from notify_core.outbox.batches import Batch, InBatches
from notify_core.outbox.model import Queue, Task, TaskMessage

FIRST = UUID(int=1)


def at_work(platform: MemoryPlatform, clock: FixedClock, *batches: int, seconds: int) -> tuple[int, list[UUID]]:
    """Do batches of these sizes that take so long each, and return how many rows were done, and from where."""
    places: list[UUID] = []

    def batch(place: UUID) -> Batch:
        clock.advance(timedelta(seconds=seconds))
        places.append(place)
        count = batches[place.int - 1]
        return Batch(count, UUID(int=place.int + 1) if place.int < len(batches) else None)

    in_batches = InBatches(database=platform.database, clock=clock, new_id=SequentialIds(clock))
    return in_batches(Task.FORGET_ANSWERS, Queue.PERIODIC, batch, FIRST), places


def promised(platform: MemoryPlatform) -> list[TaskMessage]:
    platform.notify.relay_outbox()
    messages = []
    while (message := platform.publisher.receive()) is not None:
        messages.append(message)
    return messages


def test_all_is_done_at_once_where_there_is_time(platform: MemoryPlatform, clock: FixedClock) -> None:
    assert at_work(platform, clock, 5, 0, 2, seconds=3) == (7, [UUID(int=place) for place in (1, 2, 3)])
    assert promised(platform) == []


def test_what_there_is_no_time_for_is_promised_from_there(platform: MemoryPlatform, clock: FixedClock) -> None:
    assert at_work(platform, clock, 5, 4, 3, seconds=5) == (9, [UUID(int=1), UUID(int=2)])
    [message] = promised(platform)
    assert (message.task, message.queue, message.subject_ids) == (
        Task.FORGET_ANSWERS,
        Queue.PERIODIC,
        (UUID(int=3),),
    )


def test_the_last_batch_promises_nothing_however_long_it_took(platform: MemoryPlatform, clock: FixedClock) -> None:
    assert at_work(platform, clock, 5, seconds=60) == (5, [FIRST])
    assert promised(platform) == []
