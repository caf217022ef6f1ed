"""Counting in one process."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import TypeVar

from notify_core.limits.ports import LONGEST_WAIT

_Entry = TypeVar("_Entry")

_MOST_REMEMBERED = 100_000


class MemoryLimiter:
    """Implements `Limiter` for a single process. Forgets what was used longest ago when it holds too much."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()
        self._counters: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()

    def take_token(self, bucket: str, *, capacity: int, per_second: float, now: datetime) -> float:
        """Take one token, or say how many seconds are left until there is one."""
        with self._lock:
            tokens, since = self._buckets.get(bucket, (float(capacity), now))
            tokens = min(float(capacity), tokens + max(0.0, (now - since).total_seconds()) * per_second)
            allowed = tokens >= 1
            self._buckets[bucket] = (tokens - 1 if allowed else tokens, max(now, since))
            _trim(self._buckets, bucket)
        if allowed:
            return 0.0
        return min(LONGEST_WAIT, (1 - tokens) / per_second) if per_second > 0 else LONGEST_WAIT

    def reserve(self, counter: str, *, limit: int, amount: int = 1) -> bool:
        """Add to the counter if it stays within `limit`."""
        with self._lock:
            count = self._counters.get(counter, 0)
            if count + amount > limit:
                return False
            self._counters[counter] = count + amount
            _trim(self._counters, counter)
        return True

    def give_back(self, counter: str, *, amount: int = 1) -> None:
        """Undo a reservation."""
        with self._lock:
            if counter in self._counters:
                self._counters[counter] = max(0, self._counters[counter] - amount)


def _trim(entries: OrderedDict[str, _Entry], used: str) -> None:
    entries.move_to_end(used)
    if len(entries) > _MOST_REMEMBERED:
        entries.popitem(last=False)
