"""What a text costs, by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from attrs import field, frozen

from notify_core.calendar import london_midnight
from notify_core.notifications.model import Notification
from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel

# Pounds per fragment, by the London day from which it holds, newest first.
SMS_RATES: tuple[tuple[date, Decimal], ...] = (
    (date(2026, 4, 1), Decimal("0.024")),
    (date(2025, 4, 1), Decimal("0.0233")),
    (date(2024, 4, 1), Decimal("0.0227")),
    (date(2023, 4, 1), Decimal("0.0197")),
    (date(2022, 5, 1), Decimal("0.0172")),
    (date(2022, 4, 1), Decimal("0.0161")),
    (date(2021, 4, 1), Decimal("0.0160")),
    (date(2017, 4, 1), Decimal("0.0158")),
    (date(2016, 5, 18), Decimal("0.0165")),
)

_RATES_SINCE = tuple((london_midnight(day), rate) for day, rate in SMS_RATES)


def sms_rate(moment: datetime) -> Decimal | None:
    """Return pounds per fragment on the London day of `moment`, or None before the first rate.

    >>> from datetime import UTC
    >>> sms_rate(datetime(2026, 3, 31, 23, 30, tzinfo=UTC))
    Decimal('0.024')
    """
    return next((rate for start, rate in _RATES_SINCE if start <= moment), None)


@frozen(kw_only=True, cache_hash=True)
class Cost:
    """The price of one message, before any free allowance. Not `ready` until the message has been rendered."""

    ready: bool
    pounds: Decimal | None = None
    details: Mapping[str, Decimal | int | str] = field(factory=dict, hash=False)


_NOT_YET = Cost(ready=False)
_FREE = Cost(ready=True, pounds=Decimal(0))


def cost_of(notification: Notification) -> Cost:
    """Price a text or an email. Emails are free; a text costs its fragments × its country's multiplier."""
    if notification.channel is Channel.EMAIL:
        return _FREE
    rate = sms_rate(notification.created_at)
    waiting = notification.status is Status.CREATED and notification.billable_units == 0
    if waiting or rate is None:
        return _NOT_YET
    multiplier = notification.rate_multiplier
    return _cost_of_sms(notification.billable_units, 1 if multiplier is None else multiplier, rate)


@lru_cache
def _cost_of_sms(fragments: int, multiplier: int, rate: Decimal) -> Cost:
    """Return the price of a text: one of the few that nearly all of them have."""
    return Cost(
        ready=True,
        pounds=fragments * multiplier * rate,
        details={
            "billable_sms_fragments": fragments,
            "international_rate_multiplier": Decimal(multiplier),
            "sms_rate": rate,
        },
    )
