"""Calls of Redis that are answered by something else while Redis cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from redis.exceptions import RedisError

from notify_adapters.redis.circuit import Circuit
from notify_adapters.redis.connection import connect

PREFIX = "notify:"
PAUSE_SECONDS = 1.0

_Result = TypeVar("_Result")


class Calls:
    """Calls Redis, or the fallback. Redis is tried again every second, by one call at a time.

    `on_trouble` is told once per outage, in a sentence without addresses or secrets that ends in `consequence`.
    """

    def __init__(self, url: str, consequence: str, on_trouble: Callable[[str], None]) -> None:
        self.redis = connect(url)
        self._consequence = consequence
        self._on_trouble = on_trouble
        self._circuit = Circuit(PAUSE_SECONDS)

    def either(self, ask_redis: Callable[[], _Result], fall_back: Callable[[], _Result]) -> _Result:
        """Return what Redis answers, or failing that the fallback."""
        if not self._circuit.may_try():
            return fall_back()
        try:
            result = ask_redis()
        except (RedisError, OSError, ValueError) as error:
            self._note(error)
            return fall_back()
        self._circuit.worked()
        return result

    def close(self) -> None:
        """Close the connections. They are opened again when needed."""
        self.redis.close()

    def _note(self, error: Exception) -> None:
        # After a failover the address may mean another server: look it up anew, for every connection.
        self.redis.connection_pool.disconnect(inuse_connections=False)
        if self._circuit.failed():
            self._on_trouble(f"Redis cannot be used ({type(error).__name__}): {self._consequence}")
