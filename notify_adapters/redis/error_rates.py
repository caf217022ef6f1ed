"""Counting providers' errors in Redis."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from notify_adapters.redis.calls import PREFIX, Calls
from notify_adapters.redis.scripts import COUNT_IN_WINDOW
from notify_core.providers.ports import ErrorRates
from notify_core.vocabulary import ProviderName

_WINDOW_SECONDS = 60


class RedisErrorRates:
    """Implements `ErrorRates` for all processes that use one Redis.

    While Redis cannot be used, `fallback` counts instead, and `on_trouble` is told so once per outage.
    """

    def __init__(self, url: str, fallback: ErrorRates, on_trouble: Callable[[str], None]) -> None:
        self._calls = Calls(url, "providers' errors are counted in each process", on_trouble)
        self._count = self._calls.redis.register_script(COUNT_IN_WINDOW)
        self._fallback = fallback

    def add(self, provider: ProviderName, errors: int, *, now: datetime) -> int:
        """Count the errors, and return how many there were in the last 60 seconds. It takes one round trip."""
        second = int(now.timestamp())
        return self._calls.either(
            lambda: int(self._count([f"{PREFIX}{provider}-error-rate"], [second, errors, _WINDOW_SECONDS])),
            lambda: self._fallback.add(provider, errors, now=now),
        )

    def close(self) -> None:
        """Close the connections. They are opened again when needed."""
        self._calls.close()
