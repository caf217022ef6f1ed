"""Look services up."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.errors import NotFound
from notify_core.services.model import Service
from notify_core.unit_of_work import Database, UnitOfWork


def existing_service(work: UnitOfWork, service_id: UUID) -> Service:
    """Return the service. Raises NotFound."""
    service = work.services.find(service_id)
    if service is None:
        raise NotFound(f"There is no service with id {service_id}")
    return service


@frozen
class FindService:
    """One service by its id."""

    database: Database

    def __call__(self, service_id: UUID) -> Service:
        """Return the service. Raises NotFound."""
        with self.database.statement() as work:
            return existing_service(work, service_id)


@frozen
class ListServices:
    """All services, for an operator."""

    database: Database

    def __call__(self) -> list[Service]:
        """Return every service, by name."""
        with self.database.statement() as work:
            return work.services.list_all()
