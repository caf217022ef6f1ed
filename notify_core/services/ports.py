"""What the use cases need of wherever services are kept."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from notify_core.services.model import Service


class ServiceRepository(Protocol):
    """Services, each whole: with its permissions, senders, reply-tos, retention, guest list and team."""

    def add(self, service: Service) -> None:
        """Store a new service. Raises Conflict when another service's name reads the same."""
        ...

    def find(self, service_id: UUID) -> Service | None:
        """Return the service, or None when there is none."""
        ...

    def save(self, service: Service) -> None:
        """Put the service in the place of the one with its id: all of it but its `team`, which is its members'.

        Raises Conflict when another service's name reads the same, and NotFound when there is none of that id.
        """
        ...

    def list_called(self, name: str) -> list[Service]:
        """Return the service of exactly that name, then those archived under it, the latest first.

        For operators: it may look at every service.
        """
        ...

    def list_all(self) -> list[Service]:
        """Return every service, by name. For operators: never called while sending."""
        ...
