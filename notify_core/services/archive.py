"""Archive a service: it never sends again, and its name is free."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.errors import NotFound
from notify_core.services.model import Service, archived_name
from notify_core.templates.archive import archive_template
from notify_core.unit_of_work import Database, UnitOfWork


@frozen
class ArchiveService:
    """Withdraw a service for good, with its templates and keys."""

    database: Database
    clock: Clock

    def __call__(self, service_id: UUID) -> Service:
        """Return the service as it now stands. Safe to repeat: the first time counts. Raises NotFound."""
        with self.database.begin() as work:
            service = work.services.find(service_id)
            if service is None:
                raise NotFound(f"There is no service with id {service_id}")
            service = archive_service(work, service, self.clock())
            work.commit()
        return service


def archive_service(work: UnitOfWork, service: Service, now: datetime) -> Service:
    """Archive the service and its live templates, and revoke its live keys, as part of a transaction.

    Does nothing to one that is not active.
    """
    if not service.active:
        return service
    archived = evolve(service, active=False, name=archived_name(service.name, now))
    work.services.save(archived)
    for template in work.templates.list_all_for(service.id):
        archive_template(work, template, now)
    for key in work.api_keys.list_for(service.id):
        work.api_keys.revoke(key.id, now)
    return archived
