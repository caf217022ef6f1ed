"""Which providers there are."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from notify_adapters.postgres.session import Session
from notify_adapters.postgres.tables import columns_of, provider_details
from notify_core.providers.model import Provider
from notify_core.vocabulary import Channel, ProviderName

_LIST = f"""
SELECT {columns_of(provider_details)} FROM provider_details WHERE channel = %(channel)s ORDER BY name COLLATE "C"
"""


class PostgresProviders:
    """Implements `ProviderRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_for(self, channel: Channel) -> list[Provider]:
        """Return the channel's providers, by name."""
        return [
            Provider(
                name=ProviderName(row.name),
                channel=Channel(row.channel),
                display_name=row.display_name,
                priority=row.priority,
                active=row.active,
                supports_international=row.supports_international,
            )
            for row in self._session.rows(_LIST, {"channel": channel.value})
        ]
