"""Answers that were given, in memory."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from attrs import frozen

from notify_adapters.memory.table import Table
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.idempotency.model import Answered, KeyTaken, Remembered, RequestKey


@frozen(kw_only=True)
class AnswerRow:
    """What is remembered, and until which London day."""

    remembered: Remembered
    expires_on: date


AnswerTable = Table[tuple[UUID, bytes], AnswerRow]


class MemoryAnswers:
    """Implements `AnswerRepository`."""

    def __init__(self, table: AnswerTable, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def find(self, key: RequestKey) -> Remembered | None:
        """Return what is remembered under the key, or None."""
        row = self._table.get((key.service_id, key.key_hash))
        return None if row is None or row.expires_on <= london_date(self._clock()) else row.remembered

    def reserve(self, key: RequestKey, *, now: datetime, until: datetime, expires_on: date) -> None:
        """Take the key until `until`."""
        self._check_free(key, now, None)
        remembered = Remembered(request_hash=key.request_hash, answer=None, in_flight_until=until)
        self._put(key, AnswerRow(remembered=remembered, expires_on=expires_on))

    def release(self, key: RequestKey, *, reserved_until: datetime) -> None:
        """Give the key back."""
        row = self._table.get((key.service_id, key.key_hash))
        if row is not None and row.remembered.answer is None and row.remembered.in_flight_until == reserved_until:
            self._table.remove((key.service_id, key.key_hash))

    def remember(self, answered: Answered) -> None:
        """Remember the answer."""
        self._check_free(answered.key, answered.created_at, answered.reserved_until)
        remembered = Remembered(request_hash=answered.key.request_hash, answer=answered.answer, in_flight_until=None)
        self._put(answered.key, AnswerRow(remembered=remembered, expires_on=answered.expires_on))

    def forget(self, *, today: date, limit: int) -> int:
        """Remove keys that have expired, and return how many those were."""
        expired = [key for key, row in self._table.items() if row.expires_on <= today][:limit]
        for key in expired:
            self._table.remove(key)
        return len(expired)

    def _check_free(self, key: RequestKey, now: datetime, reserved_until: datetime | None) -> None:
        row = self._table.get((key.service_id, key.key_hash))
        if row is None or row.expires_on <= london_date(now):
            return
        in_flight_until = row.remembered.in_flight_until
        if in_flight_until is None or not (in_flight_until <= now or in_flight_until == reserved_until):
            raise KeyTaken

    def _put(self, key: RequestKey, row: AnswerRow) -> None:
        self._table.put((key.service_id, key.key_hash), row)
