"""What the use cases need of wherever contact lists are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from notify_core.contact_lists.model import ContactList, Uses
from notify_core.vocabulary import Channel


class ContactListRepository(Protocol):
    """Contact lists, without their files. Those that are archived are not found."""

    def add(self, contact_list: ContactList) -> None:
        """Store a new list. Raises Conflict, and stores nothing, when there is, or was, one of that id."""
        ...

    def find(self, service_id: UUID, list_id: UUID) -> ContactList | None:
        """Return the service's list, or None when there is none, or it is archived."""
        ...

    def list_for(self, service_id: UUID) -> list[ContactList]:
        """Return the service's lists, newest first."""
        ...

    def archive(self, service_id: UUID, list_id: UUID, *, now: datetime) -> ContactList | None:
        """Archive the service's list, and return it; None, and nothing changed, when it is not found.

        Its name is forgotten: it is called what `nameless` says from then on.
        """
        ...

    def uses(self, service_id: UUID, *, recent_since: Mapping[Channel, datetime]) -> Mapping[UUID, Uses]:
        """Return how often each of the service's lists was made a job of; lists without jobs may be left out.

        A job is recent when it was made, or is scheduled, since the moment given for its list's channel.
        """
        ...
