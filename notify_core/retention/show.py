"""Tell how long a service's personal data are kept."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from attrs import frozen

from notify_core.errors import NotFound
from notify_core.retention.model import Redating
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel


@frozen(kw_only=True)
class ServiceRetention:
    """For how many days each channel's personal data are kept, which of these were `chosen`, and what is under way.

    `redating` is how far what there is has been moved to the days of the latest setting; None: all is there.
    """

    service_id: UUID
    days: Mapping[Channel, int]
    chosen: frozenset[Channel]
    redating: Redating | None


@frozen
class ShowRetention:
    """A service's retention, as it is set."""

    database: Database

    def __call__(self, service_id: UUID) -> ServiceRetention:
        """Return it. Raises NotFound."""
        with self.database.begin() as work:
            service = work.services.find(service_id)
            if service is None:
                raise NotFound(f"There is no service with id {service_id}")
            return ServiceRetention(
                service_id=service_id,
                days={channel: service.days_kept(channel) for channel in Channel},
                chosen=frozenset(service.retention_days),
                redating=work.redating.find(service_id),
            )
