"""What the use cases need of wherever services are kept."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from notify_core.services.model import Service


class ServiceRepository(Protocol):
    """Services, each whole: with its permissions, senders, reply-tos, retention and guest list."""

    def add(self, service: Service) -> None:
        """Store a new service. Raises Conflict when another service's name reads the same."""
        ...

    def find(self, service_id: UUID) -> Service | None:
        """Return the service, or None when there is none."""
        ...

    def list_all(self) -> list[Service]:
        """Return every service, by name. For operators: never called while sending."""
        ...
