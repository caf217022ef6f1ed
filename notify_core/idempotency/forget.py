"""Forget answers whose time is over, and the keys that they were given under."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from attrs import frozen

from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.identifiers import first_id_at
from notify_core.outbox.batches import Batch, InBatches
from notify_core.outbox.model import Queue, Task
from notify_core.unit_of_work import Database

_BATCH = 5000


@frozen
class ForgetAnswers:
    """Remove what nobody is told again: readers already take it for gone."""

    database: Database
    clock: Clock
    in_batches: InBatches

    def __call__(self, _: Sequence[UUID] = ()) -> int:
        """Return how many keys were forgotten now; what there was no time for is promised.

        Each batch is a transaction of its own. Safe to repeat, and to run twice at the same time.
        """
        now = self.clock()

        def batch(place: UUID) -> Batch:
            with self.database.statement() as work:
                forgotten = work.answers.forget(today=london_date(now), limit=_BATCH)
            return Batch(forgotten, place if forgotten == _BATCH else None)

        return self.in_batches(Task.FORGET_ANSWERS, Queue.PERIODIC, batch, first_id_at(now))
