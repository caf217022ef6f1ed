"""Decide whether a request may be looked at, before it is read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

from attrs import define, frozen

from notify_core.api_keys.model import ApiKey
from notify_core.clock import Clock
from notify_core.errors import LimitExceeded
from notify_core.limits.ports import Limiter
from notify_core.services.model import MessageLimits, Service
from notify_core.vocabulary import Channel, KeyType

_LARGEST_BUCKET = 1000
# A trial service's test keys are measured as if the service were live.
_LIVE_LIMITS = MessageLimits(sms=250_000, email=250_000, letter=20_000, international_sms=100)
_SPOKEN = {KeyType.NORMAL: "LIVE", KeyType.TEAM: "TEAM", KeyType.TEST: "TEST"}


class RateLimitExceeded(LimitExceeded):
    """Too many requests in a minute. `retry_after` is in seconds."""

    code = "rate-limit-exceeded"

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DailyLimitExceeded(LimitExceeded):
    """Too many messages in a day."""

    code = "daily-limit-exceeded"


@define
class Admission:
    """A place in today's count, given back unless it is kept."""

    kept: bool = False

    def keep(self) -> None:
        """Count the message: it was accepted, and is a real one."""
        self.kept = True


@frozen
class Admit:
    """Hold a request against the service's rate limit and today's limit of the channel."""

    limiter: Limiter
    clock: Clock
    rate_limit_enabled: bool = True

    @contextmanager
    def __call__(self, service: Service, key: ApiKey, channel: Channel) -> Iterator[Admission]:
        """Reserve a place in today's count for as long as the block runs, and for good if it is kept.

        Raises RateLimitExceeded or DailyLimitExceeded on entry.
        """
        if self.rate_limit_enabled:
            self._check_rate(service, key)
        counter = daily_counter(service, key.key_type, channel.value, self._day())
        admission = Admission()
        self.reserve(counter, daily_limit(service, key.key_type, channel.value), channel.value)
        try:
            yield admission
        finally:
            if not admission.kept:
                self.limiter.give_back(counter)

    def _day(self) -> str:
        return self.clock().astimezone(UTC).date().isoformat()

    def _check_rate(self, service: Service, key: ApiKey) -> None:
        wait = self.limiter.take_token(
            f"{service.id}-tokens-{key.key_type}",
            capacity=bucket_capacity(service.rate_limit),
            per_second=service.rate_limit / 60,
            now=self.clock(),
        )
        if wait > 0:
            spoken = _SPOKEN[key.key_type]
            raise RateLimitExceeded(
                f"Exceeded rate limit for key type {spoken} of {service.rate_limit} requests per 60 seconds",
                retry_after=wait,
            )

    def reserve(self, counter: str, limit: int, what: str) -> None:
        """Reserve one in `counter`. Raises DailyLimitExceeded."""
        if not self.limiter.reserve(counter, limit=limit):
            raise DailyLimitExceeded(f"Exceeded send limits ({what}: {limit}) for today")

    @contextmanager
    def international_sms(self, service: Service, key: ApiKey) -> Iterator[None]:
        """Reserve a place in today's count of texts abroad, given back when the block fails or the key tests.

        Raises DailyLimitExceeded on entry.
        """
        what = "international_sms"
        counter = daily_counter(service, key.key_type, what, self._day())
        self.reserve(counter, daily_limit(service, key.key_type, what), what)
        kept = False
        try:
            yield
            kept = key.key_type is not KeyType.TEST
        finally:
            if not kept:
                self.limiter.give_back(counter)


def bucket_capacity(rate_limit: int) -> int:
    """Return how many requests a service of that rate (a minute) may make at once.

    >>> bucket_capacity(3000), bucket_capacity(10)
    (1000, 5)
    """
    return min(math.ceil(rate_limit / 3) + 1, _LARGEST_BUCKET)


def daily_counter(service: Service, key_type: KeyType, what: str, day: str) -> str:
    """Return the name of today's counter. Test keys have their own; `day` is the UTC date."""
    test = "test-" if key_type is KeyType.TEST else ""
    return f"{service.id}-{test}{what}-{day}-count"


def daily_limit(service: Service, key_type: KeyType, what: str) -> int:
    """Return how many a day the service may send of `what`: a channel, or `international_sms`."""
    limits = _LIVE_LIMITS if key_type is KeyType.TEST and service.restricted else service.limits
    return int(getattr(limits, what))
