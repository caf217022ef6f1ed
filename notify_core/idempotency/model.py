"""A key that names one request, and what is remembered under it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from notify_core.errors import Conflict, InvalidContent, NotifyError
from notify_core.vocabulary import KeyType

LONGEST_KEY = 255


class Source(StrEnum):
    """Where a key comes from, in the words of those who send it."""

    HEADER = "Idempotency-Key"
    REFERENCE = "reference"


@frozen(kw_only=True)
class RequestKey:
    """What makes two requests the same one.

    `key_hash` stands for the key among those of the service, `request_hash` for everything that was asked. Neither
    the key nor the request can be read from them.
    """

    service_id: UUID
    source: Source
    key_hash: bytes
    request_hash: bytes


@frozen(kw_only=True)
class Remembered:
    """What is known of an earlier request under the same key.

    `answer` is what it was told, None while it is still at work: until `in_flight_until` at most.
    """

    request_hash: bytes
    answer: bytes | None = field(repr=False)
    in_flight_until: datetime | None


@frozen(kw_only=True)
class Answered:
    """An answer to be remembered under its key, until the London day `expires_on` begins.

    `reserved_until` is what `reserve` was given, where the key was reserved first.
    """

    key: RequestKey
    answer: bytes = field(repr=False)
    created_at: datetime
    expires_on: date
    reserved_until: datetime | None = None


class InvalidKey(InvalidContent):
    """The key itself will not do."""

    code = "invalid-idempotency-key"


class KeyReused(Conflict):
    """The key names another request already."""

    code = "idempotency-key-reused"

    def __init__(self, source: Source) -> None:
        super().__init__(
            "Idempotency-Key was used for another request: use a new key, or repeat that request unchanged"
            if source is Source.HEADER
            else "reference was used for another message: in this service a reference names one message. "
            "Use a new reference, or repeat that request unchanged"
        )


class StillInFlight(NotifyError):
    """The first request under the key has not been answered yet."""

    code = "idempotency-in-flight"

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still being processed: try again shortly")


class KeyTaken(Exception):
    """Another request with the same key was accepted, or is at work: look at what is remembered of it."""


def header_key(service_id: UUID, key_type: KeyType, value: str, asked: Mapping[str, object]) -> RequestKey:
    """Return the key for what a client sent as `Idempotency-Key`. Raises InvalidKey."""
    if not 0 < len(value) <= LONGEST_KEY:
        raise InvalidKey(f"Idempotency-Key is {len(value)} characters long; use 1 to {LONGEST_KEY}")
    return _key(service_id, key_type, Source.HEADER, value, asked)


def reference_key(service_id: UUID, key_type: KeyType, reference: str, asked: Mapping[str, object]) -> RequestKey:
    """Return the key for a message whose reference names it."""
    return _key(service_id, key_type, Source.REFERENCE, reference, asked)


def _key(service_id: UUID, key_type: KeyType, source: Source, text: str, asked: Mapping[str, object]) -> RequestKey:
    # What was tried with a test key must not stand in the way of the real thing.
    named = f"{service_id} {key_type} {source} {text}"
    return RequestKey(
        service_id=service_id,
        source=source,
        key_hash=hashlib.sha256(named.encode("utf-8", "surrogatepass")).digest(),
        request_hash=hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest(),
    )
