"""The ids of a job's messages: made from the job and the row, so that a row can never become two messages.

Whoever stores a row again, after a crash or beside another worker, stores it under the same id, and the database
keeps the first. A job's ids are one unbroken range, in the order of its rows: the primary key alone finds all rows of
a job, page by page, and no table needs an index for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from attrs import frozen

from notify_core.identifiers import uuid7

# More rows than any job may have.
_ROW_BITS = 20
_HASH_BITS = 74 - _ROW_BITS
_LARGEST_ROW = (1 << _ROW_BITS) - 1

#: How long after its job was due a row may be stored, and be looked for: its id is of when the job was due.
STORED_WITHIN = timedelta(days=31)


@frozen
class Ids:
    """The range that a job's ids are in, both ends included."""

    first: UUID
    last: UUID


def row_id(job_id: UUID, moment: datetime, row: int) -> UUID:
    """Return the id of a job's row (from 0): a UUIDv7 of `moment`, which is the job's for good.

    >>> from datetime import UTC
    >>> moment = datetime(2026, 11, 21, tzinfo=UTC)
    >>> row_id(UUID(int=1), moment, 0), row_id(UUID(int=1), moment, 1)
    (UUID('01a1fb67-1800-7be2-a30c-ac4ffaf00000'), UUID('01a1fb67-1800-7be2-a30c-ac4ffaf00001'))
    """
    if not 0 <= row <= _LARGEST_ROW:
        raise ValueError(f"a job has no row {row}")
    return uuid7(moment, _hash(job_id) << _ROW_BITS | row)


def row_of(identifier: UUID) -> int:
    """Return the row whose id this is. Of other ids it says nothing.

    >>> from datetime import UTC
    >>> row_of(row_id(UUID(int=1), datetime(2026, 11, 21, tzinfo=UTC), 99_999))
    99999
    """
    return identifier.int & _LARGEST_ROW


def ids_of(job_id: UUID, moment: datetime) -> Ids:
    """Return the range that the ids of a job's rows are in."""
    return Ids(row_id(job_id, moment, 0), row_id(job_id, moment, _LARGEST_ROW))


@lru_cache(maxsize=64)
def _hash(job_id: UUID) -> int:
    """Keep jobs of one millisecond apart: of two of them, one in 18 million million million has the other's ids."""
    return int.from_bytes(blake2b(job_id.bytes, digest_size=8).digest(), "big") >> (64 - _HASH_BITS)
