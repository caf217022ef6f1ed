"""Tell again what was told the first time."""

from __future__ import annotations

from attrs import frozen

from notify_core.clock import Clock
from notify_core.idempotency.model import KeyReused, Remembered, RequestKey, StillInFlight
from notify_core.unit_of_work import Database


@frozen
class RecallAnswer:
    """The answer to an earlier request with the same key."""

    database: Database
    clock: Clock

    def __call__(self, key: RequestKey) -> bytes | None:
        """Return the answer, byte for byte, or None when there was no such request, or it was refused.

        Raises KeyReused when the key was used for something else, and StillInFlight while the first request has
        no answer yet.
        """
        with self.database.statement() as work:
            remembered = work.answers.find(key)
        return None if remembered is None else self._judge(key, remembered)

    def _judge(self, key: RequestKey, remembered: Remembered) -> bytes | None:
        abandoned = (
            remembered.answer is None
            and remembered.in_flight_until is not None
            and remembered.in_flight_until <= self.clock()
        )
        if abandoned:
            return None
        if remembered.request_hash != key.request_hash:
            raise KeyReused(key.source)
        if remembered.answer is None:
            raise StillInFlight
        return remembered.answer
