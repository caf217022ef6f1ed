"""API keys, with their secrets encrypted."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from notify_adapters.postgres.sealing import Cipher, fingerprint, open_secret, seal_secret
from notify_adapters.postgres.session import Row, Session
from notify_core.api_keys.model import ApiKey
from notify_core.errors import Conflict
from notify_core.vocabulary import KeyType

_ADD = """
INSERT INTO api_keys (
    id, service_id, name, key_type, encrypted_secret, secret_fingerprint, created_at, revoked_at
)
VALUES (
    %(id)s, %(service_id)s, %(name)s, %(key_type)s, %(encrypted_secret)s, %(secret_fingerprint)s,
    %(created_at)s, %(revoked_at)s
)
ON CONFLICT (service_id, name) WHERE revoked_at IS NULL DO NOTHING
RETURNING id
"""

_SELECT = "SELECT id, service_id, name, key_type, encrypted_secret, created_at, revoked_at FROM api_keys"
_FIND = f"{_SELECT} WHERE id = %(id)s"
_LIST = f"{_SELECT} WHERE service_id = %(service_id)s ORDER BY created_at, id"
_REVOKE = "UPDATE api_keys SET revoked_at = %(revoked_at)s WHERE id = %(id)s AND revoked_at IS NULL"


class PostgresApiKeys:
    """Implements `ApiKeyRepository`."""

    def __init__(self, session: Session, cipher: Cipher) -> None:
        self._session = session
        self._cipher = cipher

    def add(self, key: ApiKey) -> None:
        """Store a new key."""
        stored = self._session.row(
            _ADD,
            {
                "id": key.id,
                "service_id": key.service_id,
                "name": key.name,
                "key_type": key.key_type.value,
                "encrypted_secret": seal_secret(self._cipher, key.id, key.secret),
                "secret_fingerprint": fingerprint(key.secret),
                "created_at": key.created_at,
                "revoked_at": key.revoked_at,
            },
        )
        if stored is None:
            raise Conflict(f"name: the service has a live API key called {key.name!r} already")

    def find(self, key_id: UUID) -> ApiKey | None:
        """Return the key, or None."""
        row = self._session.row(_FIND, {"id": key_id})
        return None if row is None else self._key(row)

    def list_for(self, service_id: UUID) -> list[ApiKey]:
        """Return all keys of the service, oldest first."""
        return [self._key(row) for row in self._session.rows(_LIST, {"service_id": service_id})]

    def revoke(self, key_id: UUID, revoked_at: datetime) -> None:
        """Withdraw the key."""
        self._session.run(_REVOKE, {"id": key_id, "revoked_at": revoked_at})

    def _key(self, row: Row) -> ApiKey:
        return ApiKey(
            id=row.id,
            service_id=row.service_id,
            name=row.name,
            key_type=KeyType(row.key_type),
            secret=open_secret(self._cipher, row.id, row.encrypted_secret),
            created_at=row.created_at,
            revoked_at=row.revoked_at,
        )
