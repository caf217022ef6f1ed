"""Forget who unsubscribed, long after the service was told: that somebody did is kept, without the address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from attrs import frozen

from notify_core.calendar import london_date, london_midnight
from notify_core.clock import Clock
from notify_core.identifiers import first_id_at
from notify_core.outbox.batches import Batch, InBatches
from notify_core.outbox.model import Queue, Task
from notify_core.unit_of_work import Database

#: How long a request keeps its address: so many whole days in London.
DAYS_KEPT = 90
_BATCH = 5000


@frozen
class ArchiveUnsubscribeRequests:
    """Move requests that are older than 90 days to where they stand without an address."""

    database: Database
    clock: Clock
    in_batches: InBatches

    def __call__(self, _: Sequence[UUID] = ()) -> int:
        """Return how many were archived now; what there was no time for is promised.

        Each batch is a transaction of its own. Safe to repeat, and to run twice at the same time. Whoever follows the
        link again after that is taken to ask anew.
        """
        now = self.clock()
        before = london_midnight(london_date(now) - timedelta(days=DAYS_KEPT))

        def batch(place: UUID) -> Batch:
            with self.database.statement() as work:
                archived = work.unsubscribe_requests.archive(created_before=before, limit=_BATCH)
            return Batch(archived, place if archived == _BATCH else None)

        return self.in_batches(Task.ARCHIVE_UNSUBSCRIBE_REQUESTS, Queue.REPORTING, batch, first_id_at(now))
