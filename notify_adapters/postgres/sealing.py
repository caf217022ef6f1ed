"""What is written so that only we can read it: secrets and message data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

import orjson

from notify_core.idempotency.model import RequestKey

_LONG_NUMBER = re.compile(rb"[0-9]{18}")


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
    return _read_object(cipher.decrypt(sealed, _message(notification_id)))


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


def seal_row(cipher: Cipher, job_id: UUID, row: int, content: bytes) -> bytes:
    """Encrypt what is known of a row that became no message, so that it can be read back for this row only."""
    return cipher.encrypt(content, _row(job_id, row))


def open_row(cipher: Cipher, job_id: UUID, row: int, sealed: bytes) -> bytes:
    """Decrypt what is known of a row that became no message."""
    return cipher.decrypt(sealed, _row(job_id, row))


def seal_text(cipher: Cipher, text_id: UUID, content: str) -> bytes:
    """Encrypt what somebody texted, so that it can be read back for this text only."""
    return cipher.encrypt(content.encode(), _received_text(text_id))


def open_text(cipher: Cipher, text_id: UUID, sealed: bytes) -> str:
    """Decrypt what somebody texted."""
    return cipher.decrypt(sealed, _received_text(text_id)).decode()


def seal_endpoint(cipher: Cipher, endpoint_id: UUID, token: str, secrets: tuple[str, ...]) -> tuple[bytes, bytes]:
    """Encrypt an endpoint's bearer token and its signing secrets, so that they can be read back for it only."""
    bound = _endpoint(endpoint_id)
    return cipher.encrypt(token.encode(), bound), cipher.encrypt(json.dumps(secrets).encode(), bound)


def open_endpoint(cipher: Cipher, endpoint_id: UUID, token: bytes, secrets: bytes) -> tuple[str, tuple[str, ...]]:
    """Decrypt an endpoint's bearer token and its signing secrets."""
    bound = _endpoint(endpoint_id)
    return cipher.decrypt(token, bound).decode(), tuple(json.loads(cipher.decrypt(secrets, bound)))


def seal_callback(cipher: Cipher, callback_id: UUID, body: bytes) -> bytes:
    """Encrypt what is to be told, so that it can be read back for this callback only."""
    return cipher.encrypt(body, _callback(callback_id))


def open_callback(cipher: Cipher, callback_id: UUID, sealed: bytes) -> bytes:
    """Decrypt what is to be told."""
    return cipher.decrypt(sealed, _callback(callback_id))


def _read_object(text: bytes) -> dict[str, Any]:
    """Read what `json` wrote, several times as fast as it can itself where the two agree.

    They do not on numbers of more digits than a machine word has, nor on NaN and infinities.
    """
    values: dict[str, Any]
    try:
        values = json.loads(text) if _LONG_NUMBER.search(text) else orjson.loads(text)
    except orjson.JSONDecodeError:
        values = json.loads(text)
    return values


def fingerprint(secret: str) -> bytes:
    """Return what tells equal secrets without showing them: they are random, so nobody guesses them from this."""
    return sha256(secret.encode()).digest()


def _message(notification_id: UUID) -> bytes:
    return b"notification:" + str(notification_id).encode()


def _api_key(key_id: UUID) -> bytes:
    return b"api_key:" + str(key_id).encode()


def _answer(key: RequestKey) -> bytes:
    return b"answer:" + str(key.service_id).encode() + b":" + key.key_hash


def _received_text(text_id: UUID) -> bytes:
    return b"inbound_sms:" + str(text_id).encode()


def _endpoint(endpoint_id: UUID) -> bytes:
    return b"callback_endpoint:" + str(endpoint_id).encode()


def _callback(callback_id: UUID) -> bytes:
    return b"callback:" + str(callback_id).encode()


def _row(job_id: UUID, row: int) -> bytes:
    return f"bulk_row:{job_id}:{row}".encode()
