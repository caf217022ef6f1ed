"""Unsubscribe requests."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from datetime import datetime
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

_KEPT = ", ".join(name for name in _NAMES if name != "email_address")
# By `ctid`, so that no plan can read the whole table for a few of its rows.
_ARCHIVE = f"""
WITH archived AS (
    DELETE FROM unsubscribe_requests WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM unsubscribe_requests WHERE created_at < %(before)s
        ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ))
    RETURNING {_KEPT}
), stored AS (
    INSERT INTO unsubscribe_request_history ({_KEPT}) SELECT {_KEPT} FROM archived RETURNING id
)
SELECT count(*) AS requests FROM stored
"""

_LIST = f"SELECT {_COLUMNS} FROM unsubscribe_requests WHERE service_id = %(service_id)s ORDER BY created_at, id"


class PostgresUnsubscribeRequests:
    """Implements `UnsubscribeRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, request: UnsubscribeRequest) -> bool:
        """Store a request, once for each message."""
        return self._session.row(_ADD, asdict(request)) is not None

    def archive(self, *, created_before: datetime, limit: int) -> int:
        """Move requests to the history, which has no addresses, and return how many those were."""
        row = self._session.row(_ARCHIVE, {"before": created_before, "limit": limit})
        return 0 if row is None else row.requests

    def list_for(self, service_id: UUID) -> list[UnsubscribeRequest]:
        """Return the service's requests, oldest first."""
        rows = self._session.rows(_LIST, {"service_id": service_id})
        return [UnsubscribeRequest(**{name: getattr(row, name) for name in _NAMES}) for row in rows]
