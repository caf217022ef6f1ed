"""An API key: a shared secret between a service's program and the platform."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from uuid import UUID

from attrs import field, frozen

from notify_core.vocabulary import KeyType

# A key revoked less than this ago is still known, so that its user hears "revoked" and not "unknown".
_REMEMBERED_AFTER_REVOCATION = timedelta(days=7)


@frozen(kw_only=True)
class ApiKey:
    """A key of a service. `secret` signs the tokens of its requests and never leaves the platform again."""

    id: UUID
    service_id: UUID
    name: str
    key_type: KeyType
    secret: str = field(repr=False)
    created_at: datetime
    revoked_at: datetime | None = None

    @property
    def revoked(self) -> bool:
        """Whether the key has been withdrawn."""
        return self.revoked_at is not None

    @property
    def combined(self) -> str:
        """The form that client libraries are configured with: `{name}-{service id}-{secret}`."""
        return f"{safe_name(self.name)}-{self.service_id}-{self.secret}"

    def known_at(self, now: datetime) -> bool:
        """Whether authentication still looks at this key: live, or revoked within the last seven days."""
        if self.revoked_at is None:
            return True
        midnight = datetime.combine(self.revoked_at.astimezone(UTC).date(), datetime.min.time(), tzinfo=UTC)
        return midnight > now - _REMEMBERED_AFTER_REVOCATION


def safe_name(name: str) -> str:
    """Make a key's name fit to stand before its ids: ASCII-ish, lower case, underscores for spaces.

    >>> safe_name("Büro  Key (1)")
    'buro_key_1'
    """
    decomposed = unicodedata.normalize("NFD", name)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    spaced = re.sub(r"\s+", "_", bare)
    return "".join(character for character in spaced if character.isalnum() or character == "_").lower()
