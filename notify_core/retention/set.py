"""Decide, for a service, how long what is personal is kept."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.errors import NotFound
from notify_core.identifiers import NewId
from notify_core.retention.promise import promise_redating
from notify_core.services.model import LONGEST_RETENTION, SHORTEST_RETENTION, InvalidService, Service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel


@frozen
class SetRetention:
    """Change for how many days the personal data of a service's messages of one channel are kept."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, service_id: UUID, channel: Channel, days: int) -> Service:
        """Store the setting, 1 to 90 days, with the promise to re-date what there is; return the service.

        What comes follows within seconds. What there is follows a minute later; what has expired by the new setting
        goes then, and what has expired before stays gone. Setting the same again changes and promises nothing.
        Raises InvalidService and NotFound.
        """
        if not SHORTEST_RETENTION <= days <= LONGEST_RETENTION:
            raise InvalidService(f"days: {days} for {channel}; use {SHORTEST_RETENTION} to {LONGEST_RETENTION}")
        with self.database.begin() as work:
            before = work.services.find(service_id)
            if before is None:
                raise NotFound(f"There is no service with id {service_id}")
            after = evolve(before, retention_days={**before.retention_days, channel: days})
            if after != before:
                work.services.save(after)
            if after.days_kept(channel) != before.days_kept(channel):
                promise_redating(work, service_id, now=self.clock(), new_id=self.new_id)
            work.commit()
        return after
