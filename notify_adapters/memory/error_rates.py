"""Counting providers' errors in one process."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from threading import Lock

from notify_core.vocabulary import ProviderName

_WINDOW_SECONDS = 60


class MemoryErrorRates:
    """Implements `ErrorRates` for a single process. Keeps at most a minute's seconds for each provider."""

    def __init__(self) -> None:
        self._seconds: dict[ProviderName, Counter[int]] = {}
        self._lock = Lock()

    def add(self, provider: ProviderName, errors: int, *, now: datetime) -> int:
        """Count the errors, and return how many there were in the last 60 seconds."""
        second = int(now.timestamp())
        with self._lock:
            seconds = self._seconds.setdefault(provider, Counter())
            for old in [one for one in seconds if one <= second - _WINDOW_SECONDS]:
                del seconds[old]
            if errors:
                seconds[second] += errors
            return sum(count for one, count in seconds.items() if one <= second)
