"""Counting in Redis."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar, cast
from uuid import UUID

from redis.exceptions import RedisError

from notify_adapters.redis.circuit import Circuit
from notify_adapters.redis.connection import connect
from notify_adapters.redis.scripts import ASK, GIVE_BACK
from notify_core.limits.ports import LONGEST_WAIT, Bucket, Counter, Limiter, Tally

PREFIX = "notify:"
PAUSE_SECONDS = 1.0
COUNTER_KEPT_SECONDS = 48 * 3600

_Result = TypeVar("_Result")


class RedisLimiter:
    """Implements `Limiter` for all processes that use one Redis.

    While Redis cannot be used, `fallback` counts instead. `on_trouble` is told so once per outage, in a
    sentence without addresses or secrets. Redis is tried again every second, by one call at a time. A place that
    was reserved on one side of an outage and is given back on the other is missed there: counts are off by as
    many as were under way.
    """

    def __init__(self, url: str, fallback: Limiter, on_trouble: Callable[[str], None]) -> None:
        self._redis = connect(url)
        self._ask = self._redis.register_script(ASK)
        self._give_back = self._redis.register_script(GIVE_BACK)
        self._fallback = fallback
        self._on_trouble = on_trouble
        self._circuit = Circuit(PAUSE_SECONDS)

    def ask(
        self,
        owner: UUID,
        counter: Counter,
        bucket: Bucket | None = None,
        *,
        now: datetime,
        amount: int = 1,
        reserve: bool = True,
    ) -> Tally:
        """Take a token, then add to the counter. It takes one round trip; a counter is kept for 48 hours."""
        prefix = _prefix(owner)
        keys = [prefix + counter.name]
        arguments: list[str | int | float] = [counter.limit, amount, int(reserve), COUNTER_KEPT_SECONDS, LONGEST_WAIT]
        if bucket is not None:
            keys.append(prefix + bucket.name)
            arguments += [bucket.capacity, bucket.per_second, now.timestamp()]
        return self._either(
            lambda: _read(self._ask(keys, arguments)),
            lambda: self._fallback.ask(owner, counter, bucket, now=now, amount=amount, reserve=reserve),
        )

    def give_back(self, owner: UUID, counter: str, *, amount: int = 1) -> None:
        """Undo a reservation."""
        self._either(
            lambda: self._give_back([_prefix(owner) + counter], [amount]),
            lambda: self._fallback.give_back(owner, counter, amount=amount),
        )

    def close(self) -> None:
        """Close the connections. They are opened again when needed."""
        self._redis.close()

    def _either(self, ask_redis: Callable[[], _Result], fall_back: Callable[[], _Result]) -> _Result:
        if not self._circuit.may_try():
            return fall_back()
        try:
            result = ask_redis()
        except (RedisError, OSError, ValueError) as error:
            self._note(error)
            return fall_back()
        self._circuit.worked()
        return result

    def _note(self, error: Exception) -> None:
        # After a failover the address may mean another server: look it up anew, for every connection.
        self._redis.connection_pool.disconnect(inuse_connections=False)
        if self._circuit.failed():
            self._on_trouble(f"Redis cannot be used ({type(error).__name__}): limits count in each process")


def _prefix(owner: UUID) -> str:
    """Return what the names of that owner's keys begin with. A cluster keeps keys with the same {...} together."""
    return f"{PREFIX}{{{owner}}}-"


def _read(answer: object) -> Tally:
    wait, tokens, count, fits = cast("bytes", answer).split()
    return Tally(float(wait), float(tokens), int(count), fits == b"1")
