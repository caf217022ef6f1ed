"""What unsubscribing needs: tokens that only we can make, and somewhere to keep the wish."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from notify_core.unsubscribe.model import Token, UnsubscribeRequest


class UnsubscribeTokens(Protocol):
    """Makes and reads tokens. Each is good for one message only, and shows nobody the address."""

    def seal(self, notification_id: UUID, token: Token) -> str:
        """Return the token as it stands in a link: letters, digits, `-` and `_`. Times are kept to the second."""
        ...

    def open(self, notification_id: UUID, sealed: str) -> Token | None:
        """Return what `seal` was given, or None for what we did not make for that message. However old it is."""
        ...


class UnsubscribeRepository(Protocol):
    """Recipients' wishes to hear no more."""

    def add(self, request: UnsubscribeRequest) -> bool:
        """Store a request; False, and nothing stored, when there is one for that message.

        Those that are archived do not count.
        """
        ...

    def archive(self, *, created_before: datetime, limit: int) -> int:
        """Archive at most `limit` requests that were made before that moment (UTC), and return how many those were.

        What is archived has no address any more, and is not found: a request for the same message is stored again.
        Leaves to others what they are archiving.
        """
        ...

    def list_for(self, service_id: UUID) -> list[UnsubscribeRequest]:
        """Return the service's requests, oldest first."""
        ...
