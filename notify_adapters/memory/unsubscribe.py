"""Unsubscribe requests and the tokens of links in memory."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import evolve

from notify_adapters.memory.table import Table
from notify_core.unsubscribe.model import Token, UnsubscribeRequest


class MemoryUnsubscribeTokens:
    """Implements `UnsubscribeTokens`: it remembers what each token stands for."""

    def __init__(self) -> None:
        self._made: dict[tuple[UUID, str], Token] = {}

    def seal(self, notification_id: UUID, token: Token) -> str:
        """Return the token as it stands in a link."""
        sealed = f"token-{len(self._made)}"
        self._made[notification_id, sealed] = evolve(token, made_at=token.made_at.replace(microsecond=0))
        return sealed

    def open(self, notification_id: UUID, sealed: str) -> Token | None:
        """Return what was sealed, or None for what was not made for that message."""
        return self._made.get((notification_id, sealed))


class MemoryUnsubscribeRequests:
    """Implements `UnsubscribeRepository`."""

    def __init__(self, table: Table[UUID, UnsubscribeRequest]) -> None:
        self._table = table

    def add(self, request: UnsubscribeRequest) -> bool:
        """Store a request, once for each message."""
        if request.notification_id in self._table:
            return False
        self._table.put(request.notification_id, request)
        return True

    def archive(self, *, created_before: datetime, limit: int) -> int:
        """Remove old requests; nobody reads what is archived."""
        old = sorted(
            (request.created_at, request.notification_id)
            for request in self._table.rows()
            if request.created_at < created_before
        )[:limit]
        for _, notification_id in old:
            self._table.remove(notification_id)
        return len(old)

    def list_for(self, service_id: UUID) -> list[UnsubscribeRequest]:
        """Return the service's requests, oldest first."""
        own = [request for request in self._table.rows() if request.service_id == service_id]
        return sorted(own, key=lambda request: (request.created_at, request.id))
