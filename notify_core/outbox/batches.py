"""Work on many rows, done batch by batch: as many as fit into some seconds, and a promise of the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from attrs import frozen

from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.outbox.model import Queue, Task
from notify_core.outbox.rest import promise_rest
from notify_core.unit_of_work import Database

# Well within the time that a task may take.
_AT_A_TIME = timedelta(seconds=10)


@frozen
class Batch:
    """How many rows a batch dealt with, and where the next one begins; None when it was the last."""

    count: int
    next: UUID | None = None


@frozen(kw_only=True)
class InBatches:
    """Does a task's batches one after the other, until there is none left or `at_a_time` is over."""

    database: Database
    clock: Clock
    new_id: NewId
    at_a_time: timedelta = _AT_A_TIME

    def __call__(self, task: Task, queue: Queue, batch: Callable[[UUID], Batch], place: UUID) -> int:
        """Do the batches from `place` on, and return how many rows they dealt with together.

        When the time is over, `task` is promised on `queue`; its subject is where the next batch begins.
        """
        end = self.clock() + self.at_a_time
        total = 0
        while True:
            done = batch(place)
            total += done.count
            if done.next is None:
                return total
            place = done.next
            if self.clock() >= end:
                promise_rest(self.database, self.new_id, task, queue, place=place, at=self.clock())
                return total
