"""Decide whether a request may be looked at, before it is read."""

from __future__ import annotations

import collections
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Self
from uuid import UUID

from attrs import define, frozen

from notify_core.api_keys.model import ApiKey
from notify_core.clock import Clock
from notify_core.errors import LimitExceeded
from notify_core.limits.daily import INTERNATIONAL_SMS, counter_of, daily_counter, utc_day
from notify_core.limits.ports import Bucket, Counter, Limiter
from notify_core.limits.standing import MINUTE, Standing, seconds_left_today
from notify_core.notifications.model import Notification
from notify_core.services.model import Service
from notify_core.vocabulary import Channel, KeyType

_LARGEST_BUCKET = 1000
_SPOKEN = {KeyType.NORMAL: "LIVE", KeyType.TEAM: "TEAM", KeyType.TEST: "TEST"}
_UK_PREFIX = "44"
# Asked for nothing, it always fits: what is asked together with it is the bucket alone.
_NO_COUNTER = Counter("none", 0)


class Exhausted(LimitExceeded):
    """A limit is used up. `retry_after` is in seconds; `standing` is how the service stands with its limits."""

    def __init__(self, message: str, retry_after: float, standing: Standing) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.standing = standing


class RateLimitExceeded(Exhausted):
    """Too many requests in a minute."""

    code = "rate-limit-exceeded"


class DailyLimitExceeded(Exhausted):
    """Too many messages in a day. The next day begins after `retry_after`, at midnight UTC."""

    code = "daily-limit-exceeded"


@define
class Admission:
    """A place in today's count: a context manager that gives it back at the end, unless it was kept.

    `standing` is how the service stands with its limits, this request included.
    """

    standing: Standing
    _limiter: Limiter
    _owner: UUID
    _counter: str
    _to_give_back: bool

    def keep(self) -> None:
        """Count what was reserved: it was accepted, and is real."""
        self._to_give_back = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._to_give_back:
            self._to_give_back = False
            self._limiter.give_back(self._owner, self._counter)
            self.standing.count -= 1


@frozen
class Admit:
    """Hold a request against the service's rate limit and today's limit of the channel.

    With `rate_limit_enabled` False only the day is limited.
    """

    limiter: Limiter
    clock: Clock
    rate_limit_enabled: bool = True

    def __call__(self, service: Service, key: ApiKey, channel: Channel, *, reserve: bool = True) -> Admission:
        """Take a token of this minute and reserve a place in today's count, in one step.

        The answer is a context manager: at the end of its block the place is given back, unless it was kept.
        With `reserve` False, and for test keys, it is only looked whether there would be a place: there is
        nothing to keep, and no block is needed.

        Raises RateLimitExceeded, with nothing taken, or DailyLimitExceeded, with the token spent.
        """
        bucket = bucket_of(key.key_type, service.rate_limit) if self.rate_limit_enabled else None
        return self._ask(service, key.key_type, channel.value, bucket, reserve=reserve)

    def international_sms(self, service: Service, key: ApiKey, *, reserve: bool = True) -> Admission:
        """Reserve a place in today's count of texts abroad; otherwise as for any other text.

        Raises DailyLimitExceeded.
        """
        return self._ask(service, key.key_type, INTERNATIONAL_SMS, reserve=reserve)

    def request(self, service: Service, key: ApiKey) -> Standing:
        """Take a token of this minute for a request of which it is not known yet how many messages of what it is.

        Return how the service stands then, without the day. Raises RateLimitExceeded.
        """
        now = self.clock()
        bucket = bucket_of(key.key_type, service.rate_limit) if self.rate_limit_enabled else None
        if bucket is None:
            return Standing(service.rate_limit, None, 0.0, None, 0, now)
        tally = self.limiter.ask(service.id, _NO_COUNTER, bucket, now=now, amount=0, reserve=False)
        standing = Standing(service.rate_limit, bucket, tally.tokens, None, 0, now)
        if tally.wait > 0:
            raise _too_hasty(service, key.key_type, tally.wait, standing)
        return standing

    def give_back_several(
        self, service_id: UUID, key_type: KeyType, accepted_at: datetime, amounts: Mapping[str, int]
    ) -> None:
        """Give back places, so many of each channel or of INTERNATIONAL_SMS; otherwise as `give_back`."""
        today = utc_day(self.clock())
        if key_type is KeyType.TEST or utc_day(accepted_at) != today:
            return
        for what, amount in amounts.items():
            if amount:
                self.limiter.give_back(service_id, daily_counter(key_type, what, today), amount=amount)

    def give_back(self, *notifications: Notification) -> None:
        """Give back the places of messages that will not be sent after all, each at most once.

        Only today's count can be helped: messages accepted on an earlier UTC day, and those of test keys, are
        passed over. Never raises; costs one request for each counter.
        """
        today = utc_day(self.clock())
        places = collections.Counter(
            (notification.service_id, daily_counter(notification.key_type, what, today))
            for notification in notifications
            if notification.key_type is not KeyType.TEST and utc_day(notification.created_at) == today
            for what in _counted_as(notification)
        )
        for (owner, counter), amount in places.items():
            self.limiter.give_back(owner, counter, amount=amount)

    def _ask(
        self, service: Service, key_type: KeyType, what: str, bucket: Bucket | None = None, *, reserve: bool = True
    ) -> Admission:
        now = self.clock()
        counter = counter_of(service, key_type, what, now)
        reserve = reserve and key_type is not KeyType.TEST
        tally = self.limiter.ask(service.id, counter, bucket, now=now, reserve=reserve)
        standing = Standing(service.rate_limit, bucket, tally.tokens, counter.limit, tally.count, now)
        if tally.wait > 0:
            raise _too_hasty(service, key_type, tally.wait, standing)
        if not tally.fits:
            sentence = f"Exceeded send limits ({what}: {counter.limit}) for today"
            raise DailyLimitExceeded(sentence, seconds_left_today(now), standing)
        return Admission(standing, self.limiter, service.id, counter.name, reserve)


def _too_hasty(service: Service, key_type: KeyType, wait: float, standing: Standing) -> RateLimitExceeded:
    rate = f"{service.rate_limit} requests per 60 seconds"
    return RateLimitExceeded(f"Exceeded rate limit for key type {_SPOKEN[key_type]} of {rate}", wait, standing)


@lru_cache(maxsize=1024)
def bucket_of(key_type: KeyType, rate_limit: int) -> Bucket:
    """Return the bucket that a service of that rate (requests a minute) has for each type of key."""
    return Bucket(f"tokens-{key_type}", bucket_capacity(rate_limit), rate_limit / MINUTE)


def bucket_capacity(rate_limit: int) -> int:
    """Return how many requests a service of that rate (a minute) may make at once.

    >>> bucket_capacity(3000), bucket_capacity(10), bucket_capacity(0)
    (1000, 5, 0)
    """
    return min(math.ceil(rate_limit / 3) + 1, _LARGEST_BUCKET) if rate_limit else 0


def _counted_as(notification: Notification) -> Iterator[str]:
    """Yield what a message was counted as: its channel, and a text to another country also as such."""
    yield notification.channel.value
    if notification.channel is Channel.SMS and notification.country_prefix not in {None, _UK_PREFIX}:
        yield INTERNATIONAL_SMS
