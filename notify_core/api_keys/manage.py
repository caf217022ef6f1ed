"""Create, list and revoke API keys."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from attrs import evolve, frozen

from notify_core.api_keys.model import ApiKey
from notify_core.clock import Clock
from notify_core.errors import NotFound, NotifyError
from notify_core.identifiers import NewId
from notify_core.services.find import existing_service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import KeyType

_NAME_LENGTH = 255


class NewSecret(Protocol):
    """Where secrets come from."""

    def __call__(self) -> str:
        """Return an unguessable text of exactly 36 characters in the form of a UUID, as clients expect."""
        ...


class InvalidApiKey(NotifyError):
    """An API key cannot be made from these values."""

    code = "invalid-api-key"


@frozen
class CreateApiKey:
    """Give a service a key. Only now, and only in the result, is its secret shown."""

    database: Database
    clock: Clock
    new_id: NewId
    new_secret: NewSecret

    def __call__(self, service_id: UUID, name: str, key_type: KeyType = KeyType.NORMAL) -> ApiKey:
        """Store the key and return it. Raises NotFound, InvalidApiKey or Conflict (name in use)."""
        if not 0 < len(name.strip()) <= _NAME_LENGTH:
            raise InvalidApiKey(f"name: {len(name.strip())} characters long; use 1 to {_NAME_LENGTH}")
        key = ApiKey(
            id=self.new_id(),
            service_id=service_id,
            name=name.strip(),
            key_type=key_type,
            secret=self.new_secret(),
            created_at=self.clock(),
        )
        with self.database.begin() as work:
            existing_service(work, service_id)
            work.api_keys.add(key)
            work.commit()
        return key


@frozen
class RevokeApiKey:
    """Withdraw a key for good."""

    database: Database
    clock: Clock

    def __call__(self, key_id: UUID) -> ApiKey:
        """Return the key as it now stands. Safe to repeat: the first revocation counts. Raises NotFound."""
        now = self.clock()
        with self.database.begin() as work:
            key = work.api_keys.find(key_id)
            if key is None:
                raise NotFound(f"There is no API key with id {key_id}")
            if key.revoked:
                return key
            work.api_keys.revoke(key_id, now)
            work.commit()
        return evolve(key, revoked_at=now)


@frozen
class ListApiKeys:
    """The keys of a service."""

    database: Database

    def __call__(self, service_id: UUID) -> list[ApiKey]:
        """Return all keys, oldest first, revoked ones too. Raises NotFound when there is no such service."""
        with self.database.statement() as work:
            existing_service(work, service_id)
            return work.api_keys.list_for(service_id)
