"""What is written so that only we can read it: secrets and message data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

from notify_core.idempotency.model import RequestKey


class Cipher(Protocol):
    """Encrypts; `notify_adapters.encryption` has one."""

    def encrypt(self, plaintext: bytes, bound_to: bytes) -> bytes:
        """Return what only `decrypt` with the same `bound_to` can turn back."""
        ...

    def decrypt(self, ciphertext: bytes, bound_to: bytes) -> bytes:
        """Return the plaintext. Raises when it was changed, moved, or encrypted with a key we do not have."""
        ...


def seal_values(cipher: Cipher, notification_id: UUID, values: Mapping[str, object]) -> bytes:
    """Encrypt a message's personalisation, so that it can be read back for this message only."""
    return cipher.encrypt(json.dumps(dict(values)).encode(), _message(notification_id))


def open_values(cipher: Cipher, notification_id: UUID, sealed: bytes) -> dict[str, Any]:
    """Decrypt a message's personalisation."""
    values: dict[str, Any] = json.loads(cipher.decrypt(sealed, _message(notification_id)))
    return values


def seal_secret(cipher: Cipher, key_id: UUID, secret: str) -> bytes:
    """Encrypt an API key's secret, so that it can be read back for this key only."""
    return cipher.encrypt(secret.encode(), _api_key(key_id))


def open_secret(cipher: Cipher, key_id: UUID, sealed: bytes) -> str:
    """Decrypt an API key's secret."""
    return cipher.decrypt(sealed, _api_key(key_id)).decode()


def seal_answer(cipher: Cipher, key: RequestKey, answer: bytes) -> bytes:
    """Encrypt what a request was told, so that it can be read back under its key only."""
    return cipher.encrypt(answer, _answer(key))


def open_answer(cipher: Cipher, key: RequestKey, sealed: bytes) -> bytes:
    """Decrypt what a request was told."""
    return cipher.decrypt(sealed, _answer(key))


def fingerprint(secret: str) -> bytes:
    """Return what tells equal secrets without showing them: they are random, so nobody guesses them from this."""
    return sha256(secret.encode()).digest()


def _message(notification_id: UUID) -> bytes:
    return b"notification:" + str(notification_id).encode()


def _api_key(key_id: UUID) -> bytes:
    return b"api_key:" + str(key_id).encode()


def _answer(key: RequestKey) -> bytes:
    return b"answer:" + str(key.service_id).encode() + b":" + key.key_hash
