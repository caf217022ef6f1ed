"""What the use cases need of wherever API keys are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from notify_core.api_keys.model import ApiKey


class ApiKeyRepository(Protocol):
    """API keys. Secrets come out readable and are never at rest readable."""

    def add(self, key: ApiKey) -> None:
        """Store a new key, live or revoked.

        Raises Conflict when it is live and so is another of that name in the service, or when any key has its secret.
        """
        ...

    def find(self, key_id: UUID) -> ApiKey | None:
        """Return the key, revoked or not, or None."""
        ...

    def list_for(self, service_id: UUID) -> list[ApiKey]:
        """Return all keys of the service, oldest first, revoked ones too."""
        ...

    def revoke(self, key_id: UUID, revoked_at: datetime) -> None:
        """Withdraw the key. Does nothing when it has been withdrawn before."""
        ...
