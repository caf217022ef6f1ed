"""A clock that stands still and ids that count: for tests that want the same thing every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from notify_core.clock import Clock
from notify_core.identifiers import uuid7


class FixedClock:
    """Implements `Clock`. Stands at `now` until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the moment it stands at."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.now += by


class SequentialIds:
    """Implements `NewId`: UUIDv7 whose random part counts up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)

    def __call__(self) -> UUID:
        """Return the next id."""
        return uuid7(self._clock(), next(self._numbers))
