"""Counting in Redis."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast
from uuid import UUID

from notify_adapters.redis.calls import PREFIX, Calls
from notify_adapters.redis.scripts import ASK, CONFIRM, GIVE_BACK
from notify_core.limits.ports import LONGEST_WAIT, Bucket, Counter, Hold, Limiter, Tally

COUNTER_KEPT_SECONDS = 48 * 3600


class RedisLimiter:
    """Implements `Limiter` for all processes that use one Redis.

    While Redis cannot be used, `fallback` counts instead. `on_trouble` is told so once per outage, in a
    sentence without addresses or secrets. Redis is tried again every second, by one call at a time. A place that
    was reserved on one side of an outage and is given back on the other is missed there: counts are off by as
    many as were under way.
    """

    def __init__(self, url: str, fallback: Limiter, on_trouble: Callable[[str], None]) -> None:
        self._calls = Calls(url, "limits count in each process", on_trouble)
        self._ask = self._calls.redis.register_script(ASK)
        self._confirm = self._calls.redis.register_script(CONFIRM)
        self._give_back = self._calls.redis.register_script(GIVE_BACK)
        self._fallback = fallback

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
        """Take a token, then add to the counter. It takes one round trip; a counter is kept for 48 hours."""
        keys = _keys(owner, counter.name)
        arguments: list[str | int | float] = [
            *(counter.limit, amount, int(reserve), COUNTER_KEPT_SECONDS, LONGEST_WAIT, now.timestamp()),
            *(("", "") if hold is None else (_held(hold, amount), hold.until.timestamp())),
        ]
        if bucket is not None:
            keys.append(_prefix(owner) + bucket.name)
            arguments += [bucket.capacity, bucket.per_second]
        return self._calls.either(
            lambda: _read(self._ask(keys, arguments)),
            lambda: self._fallback.ask(owner, counter, bucket, now=now, amount=amount, reserve=reserve, hold=hold),
        )

    def confirm(self, owner: UUID, counter: str, hold: Hold, *, amount: int) -> None:
        """Count what is held for good."""
        self._calls.either(
            lambda: self._confirm(_keys(owner, counter), [_held(hold, amount), amount, COUNTER_KEPT_SECONDS]),
            lambda: self._fallback.confirm(owner, counter, hold, amount=amount),
        )

    def give_back(self, owner: UUID, counter: str, *, amount: int = 1, hold: Hold | None = None) -> None:
        """Undo a reservation."""
        self._calls.either(
            lambda: self._give_back(_keys(owner, counter), [amount, "" if hold is None else _held(hold, amount)]),
            lambda: self._fallback.give_back(owner, counter, amount=amount, hold=hold),
        )

    def close(self) -> None:
        """Close the connections. They are opened again when needed."""
        self._calls.close()


def _prefix(owner: UUID) -> str:
    """Return what the names of that owner's keys begin with. A cluster keeps keys with the same {...} together."""
    return f"{PREFIX}{{{owner}}}-"


def _keys(owner: UUID, counter: str) -> list[str]:
    """Return the keys of a counter and of what is held of it."""
    name = _prefix(owner) + counter
    return [name, f"{name}-held"]


def _held(hold: Hold, amount: int) -> str:
    return f"{hold.id} {amount}"


def _read(answer: object) -> Tally:
    wait, tokens, count, fits = cast("bytes", answer).split()
    return Tally(float(wait), float(tokens), int(count), fits == b"1")
