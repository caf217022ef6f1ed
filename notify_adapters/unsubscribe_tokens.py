"""Tokens of unsubscribe links: what they say, encrypted.

    8 bytes  when it was made, in seconds since 1970, big-endian
    rest     the address, UTF-8

all of it sealed by the cipher for one message, and written as base64 for URLs, without padding.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from notify_core.errors import NotifyError
from notify_core.unsubscribe.model import Token

_TIME_BYTES = 8


class Cipher(Protocol):
    """Encrypts; `notify_adapters.encryption` has one."""

    def encrypt(self, plaintext: bytes, bound_to: bytes) -> bytes:
        """Return what only `decrypt` with the same `bound_to` can turn back."""
        ...

    def decrypt(self, ciphertext: bytes, bound_to: bytes) -> bytes:
        """Return the plaintext. Raises a NotifyError when it was changed or moved, or the key is not ours."""
        ...


class SealedUnsubscribeTokens:
    """Implements `UnsubscribeTokens`."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def seal(self, notification_id: UUID, token: Token) -> str:
        """Return the token as it stands in a link."""
        made_at = int(token.made_at.timestamp()).to_bytes(_TIME_BYTES)
        sealed = self._cipher.encrypt(made_at + token.email_address.encode(), _bound_to(notification_id))
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, notification_id: UUID, sealed: str) -> Token | None:
        """Return what was sealed, or None for what we did not make for that message."""
        try:
            encrypted = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
            plain = self._cipher.decrypt(encrypted, _bound_to(notification_id))
        except (ValueError, NotifyError):
            return None
        made_at = datetime.fromtimestamp(int.from_bytes(plain[:_TIME_BYTES]), UTC)
        return Token(email_address=plain[_TIME_BYTES:].decode(), made_at=made_at)


def _bound_to(notification_id: UUID) -> bytes:
    return b"unsubscribe:" + str(notification_id).encode()
