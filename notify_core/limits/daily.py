"""The counts of a day: what they are called, how high they may go, and which day it is."""

from __future__ import annotations

from datetime import UTC, datetime

from notify_core.limits.ports import Counter
from notify_core.services.model import MessageLimits, Service
from notify_core.vocabulary import KeyType

INTERNATIONAL_SMS = "international_sms"

# A trial service's test keys are measured as if the service were live.
_LIVE_LIMITS = MessageLimits(sms=250_000, email=250_000, letter=20_000, international_sms=100)


def counter_of(service: Service, key_type: KeyType, what: str, moment: datetime) -> Counter:
    """Return the service's counter of `what`, a channel or INTERNATIONAL_SMS, for the day of that moment."""
    limits = _LIVE_LIMITS if key_type is KeyType.TEST and service.restricted else service.limits
    return Counter(daily_counter(key_type, what, utc_day(moment)), int(getattr(limits, what)))


def daily_counter(key_type: KeyType, what: str, day: str) -> str:
    """Return the name of a service's counter of that day. Test keys have their own; `day` is the UTC date."""
    return f"test-{what}-{day}-count" if key_type is KeyType.TEST else f"{what}-{day}-count"


def utc_day(moment: datetime) -> str:
    """Return the day whose counts a moment belongs to.

    >>> from datetime import timedelta, timezone
    >>> utc_day(datetime(2026, 6, 2, 0, 30, tzinfo=timezone(timedelta(hours=1))))
    '2026-06-01'
    """
    return moment.astimezone(UTC).date().isoformat()
