"""Contact lists, without their files."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from attrs import asdict

from notify_adapters.postgres.session import Row, Session
from notify_adapters.postgres.tables import columns_of, service_contact_lists
from notify_core.contact_lists.model import ContactList, Uses
from notify_core.vocabulary import Channel

_COLUMNS = columns_of(service_contact_lists)

_ADD = f"""
INSERT INTO service_contact_lists ({_COLUMNS})
VALUES ({", ".join(f"%({column.name})s" for column in service_contact_lists.columns)})
"""
_LIST = f"SELECT {_COLUMNS} FROM service_contact_lists WHERE service_id = %(service_id)s AND archived_at IS NULL"
_FIND = f"{_LIST} AND id = %(id)s"
_NEWEST_FIRST = "ORDER BY created_at DESC, id DESC"
_ARCHIVE = f"""
UPDATE service_contact_lists SET archived_at = %(now)s, original_file_name = id || '.csv'
WHERE id = %(id)s AND service_id = %(service_id)s AND archived_at IS NULL
RETURNING {_COLUMNS}
"""
_USES = """
SELECT lists.id, count(*) AS ever,
    count(*) FILTER (WHERE coalesce(jobs.scheduled_for, jobs.created_at) >= recent.since) AS recently
FROM service_contact_lists AS lists
JOIN jobs ON jobs.contact_list_id = lists.id
JOIN unnest(%(channels)s::text[], %(moments)s::timestamptz[]) AS recent (channel, since)
    ON recent.channel = lists.channel
WHERE lists.service_id = %(service_id)s AND jobs.service_id = %(service_id)s
GROUP BY lists.id
"""


class PostgresContactLists:
    """Implements `ContactListRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, contact_list: ContactList) -> None:
        """Store a new list."""
        self._session.run(_ADD, asdict(contact_list) | {"channel": contact_list.channel.value})

    def find(self, service_id: UUID, list_id: UUID) -> ContactList | None:
        """Return the service's list, or None."""
        row = self._session.row(_FIND, {"service_id": service_id, "id": list_id})
        return None if row is None else _contact_list(row)

    def list_for(self, service_id: UUID) -> list[ContactList]:
        """Return the service's lists, newest first."""
        rows = self._session.rows(f"{_LIST} {_NEWEST_FIRST}", {"service_id": service_id})
        return [_contact_list(row) for row in rows]

    def archive(self, service_id: UUID, list_id: UUID, *, now: datetime) -> ContactList | None:
        """Archive the service's list."""
        row = self._session.row(_ARCHIVE, {"service_id": service_id, "id": list_id, "now": now})
        return None if row is None else _contact_list(row)

    def uses(self, service_id: UUID, *, recent_since: Mapping[Channel, datetime]) -> Mapping[UUID, Uses]:
        """Return how often each of the service's lists was made a job of."""
        rows = self._session.rows(
            _USES,
            {
                "service_id": service_id,
                "channels": [channel.value for channel in recent_since],
                "moments": list(recent_since.values()),
            },
        )
        return {row.id: Uses(ever=row.ever, recently=row.recently) for row in rows}


def _contact_list(row: Row) -> ContactList:
    return ContactList(**row._asdict() | {"channel": Channel(row.channel)})
