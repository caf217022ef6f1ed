"""Services, API keys, templates and providers in memory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from attrs import evolve

from notify_adapters.memory.table import Table
from notify_core.api_keys.model import ApiKey
from notify_core.errors import Conflict
from notify_core.providers.defaults import DEFAULT_PROVIDERS
from notify_core.providers.model import Provider
from notify_core.services.model import Service, email_safe
from notify_core.templates.model import Template
from notify_core.users.model import NOTIFY_USER_EMAIL_ADDRESS, NOTIFY_USER_ID
from notify_core.vocabulary import Channel

_AUTHORS = {NOTIFY_USER_ID: NOTIFY_USER_EMAIL_ADDRESS}
_CHANNEL_ORDER = (Channel.SMS, Channel.EMAIL, Channel.LETTER)


class MemoryServices:
    """Implements `ServiceRepository`."""

    def __init__(self, table: Table[UUID, Service]) -> None:
        self._table = table

    def add(self, service: Service) -> None:
        """Store a new service."""
        taken = {email_safe(other.name) for other in self._table.rows()}
        if email_safe(service.name) in taken:
            raise Conflict(f"name: there is a service called {service.name!r} already, or one that reads the same")
        self._table.put(service.id, service)

    def find(self, service_id: UUID) -> Service | None:
        """Return the service, or None."""
        return self._table.get(service_id)

    def list_all(self) -> list[Service]:
        """Return every service, by name."""
        return sorted(self._table.rows(), key=lambda service: service.name)


class MemoryApiKeys:
    """Implements `ApiKeyRepository`."""

    def __init__(self, table: Table[UUID, ApiKey]) -> None:
        self._table = table

    def add(self, key: ApiKey) -> None:
        """Store a new key."""
        if any(other.name == key.name and not other.revoked for other in self.list_for(key.service_id)):
            raise Conflict(f"name: the service has a live API key called {key.name!r} already")
        self._table.put(key.id, key)

    def find(self, key_id: UUID) -> ApiKey | None:
        """Return the key, or None."""
        return self._table.get(key_id)

    def list_for(self, service_id: UUID) -> list[ApiKey]:
        """Return all keys of the service, oldest first."""
        return sorted(
            (key for key in self._table.rows() if key.service_id == service_id),
            key=lambda key: (key.created_at, key.id),
        )

    def revoke(self, key_id: UUID, revoked_at: datetime) -> None:
        """Withdraw the key."""
        key = self._table.get(key_id)
        if key is not None and not key.revoked:
            self._table.put(key_id, evolve(key, revoked_at=revoked_at))


class MemoryTemplates:
    """Implements `TemplateRepository`."""

    def __init__(self, table: Table[UUID, tuple[Template, ...]]) -> None:
        self._table = table

    def save(self, template: Template) -> None:
        """Store the template as its own version."""
        versions = self._table.get(template.id) or ()
        if any(other.version >= template.version for other in versions):
            raise Conflict(f"version: {template.version} of this template was saved by somebody else")
        self._table.put(template.id, (*versions, template))

    def find(self, template_id: UUID, version: int | None = None) -> Template | None:
        """Return the template at that version, or the latest, or None."""
        versions = self._table.get(template_id) or ()
        wanted = [template for template in versions if version is None or template.version == version]
        return wanted[-1] if wanted else None

    def list_for(self, service_id: UUID) -> list[Template]:
        """Return the latest versions, without archived and hidden ones."""
        latest = [versions[-1] for versions in self._table.rows()]
        shown = [
            template
            for template in latest
            if template.service_id == service_id and not template.archived and not template.hidden
        ]
        return sorted(
            shown, key=lambda template: (template.name, _CHANNEL_ORDER.index(template.channel), template.id)
        )

    def authors(self, user_ids: Collection[UUID]) -> dict[UUID, str]:
        """Return the email addresses of these users. The platform's own is the only one that saves templates."""
        return {key: address for key, address in _AUTHORS.items() if key in user_ids}


class MemoryProviders:
    """Implements `ProviderRepository`, with the platform's own providers."""

    def __init__(self, providers: tuple[Provider, ...] = DEFAULT_PROVIDERS) -> None:
        self._providers = providers

    def list_for(self, channel: Channel) -> list[Provider]:
        """Return the channel's providers, by name."""
        return sorted(
            (provider for provider in self._providers if provider.channel is channel),
            key=lambda provider: provider.name,
        )
