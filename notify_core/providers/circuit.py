"""A circuit breaker: who is down is left in peace, and asked now and then whether it is back.

One for each provider and process. It is told how each call went and what time it is, and knows nothing else.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from attrs import define, field, frozen

# Somebody who was to find out may have been killed. Longer than any call takes.
_PROBE_TAKES_AT_MOST = timedelta(seconds=30)


@frozen(kw_only=True)
class CircuitPolicy:
    """After `failures` in a row the circuit opens for `pause`, which doubles up to `longest_pause` while it lasts."""

    failures: int = 5
    pause: timedelta = timedelta(seconds=30)
    longest_pause: timedelta = timedelta(minutes=5)


@define
class Circuit:
    """Closed: everybody may call. Open: nobody, until the pause is over. Then one may, and all await how it went.

    Safe to use from several threads.
    """

    policy: CircuitPolicy = field(factory=CircuitPolicy)
    _failures: int = field(default=0, init=False)
    _pause: timedelta = field(default=timedelta(0), init=False)
    _closed_to: datetime | None = field(default=None, init=False)
    _somebody_finds_out: bool = field(default=False, init=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False, eq=False)

    @property
    def is_open(self) -> bool:
        """Whether it has opened and no call has succeeded since."""
        return self._closed_to is not None

    def would_admit(self, now: datetime) -> bool:
        """Whether `admit` would say yes. Asking changes nothing."""
        closed_to = self._closed_to
        return closed_to is None or now >= closed_to

    def admit(self, now: datetime) -> bool:
        """Whether this caller may call. Who is let through an open circuit is alone, and reports how it went.

        Who does not call after all says so with `release`.
        """
        if self._closed_to is None:
            return True
        with self._lock:
            if not self.would_admit(now):
                return False
            if self._closed_to is not None:
                self._closed_to, self._somebody_finds_out = now + _PROBE_TAKES_AT_MOST, True
            return True

    def release(self, now: datetime) -> None:
        """Let somebody else be the one that finds out: the one that was let through made no call."""
        with self._lock:
            if self._somebody_finds_out:
                self._closed_to, self._somebody_finds_out = now, False

    def answered(self) -> None:
        """Hear that the provider is there, whatever it said. Closes the circuit."""
        if not self._failures and self._closed_to is None:
            return
        with self._lock:
            self._failures, self._closed_to, self._somebody_finds_out = 0, None, False

    def failed(self, now: datetime) -> None:
        """Hear that the provider could not be reached, gave no answer, or said that it is broken itself."""
        with self._lock:
            self._failures += 1
            if self._failures < self.policy.failures:
                return
            if self._closed_to is None:
                self._pause = self.policy.pause
            elif self._somebody_finds_out:
                self._pause = min(self._pause * 2, self.policy.longest_pause)
            else:
                return  # a call that began before it opened: that is no news
            self._closed_to, self._somebody_finds_out = now + self._pause, False
