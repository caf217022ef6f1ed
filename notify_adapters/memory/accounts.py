"""Services, users, API keys, templates and providers in memory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from attrs import evolve

from notify_adapters.memory.table import Table
from notify_core.api_keys.model import ApiKey
from notify_core.errors import Conflict, NotFound
from notify_core.providers.defaults import DEFAULT_PROVIDERS
from notify_core.providers.model import Provider
from notify_core.services.model import Service, email_safe
from notify_core.templates.model import Template
from notify_core.users.model import NOTIFY_USER, User, normalised_email_address
from notify_core.vocabulary import Channel, ProviderName

_CHANNEL_ORDER = (Channel.SMS, Channel.EMAIL, Channel.LETTER)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class MemoryUsers:
    """Implements `UserRepository`."""

    def __init__(self, table: Table[UUID, User], members: Table[tuple[UUID, UUID], None]) -> None:
        self._table = table
        self._members = members
        table.put(NOTIFY_USER.id, NOTIFY_USER)

    def add(self, user: User) -> None:
        """Store a new user."""
        self._check(user)
        if user.id in self._table:
            raise Conflict("users: there is one of that identity already")
        self._table.put(user.id, user)

    def save(self, user: User) -> None:
        """Replace the user of that id."""
        self._check(user)
        if user.id not in self._table:
            raise NotFound(f"There is no user with id {user.id}")
        self._table.put(user.id, user)

    def _check(self, user: User) -> None:
        other = self.find_by_email_address(user.email_address)
        if other is not None and other.id != user.id:
            raise Conflict("email_address: there is another user with that one")

    def find(self, user_id: UUID) -> User | None:
        """Return the user, or None."""
        return self._table.get(user_id)

    def find_by_email_address(self, email_address: str) -> User | None:
        """Return the user with that email address, or None."""
        wanted = normalised_email_address(email_address)
        return next((user for user in self._table.rows() if user.normalised_email_address == wanted), None)

    def list_for(self, service_id: UUID) -> list[User]:
        """Return the members of the service, by email address."""
        return sorted(
            (user for user in self._table.rows() if (service_id, user.id) in self._members),
            key=lambda user: user.normalised_email_address,
        )

    def add_member(self, service_id: UUID, user_id: UUID) -> None:
        """Make the user a member of the service."""
        self._members.put((service_id, user_id), None)

    def remove_member(self, service_id: UUID, user_id: UUID) -> None:
        """Take the user out of the service."""
        self._members.remove((service_id, user_id))


class MemoryServices:
    """Implements `ServiceRepository`. Keeps services without their team, which it asks the users for."""

    def __init__(self, table: Table[UUID, Service], users: MemoryUsers) -> None:
        self._table = table
        self._users = users

    def add(self, service: Service) -> None:
        """Store a new service."""
        self._check(service)
        if service.id in self._table:
            raise Conflict("services: there is one of that identity already")
        self._table.put(service.id, evolve(service, team=frozenset()))

    def save(self, service: Service) -> None:
        """Replace the service of that id."""
        self._check(service)
        if service.id not in self._table:
            raise NotFound(f"There is no service with id {service.id}")
        self._table.put(service.id, evolve(service, team=frozenset()))

    def _check(self, service: Service) -> None:
        others = (other for other in self._table.rows() if other.id != service.id)
        if email_safe(service.name) in {email_safe(other.name) for other in others}:
            raise Conflict(f"name: there is a service called {service.name!r} already, or one that reads the same")

    def find(self, service_id: UUID) -> Service | None:
        """Return the service, or None."""
        service = self._table.get(service_id)
        return None if service is None else self._with_team(service)

    def list_called(self, name: str) -> list[Service]:
        """Return the service of that name, then those archived under it, the latest first."""
        archived = [service for service in self.list_all() if service.archived and service.original_name == name]
        return [service for service in self.list_all() if service.name == name] + archived[::-1]

    def list_all(self) -> list[Service]:
        """Return every service, by name."""
        return sorted(map(self._with_team, self._table.rows()), key=lambda service: service.name)

    def _with_team(self, service: Service) -> Service:
        members = self._users.list_for(service.id)
        return evolve(service, team=frozenset().union(*(member.recipients for member in members)))


class MemoryApiKeys:
    """Implements `ApiKeyRepository`."""

    def __init__(self, table: Table[UUID, ApiKey]) -> None:
        self._table = table

    def add(self, key: ApiKey) -> None:
        """Store a new key."""
        others = self.list_for(key.service_id)
        if not key.revoked and any(other.name == key.name and not other.revoked for other in others):
            raise Conflict(f"name: the service has a live API key called {key.name!r} already")
        if any(other.secret == key.secret for other in self._table.rows()):
            raise Conflict("api_keys: there is one of that identity already")
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

    def __init__(self, table: Table[UUID, tuple[Template, ...]], users: MemoryUsers) -> None:
        self._table = table
        self._users = users

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
        return [
            template for template in self.list_all_for(service_id) if not template.archived and not template.hidden
        ]

    def list_versions(self, template_id: UUID) -> list[Template]:
        """Return every version, the first one first."""
        return list(self._table.get(template_id) or ())

    def list_all_for(self, service_id: UUID) -> list[Template]:
        """Return the latest versions, archived and hidden ones too."""
        latest = [versions[-1] for versions in self._table.rows()]
        return sorted(
            (template for template in latest if template.service_id == service_id),
            key=lambda template: (template.name, _CHANNEL_ORDER.index(template.channel), template.id),
        )

    def authors(self, user_ids: Collection[UUID]) -> dict[UUID, str]:
        """Return the email addresses of these users, without those that are not known."""
        users = (self._users.find(user_id) for user_id in user_ids)
        return {user.id: user.email_address for user in users if user is not None}


class MemoryProviders:
    """Implements `ProviderRepository`. Begins with the platform's own providers, unless others are given."""

    def __init__(
        self,
        versions: Table[tuple[ProviderName, int], Provider],
        providers: tuple[Provider, ...] = DEFAULT_PROVIDERS,
    ) -> None:
        self._versions = versions
        for provider in providers:
            versions.put((provider.name, provider.version), provider)

    def list_for(self, channel: Channel) -> list[Provider]:
        """Return the channel's providers, by name."""
        return [provider for provider in self._latest() if provider.channel is channel]

    def lock(self, channel: Channel) -> list[Provider]:
        """Return the channel's providers: nobody else has a transaction now."""
        return self.list_for(channel)

    def find(self, name: ProviderName) -> Provider | None:
        """Return the provider, or None."""
        return next((provider for provider in self._latest() if provider.name is name), None)

    def save(self, provider: Provider) -> None:
        """Store the next version."""
        before = self.find(provider.name)
        if before is None or before.version != provider.version - 1:
            raise Conflict(f"version: {provider.version} of {provider.name} was saved by somebody else")
        self._versions.put((provider.name, provider.version), provider)

    def list_history(self, name: ProviderName | None = None, *, limit: int) -> list[Provider]:
        """Return the latest versions, the newest first."""
        wanted = [provider for provider in self._versions.rows() if name in (None, provider.name)]
        by_name = sorted(wanted, key=lambda provider: (provider.name, -provider.version))
        return sorted(by_name, key=lambda provider: provider.updated_at or _LONG_AGO, reverse=True)[:limit]

    def _latest(self) -> list[Provider]:
        """Return every provider as it is now, by name."""
        in_order = sorted(self._versions.rows(), key=lambda provider: (provider.name, provider.version))
        return list({provider.name: provider for provider in in_order}.values())
