"""Unsubscribe requests."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from uuid import UUID

from attrs import asdict, fields

from notify_adapters.postgres.session import Session
from notify_core.unsubscribe.model import UnsubscribeRequest

_NAMES = tuple(attribute.name for attribute in fields(UnsubscribeRequest))
_COLUMNS = ", ".join(_NAMES)

_ADD = f"""
INSERT INTO unsubscribe_requests ({_COLUMNS})
VALUES ({", ".join(f"%({name})s" for name in _NAMES)})
ON CONFLICT (notification_id) DO NOTHING
RETURNING id
"""

_LIST = f"SELECT {_COLUMNS} FROM unsubscribe_requests WHERE service_id = %(service_id)s ORDER BY created_at, id"


class PostgresUnsubscribeRequests:
    """Implements `UnsubscribeRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, request: UnsubscribeRequest) -> bool:
        """Store a request, once for each message."""
        return self._session.row(_ADD, asdict(request)) is not None

    def list_for(self, service_id: UUID) -> list[UnsubscribeRequest]:
        """Return the service's requests, oldest first."""
        rows = self._session.rows(_LIST, {"service_id": service_id})
        return [UnsubscribeRequest(**{name: getattr(row, name) for name in _NAMES}) for row in rows]
