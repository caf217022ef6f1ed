"""Handing things on after a while, many at a time.

The event loop's own `call_later` makes a timer for each call, which is slow to make and keeps the caller's
context; this is one timer for all.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Generic, TypeVar

from attrs import define, field

T = TypeVar("T")

FINEST = 0.001  # seconds; things due within one such step are handed on together


@define
class Later(Generic[T]):
    """Calls `hand_on(thing)` when a thing is due. For one event loop."""

    hand_on: Callable[[T], None]
    _heap: list[tuple[float, int, T]] = field(factory=list)
    _order: count[int] = field(factory=count)
    _timer: asyncio.TimerHandle | None = None

    def call_later(self, delay: float, thing: T) -> None:
        """Hand this thing on after `delay` seconds; things due at the same time in the order they came."""
        due = asyncio.get_running_loop().time() + delay
        heapq.heappush(self._heap, (due, next(self._order), thing))
        if self._timer is None or due < self._timer.when():
            self._set_timer(due)

    def _set_timer(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(due, self._release)

    def _release(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._heap and self._heap[0][0] <= now:
            self.hand_on(heapq.heappop(self._heap)[2])
        if self._heap:
            self._set_timer(max(self._heap[0][0], now + FINEST))
