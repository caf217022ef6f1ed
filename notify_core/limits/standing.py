"""How a service stands with its limits, in the terms in which its programs may be told."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from attrs import define, frozen

from notify_core.limits.ports import LONGEST_WAIT, Bucket

MINUTE = 60
DAY = 86_400


@frozen
class Quota:
    """One limit: `allowed` in `window` seconds, of which `left` can be used now; it is whole again in `resets_in`.

    `left` is what is there whole; `resets_in` is in whole seconds, rounded up.
    """

    name: str
    allowed: int
    window: int
    left: int
    resets_in: int


@define
class Standing:
    """What is left of a service's limits after one request, at the moment `at`.

    `tokens` are those in the `bucket` of its key type, which is None where the minute is not limited;
    `rate_limit` is requests a minute. `count` of `daily_limit` messages are taken today; whoever gives a place
    back keeps it true. `daily_limit` is None as long as it is not known which day's limit applies.
    """

    rate_limit: int
    bucket: Bucket | None
    tokens: float
    daily_limit: int | None
    count: int
    at: datetime

    def quotas(self) -> tuple[Quota, ...]:
        """Return the minute, where it is limited, and the day, where that is known."""
        quotas: tuple[Quota, ...] = ()
        if self.bucket is not None:
            full_again = math.ceil(seconds_until_full(self.bucket, self.tokens))
            quotas += (Quota("minute", self.rate_limit, MINUTE, int(self.tokens), full_again),)
        if self.daily_limit is not None:
            left_today = max(0, self.daily_limit - self.count)
            quotas += (Quota("day", self.daily_limit, DAY, left_today, math.ceil(seconds_left_today(self.at))),)
        return quotas


def seconds_until_full(bucket: Bucket, tokens: float) -> float:
    """Return how long a bucket with so many tokens takes to be full: at most LONGEST_WAIT.

    >>> seconds_until_full(Bucket("tokens", capacity=10, per_second=2), 5.5)
    2.25
    """
    missing = bucket.capacity - tokens
    if missing <= 0:
        return 0.0
    return min(LONGEST_WAIT, missing / bucket.per_second) if bucket.per_second > 0 else LONGEST_WAIT


def seconds_left_today(now: datetime) -> float:
    """Return how long the UTC day of that moment still lasts: more than 0, at most 86400.

    >>> seconds_left_today(datetime(2026, 11, 21, 23, 59, 58, 500_000, tzinfo=UTC))
    1.5
    """
    now = now.astimezone(UTC)
    return DAY - (now.hour * 3600 + now.minute * 60 + now.second + now.microsecond / 1_000_000)
