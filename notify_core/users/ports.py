"""What the use cases need of wherever users are kept."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from notify_core.users.model import User


class UserRepository(Protocol):
    """Users, and which services they are members of. The platform's own user is always there."""

    def add(self, user: User) -> None:
        """Store a new user. Raises Conflict when another has that email address, however it is written."""
        ...

    def save(self, user: User) -> None:
        """Put the user in the place of the one with its id.

        Raises Conflict when another has that email address, and NotFound when there is none of that id.
        """
        ...

    def find(self, user_id: UUID) -> User | None:
        """Return the user, or None when there is none."""
        ...

    def find_by_email_address(self, email_address: str) -> User | None:
        """Return the user with that email address, in whatever case it is written, or None."""
        ...

    def list_for(self, service_id: UUID) -> list[User]:
        """Return the members of the service, by email address."""
        ...

    def add_member(self, service_id: UUID, user_id: UUID) -> None:
        """Make the user a member of the service, whose `team` it is part of from now on. Safe to repeat."""
        ...

    def remove_member(self, service_id: UUID, user_id: UUID) -> None:
        """Take the user out of the service. Does nothing when it is not a member."""
        ...
