"""Answers that were given, by the key of their request."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from notify_adapters.postgres.sealing import Cipher, open_answer, seal_answer
from notify_adapters.postgres.session import Session
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.idempotency.model import Answered, KeyTaken, Remembered, RequestKey

_FIND = """
SELECT request_hash, answer, in_flight_until FROM idempotency_keys
WHERE service_id = %(service_id)s AND key_hash = %(key_hash)s AND expires_on > %(today)s
"""

# A key may be taken when it has expired, when who had it gave up on it, or when it was reserved for us. Of two who
# take it at once, the second waits for the first, and then finds it taken.
TAKE = """
INSERT INTO idempotency_keys (service_id, key_hash, request_hash, created_at, in_flight_until, answer, expires_on)
VALUES (
    %(key_service_id)s, %(key_hash)s, %(request_hash)s, %(key_created_at)s, %(in_flight_until)s, %(answer)s,
    %(key_expires_on)s
)
ON CONFLICT (service_id, key_hash) DO UPDATE SET
    request_hash = excluded.request_hash, created_at = excluded.created_at,
    in_flight_until = excluded.in_flight_until, answer = excluded.answer, expires_on = excluded.expires_on
WHERE idempotency_keys.expires_on <= %(today)s
    OR (
        idempotency_keys.answer IS NULL
        AND (
            idempotency_keys.in_flight_until <= %(key_created_at)s
            OR idempotency_keys.in_flight_until = %(reserved_until)s
        )
    )
RETURNING service_id
"""

_RELEASE = """
DELETE FROM idempotency_keys
WHERE service_id = %(service_id)s AND key_hash = %(key_hash)s
    AND answer IS NULL AND in_flight_until = %(reserved_until)s
"""

# Whoever takes a key anew just then keeps it: it is locked, and expires later when it is not any more. By `ctid`, so
# that no plan can read the whole table for a few of its rows.
_FORGET = """
WITH forgotten AS (
    DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM idempotency_keys WHERE expires_on <= %(today)s
        ORDER BY expires_on LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ))
    RETURNING service_id
)
SELECT count(*) AS keys FROM forgotten
"""


class PostgresAnswers:
    """Implements `AnswerRepository`."""

    def __init__(self, session: Session, cipher: Cipher, clock: Clock) -> None:
        self._session = session
        self._cipher = cipher
        self._clock = clock

    def find(self, key: RequestKey) -> Remembered | None:
        """Return what is remembered under the key, or None."""
        row = self._session.row(
            _FIND, {"service_id": key.service_id, "key_hash": key.key_hash, "today": london_date(self._clock())}
        )
        if row is None:
            return None
        return Remembered(
            request_hash=row.request_hash,
            answer=None if row.answer is None else open_answer(self._cipher, key, row.answer),
            in_flight_until=row.in_flight_until,
        )

    def reserve(self, key: RequestKey, *, now: datetime, until: datetime, expires_on: date) -> None:
        """Take the key until `until`."""
        self._take(_parameters(key, now, expires_on) | {"in_flight_until": until, "answer": None})

    def release(self, key: RequestKey, *, reserved_until: datetime) -> None:
        """Give the key back."""
        self._session.run(
            _RELEASE,
            {"service_id": key.service_id, "key_hash": key.key_hash, "reserved_until": reserved_until},
        )

    def remember(self, answered: Answered) -> None:
        """Remember the answer."""
        self._take(taking(self._cipher, answered))

    def forget(self, *, today: date, limit: int) -> int:
        """Remove keys that have expired, and return how many those were."""
        row = self._session.row(_FORGET, {"today": today, "limit": limit})
        return 0 if row is None else row.keys

    def _take(self, parameters: dict[str, Any]) -> None:
        if self._session.row(TAKE, parameters) is None:
            raise KeyTaken


def taking(cipher: Cipher, answered: Answered) -> dict[str, Any]:
    """Return the parameters of TAKE that remember an answer."""
    return _parameters(answered.key, answered.created_at, answered.expires_on) | {
        "in_flight_until": None,
        "answer": seal_answer(cipher, answered.key, answered.answer),
        "reserved_until": answered.reserved_until,
    }


def _parameters(key: RequestKey, now: datetime, expires_on: date) -> dict[str, Any]:
    return {
        "key_service_id": key.service_id,
        "key_hash": key.key_hash,
        "request_hash": key.request_hash,
        "key_created_at": now,
        "key_expires_on": expires_on,
        "today": london_date(now),
        "reserved_until": None,
    }
