"""Counting in Redis."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from notify_adapters.redis.circuit import Circuit
from notify_adapters.redis.scripts import GIVE_BACK, RESERVE, TAKE
from notify_core.limits.ports import LONGEST_WAIT, Limiter

PREFIX = "notify:"
TIMEOUT_SECONDS = 0.5
PAUSE_SECONDS = 1.0
COUNTER_KEPT_SECONDS = 48 * 3600

_Result = TypeVar("_Result")


class RedisUnavailable(Exception):
    """Redis does not answer, or not as it should."""


class RedisLimiter:
    """Implements `Limiter` for all processes that use one Redis.

    While Redis cannot be used, `fallback` counts instead. `on_trouble` is told so once per outage, in a
    sentence without addresses or secrets. Redis is tried again every second, by one call at a time.
    """

    def __init__(self, url: str, fallback: Limiter, on_trouble: Callable[[str], None]) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            # A script whose answer was lost may have counted: it must not run twice.
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._take_token = self._redis.register_script(TAKE)
        self._reserve = self._redis.register_script(RESERVE)
        self._give_back = self._redis.register_script(GIVE_BACK)
        self._fallback = fallback
        self._on_trouble = on_trouble
        self._circuit = Circuit(PAUSE_SECONDS)

    def take_token(self, bucket: str, *, capacity: int, per_second: float, now: datetime) -> float:
        """Take one token, or say how many seconds are left until there is one."""
        arguments: list[str | float] = [capacity, per_second, repr(now.timestamp()), LONGEST_WAIT]
        return self._either(
            lambda: float(self._take_token([PREFIX + bucket], arguments)),
            lambda: self._fallback.take_token(bucket, capacity=capacity, per_second=per_second, now=now),
        )

    def reserve(self, counter: str, *, limit: int, amount: int = 1) -> bool:
        """Add to the counter if it stays within `limit`. A counter is forgotten 48 hours after its first use."""
        return self._either(
            lambda: bool(self._reserve([PREFIX + counter], [limit, amount, COUNTER_KEPT_SECONDS])),
            lambda: self._fallback.reserve(counter, limit=limit, amount=amount),
        )

    def give_back(self, counter: str, *, amount: int = 1) -> None:
        """Undo a reservation."""
        self._either(
            lambda: self._give_back([PREFIX + counter], [amount]),
            lambda: self._fallback.give_back(counter, amount=amount),
        )

    def ping(self) -> None:
        """Return when Redis answers now; raise RedisUnavailable when not."""
        try:
            self._redis.ping()
        except (RedisError, OSError) as error:
            raise RedisUnavailable(f"Redis does not answer: {type(error).__name__}") from None

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
