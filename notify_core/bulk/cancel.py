"""Take back what has not been sent of a bulk."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.bulk.find import FindBulk
from notify_core.bulk.model import FoundBulk
from notify_core.clock import Clock
from notify_core.limits.admit import Admit
from notify_core.limits.daily import INTERNATIONAL_SMS
from notify_core.unit_of_work import Database


@frozen
class CancelBulk:
    """Cancel every message of a bulk that nobody has begun to deliver."""

    database: Database
    find: FindBulk
    admit: Admit
    clock: Clock

    def __call__(self, service_id: UUID, bulk_id: UUID) -> FoundBulk:
        """Return the bulk as it then stands: what is cancelled will never be sent. Safe to repeat.

        The places of what was cancelled are given back to today's count. Raises NotFound.
        """
        with self.database.statement() as work:
            job = self.find.job(work, service_id, bulk_id)
            cancelled = work.notifications.cancel_rows(job, now=self.clock())
        self.admit.give_back_several(
            job.service_id,
            job.key_type,
            job.created_at,
            {job.channel.value: cancelled.messages, INTERNATIONAL_SMS: cancelled.abroad},
        )
        return self.find(service_id, bulk_id)
