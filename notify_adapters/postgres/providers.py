"""Which providers there are, and every version of each."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from typing import Any

from attrs import asdict

from notify_adapters.postgres.session import Row, Session
from notify_adapters.postgres.tables import columns_of, provider_details
from notify_core.errors import Conflict
from notify_core.providers.model import Provider
from notify_core.vocabulary import Channel, ProviderName

_COLUMNS = columns_of(provider_details)

_LIST = f"""
SELECT {_COLUMNS} FROM provider_details WHERE channel = %(channel)s ORDER BY name COLLATE "C"
"""

_FIND = f"SELECT {_COLUMNS} FROM provider_details WHERE name = %(name)s"

_SAVE = f"""
WITH saved AS (
    UPDATE provider_details
    SET {", ".join(f"{name} = %({name})s" for name in _COLUMNS.split(", ") if name != "name")}
    WHERE name = %(name)s AND version = %(version)s - 1
    RETURNING {_COLUMNS}
)
INSERT INTO provider_details_history ({_COLUMNS}) SELECT {_COLUMNS} FROM saved RETURNING name
"""

_LIST_HISTORY = f"""
SELECT {_COLUMNS} FROM provider_details_history
WHERE %(name)s::text IS NULL OR name = %(name)s
ORDER BY updated_at DESC NULLS LAST, name COLLATE "C", version DESC LIMIT %(limit)s
"""


class PostgresProviders:
    """Implements `ProviderRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_for(self, channel: Channel) -> list[Provider]:
        """Return the channel's providers, by name."""
        return [_provider(row) for row in self._session.rows(_LIST, {"channel": channel.value})]

    def lock(self, channel: Channel) -> list[Provider]:
        """Return the channel's providers, locked in the order of their names."""
        return [_provider(row) for row in self._session.rows(f"{_LIST} FOR UPDATE", {"channel": channel.value})]

    def find(self, name: ProviderName) -> Provider | None:
        """Return the provider, or None."""
        row = self._session.row(_FIND, {"name": name.value})
        return None if row is None else _provider(row)

    def save(self, provider: Provider) -> None:
        """Store the next version, and a copy of it in the history."""
        row: dict[str, Any] = asdict(provider) | {"name": provider.name.value, "channel": provider.channel.value}
        if self._session.row(_SAVE, row) is None:
            raise Conflict(f"version: {provider.version} of {provider.name} was saved by somebody else")

    def list_history(self, name: ProviderName | None = None, *, limit: int) -> list[Provider]:
        """Return the latest versions, the newest first."""
        wanted = None if name is None else name.value
        return [_provider(row) for row in self._session.rows(_LIST_HISTORY, {"name": wanted, "limit": limit})]


def _provider(row: Row) -> Provider:
    return Provider(
        name=ProviderName(row.name),
        channel=Channel(row.channel),
        display_name=row.display_name,
        priority=row.priority,
        active=row.active,
        supports_international=row.supports_international,
        version=row.version,
        updated_at=row.updated_at,
        created_by_id=row.created_by_id,
        reason=row.reason,
    )
