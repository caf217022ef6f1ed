"""Counting in one process."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import TypeVar
from uuid import UUID

from notify_core.limits.ports import LONGEST_WAIT, Bucket, Counter, Hold, Tally

_Entry = TypeVar("_Entry")
_Name = tuple[UUID, str]

_MOST_REMEMBERED = 100_000


class MemoryLimiter:
    """Implements `Limiter` for a single process. Forgets what was used longest ago when it holds too much."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[_Name, tuple[float, datetime]] = OrderedDict()
        self._counters: OrderedDict[_Name, int] = OrderedDict()
        self._holds: dict[_Name, dict[UUID, tuple[datetime, int]]] = {}
        self._lock = Lock()

    def ask(
        self,
        owner: UUID,
        counter: Counter,
        bucket: Bucket | None = None,
        *,
        now: datetime,
        amount: int = 1,
        reserve: bool = True,
        hold: Hold | None = None,
    ) -> Tally:
        """Take a token, then add to the counter, as far as both allow."""
        with self._lock:
            wait, tokens = self._take((owner, bucket.name), bucket, now) if bucket is not None else (0.0, 0.0)
            name = (owner, counter.name)
            self._let_go(name, now)
            count = self._counters.get(name, 0)
            fits = wait == 0 and count + amount <= counter.limit
            if fits and reserve:
                count += amount
                self._counters[name] = count
                _trim(self._counters, name)
                if hold is not None:
                    self._holds.setdefault(name, {})[hold.id] = (hold.until, amount)
        return Tally(wait, tokens, count, fits)

    def confirm(self, owner: UUID, counter: str, hold: Hold, *, amount: int) -> None:
        """Count what is held for good."""
        name = (owner, counter)
        with self._lock:
            if not self._forget(name, hold.id):
                self._counters[name] = self._counters.get(name, 0) + amount
                _trim(self._counters, name)

    def give_back(self, owner: UUID, counter: str, *, amount: int = 1, hold: Hold | None = None) -> None:
        """Undo a reservation."""
        with self._lock:
            if hold is None or self._forget((owner, counter), hold.id):
                self._subtract((owner, counter), amount)

    def _let_go(self, name: _Name, now: datetime) -> None:
        """Give back what was held until now at most."""
        for hold_id, (until, amount) in list(self._holds.get(name, {}).items()):
            if until <= now:
                self._forget(name, hold_id)
                self._subtract(name, amount)

    def _forget(self, name: _Name, hold_id: UUID) -> bool:
        """Hold no longer what is held by that id; return whether anything was."""
        holds = self._holds.get(name, {})
        found = holds.pop(hold_id, None) is not None
        if found and not holds:
            del self._holds[name]
        return found

    def _subtract(self, name: _Name, amount: int) -> None:
        count = self._counters.get(name)
        if count is not None:
            self._counters[name] = max(0, count - amount)

    def _take(self, name: _Name, bucket: Bucket, now: datetime) -> tuple[float, float]:
        """Return the seconds to wait and the tokens left."""
        tokens, since = self._buckets.get(name, (float(bucket.capacity), now))
        elapsed = max(0.0, (now - since).total_seconds())
        tokens = min(float(bucket.capacity), tokens + elapsed * bucket.per_second)
        if tokens < 1:
            refills = bucket.per_second > 0 and bucket.capacity >= 1
            return min(LONGEST_WAIT, (1 - tokens) / bucket.per_second) if refills else LONGEST_WAIT, tokens
        self._buckets[name] = (tokens - 1, max(now, since))
        _trim(self._buckets, name)
        return 0.0, tokens - 1


def _trim(entries: OrderedDict[_Name, _Entry], used: _Name) -> None:
    entries.move_to_end(used)
    if len(entries) > _MOST_REMEMBERED:
        entries.popitem(last=False)
