"""What is counted, for which days, and what the counts come to. Days are London's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import Flag, auto
from uuid import UUID

from attrs import evolve, frozen

from notify_core.errors import NotifyError
from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel, KeyType

_DAY = timedelta(days=1)

#: Facts name this one where a message belongs to no job.
NO_JOB = UUID(int=0)

#: Cancelled messages were never asked for, after all.
NOT_REQUESTED = frozenset({Status.CANCELLED})
DELIVERED = frozenset({Status.DELIVERED, Status.SENT})
FAILED = frozenset(
    {
        Status.FAILED,
        Status.TECHNICAL_FAILURE,
        Status.TEMPORARY_FAILURE,
        Status.PERMANENT_FAILURE,
        Status.VALIDATION_FAILED,
        Status.VIRUS_SCAN_FAILED,
    }
)

TEXTS_AND_EMAILS = frozenset({Channel.SMS, Channel.EMAIL})
LETTERS = frozenset({Channel.LETTER})


class InvalidPeriod(NotifyError):
    """There is no such period, or it cannot be worked on."""

    code = "invalid-period"


@frozen
class Period:
    """London days from `first` to `last`, both included. Raises InvalidPeriod when there is none between them."""

    first: date
    last: date

    def __attrs_post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidPeriod(f"The last day, {self.last}, is before the first, {self.first}")

    @classmethod
    def last_days(cls, today: date, days: int) -> Period:
        """Return so many whole days, and `today` after them. Raises InvalidPeriod when the calendar has no such day.

        >>> Period.last_days(date(2026, 11, 21), 7)
        Period(first=datetime.date(2026, 11, 14), last=datetime.date(2026, 11, 21))
        """
        try:
            return cls(today - timedelta(days=days), today)
        except OverflowError:
            raise InvalidPeriod(f"{days} days before {today} there is no calendar") from None

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        """Return a month. Raises InvalidPeriod when there is no such month.

        >>> Period.month(2028, 2)
        Period(first=datetime.date(2028, 2, 1), last=datetime.date(2028, 2, 29))
        """
        try:
            first = date(year, month, 1)
            return cls(first, (first + 31 * _DAY).replace(day=1) - _DAY)
        except (ValueError, OverflowError):
            raise InvalidPeriod(f"There is no month {year}-{month:02}") from None

    @classmethod
    def financial_year(cls, year: int) -> Period:
        """Return the financial year that begins in April of `year`. Raises InvalidPeriod when there is none.

        >>> Period.financial_year(2026)
        Period(first=datetime.date(2026, 4, 1), last=datetime.date(2027, 3, 31))
        """
        try:
            return cls(date(year, 4, 1), date(year + 1, 3, 31))
        except (ValueError, OverflowError):
            raise InvalidPeriod(f"There is no financial year {year}") from None

    def days(self) -> list[date]:
        """Return its days, the first one first."""
        return [self.first + number * _DAY for number in range((self.last - self.first).days + 1)]

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


class By(Flag):
    """What is counted apart, beside channel, key type and status, which always are. Not by day and month at once."""

    NOTHING = 0
    DAY = auto()
    MONTH = auto()
    SERVICE = auto()
    TEMPLATE = auto()


@frozen(kw_only=True)
class StatusCount:
    """So many messages of a channel, sent with keys of a type, are in a status.

    `day`, `service_id` and `template_id` are None unless they were counted apart; of a month `day` is the first.
    """

    channel: Channel
    key_type: KeyType
    status: Status
    messages: int
    day: date | None = None
    service_id: UUID | None = None
    template_id: UUID | None = None


def added_up(counts: Iterable[StatusCount]) -> tuple[StatusCount, ...]:
    """Return one count for all that differ in nothing but their number, in an order that is always the same."""
    sums: dict[StatusCount, int] = {}
    for count in counts:
        key = evolve(count, messages=0)
        sums[key] = sums.get(key, 0) + count.messages
    return tuple(sorted((evolve(key, messages=messages) for key, messages in sums.items()), key=_place))


def _place(count: StatusCount) -> tuple[object, ...]:
    return (
        count.day or date.min,
        str(count.service_id or ""),
        str(count.template_id or ""),
        count.channel,
        count.key_type,
        count.status,
    )


@frozen
class Totals:
    """How many messages were asked for, and how many of these arrived or failed. The rest is on its way.

    Returned letters have neither arrived nor failed; cancelled messages were never asked for.
    """

    requested: int = 0
    delivered: int = 0
    failed: int = 0

    @property
    def waiting(self) -> int:
        """How many are on their way, or came back."""
        return self.requested - self.delivered - self.failed

    @property
    def failure_rate(self) -> float | None:
        """The share of failed ones, 0 to 1, or None when there were none at all."""
        return self.failed / self.requested if self.requested else None


def total(counts: Iterable[StatusCount]) -> Totals:
    """Return what these counts come to."""
    requested = delivered = failed = 0
    for count in counts:
        requested += 0 if count.status in NOT_REQUESTED else count.messages
        delivered += count.messages if count.status in DELIVERED else 0
        failed += count.messages if count.status in FAILED else 0
    return Totals(requested, delivered, failed)


@frozen(kw_only=True)
class Statistics:
    """The counts of a period.

    `live` are those of its days that were counted just now, because no night has counted them yet. All others are as
    the last night that looked at them found them.
    """

    period: Period
    counts: tuple[StatusCount, ...]
    live: tuple[date, ...] = ()

    def totals(self) -> dict[Channel, Totals]:
        """Return what they come to for each channel that has any."""
        return {
            channel: total(count for count in self.counts if count.channel is channel)
            for channel in Channel
            if any(count.channel is channel for count in self.counts)
        }


@frozen(kw_only=True)
class ServiceMonth:
    """What became of a live service's messages of one channel in the month that begins on `month`.

    `sending` is what waits for its receipt, `technical_failure` what failed without the provider having said more,
    `sent` what went abroad. What was never handed over is not counted.
    """

    month: date
    service_id: UUID
    service_name: str
    channel: Channel
    sending: int = 0
    delivered: int = 0
    technical_failure: int = 0
    temporary_failure: int = 0
    permanent_failure: int = 0
    sent: int = 0


@frozen(kw_only=True)
class LastUse:
    """When a template was last used: on that London day, and `at` that moment (UTC) where it is still known."""

    day: date
    at: datetime | None = None


@frozen(kw_only=True)
class ProcessingTime:
    """Of the `total` texts and emails that programs asked for on a day, so many were handed over in 10 seconds."""

    day: date
    total: int
    within_10_seconds: int

    @property
    def percentage(self) -> float:
        """The share of those that were, 0 to 100: all, where there were none."""
        return 100.0 if self.total == 0 else self.within_10_seconds / self.total * 100


@frozen(kw_only=True)
class TextsOfService:
    """The texts that a live service sent lately: how many, and how many of these failed for good."""

    service_id: UUID
    service_name: str
    texts: int
    permanent_failures: int = 0
