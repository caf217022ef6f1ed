"""UUIDv7: identifiers that sort by the time they were made.

A row's id therefore names its month's partition and keeps every index narrow; to clients of the API it is
just a UUID. RFC 9562, section 5.7: 48 bits of Unix milliseconds, the version, 12 + 62 bits of randomness.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from notify_core.errors import NotifyError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_LOW_62_BITS = (1 << 62) - 1


class NewId(Protocol):
    """Where identifiers come from."""

    def __call__(self) -> UUID:
        """Return a UUIDv7 that was never returned before. Later calls sort after earlier ones."""
        ...


class InvalidIdentifier(NotifyError):
    """The text is not a UUID."""

    code = "invalid-identifier"


def uuid7(moment: datetime, randomness: int) -> UUID:
    """Make the UUIDv7 for `moment` (aware) out of 74 bits of `randomness`; surplus bits are ignored.

    >>> uuid7(datetime(2026, 11, 21, tzinfo=UTC), 0)
    UUID('01a1fb67-1800-7000-8000-000000000000')
    """
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    random_a = (randomness >> 62 & 0xFFF) << 64
    return UUID(int=milliseconds << 80 | _VERSION | random_a | _VARIANT | randomness & _LOW_62_BITS)


def first_id_at(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 of `moment`'s millisecond: the lower bound of a range of ids."""
    return uuid7(moment, 0)


def moment_of(identifier: UUID) -> datetime:
    """Return the moment (UTC, to the millisecond) at which a UUIDv7 was made.

    >>> moment_of(UUID("01a1fb67-1800-7000-8000-000000000000"))
    datetime.datetime(2026, 11, 21, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return _EPOCH + timedelta(milliseconds=identifier.int >> 80)


def parse_id(text: str) -> UUID:
    """Read an identifier in any form Python's UUID takes: dashless, in braces, `urn:uuid:`, any case.

    Raises InvalidIdentifier for anything else.
    """
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        raise InvalidIdentifier(f"{text!r} is not a valid UUID") from None
