"""What the use cases need of whatever counts."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

#: In seconds. A bucket that never refills is not waited for longer than this.
LONGEST_WAIT = 86_400.0


class Limiter(Protocol):
    """Counts that are shared by all processes. Both questions and their effects are atomic.

    Never raises: an adapter whose store is down falls back to counting in its own process, which lets through
    at most as many times too much as there are processes, and says so in its log.
    """

    def take_token(self, bucket: str, *, capacity: int, per_second: float, now: datetime) -> float:
        """Take one token from `bucket`, which starts full and refills at `per_second` up to `capacity`.

        Returns 0.0 when a token was taken, else the seconds until there will be one, at most LONGEST_WAIT; a
        refusal takes nothing.
        """
        ...

    def reserve(self, counter: str, *, limit: int, amount: int = 1) -> bool:
        """Add `amount` to `counter` if it stays within `limit`; False, and nothing added, if not.

        Counters are forgotten some time after their day: within 48 hours of their first use.
        """
        ...

    def give_back(self, counter: str, *, amount: int = 1) -> None:
        """Undo a reservation. A counter that was forgotten meanwhile stays so."""
        ...
