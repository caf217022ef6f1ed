"""London days: "day", "month" and "financial year" always mean civil time in London. And which days are worked on."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from attrs import frozen

from notify_core.errors import NotifyError

LONDON = ZoneInfo("Europe/London")

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_SUNDAY = 6
_APRIL = 4


def london_time(moment: datetime) -> datetime:
    """Return an aware moment as clocks in London show it.

    >>> london_time(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)).isoformat()
    '2026-07-01T00:30:00+01:00'
    """
    return moment.astimezone(LONDON)


def london_date(moment: datetime) -> date:
    """Return the London day of an aware moment.

    >>> london_date(datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
    datetime.date(2026, 7, 1)
    """
    return london_time(moment).date()


def london_text(moment: datetime) -> str:
    """Return a moment as people in London write it, to the second.

    >>> london_text(datetime(2026, 6, 5, 23, 0, 0, tzinfo=UTC))
    '2026-06-06 00:00:00'
    """
    return f"{london_time(moment):%Y-%m-%d %H:%M:%S}"


def from_london_time(wall_clock: datetime) -> datetime:
    """Return the moment, in UTC, at which clocks in London show this naive time.

    Of the two in the hour that is repeated in autumn, the first; a time in the hour that is left out in spring
    is read as if the clocks had not changed yet.

    >>> from_london_time(datetime(2025, 10, 26, 1, 30)).isoformat()
    '2025-10-26T00:30:00+00:00'
    >>> from_london_time(datetime(2025, 3, 30, 1, 30)).isoformat()
    '2025-03-30T01:30:00+00:00'
    """
    return wall_clock.replace(tzinfo=LONDON, fold=0).astimezone(UTC)


def london_midnight(day: date) -> datetime:
    """Return the start of a London day, in UTC.

    >>> london_midnight(date(2026, 7, 1))
    datetime.datetime(2026, 6, 30, 23, 0, tzinfo=datetime.timezone.utc)
    """
    return datetime.combine(day, time(), tzinfo=LONDON).astimezone(UTC)


def financial_year(day: date) -> int:
    """Return the year in whose April the financial year of a London day began.

    >>> financial_year(date(2019, 3, 31)), financial_year(date(2019, 4, 1))
    (2018, 2019)
    """
    return day.year if (day.month, day.day) >= (_APRIL, 1) else day.year - 1


def days_of_financial_year(year: int) -> tuple[date, date]:
    """Return the first and the last London day of the financial year that begins in April of `year`.

    >>> [day.isoformat() for day in days_of_financial_year(2018)]
    ['2018-04-01', '2019-03-31']
    """
    return date(year, _APRIL, 1), date(year + 1, _APRIL, 1) - _ONE_DAY


class NoWorkingDays(NotifyError):
    """A number of working days from a day was asked for, and the number was 0: the day may be none itself."""

    code = "no-working-days"

    def __init__(self) -> None:
        super().__init__("days argument must not be 0")


@frozen
class WorkingDays:
    """The days on which somebody works: not on bank holidays of England and Wales, nor on the `free` weekdays.

    Weekdays count from Monday, which is 0.

    >>> MONDAY_TO_FRIDAY.after(date(2025, 12, 24), 1)
    datetime.date(2025, 12, 29)
    >>> MONDAY_TO_SATURDAY.after(date(2025, 12, 24), 1)
    datetime.date(2025, 12, 27)
    """

    free: AbstractSet[int]

    def include(self, day: date) -> bool:
        """Whether that day is worked on."""
        return day.weekday() not in self.free and day not in bank_holidays()

    def after(self, day: date, days: int) -> date:
        """Return the day that is so many working days after that day, or before it when negative.

        Raises NoWorkingDays for 0.
        """
        if days == 0:
            raise NoWorkingDays
        step = _ONE_DAY if days > 0 else -_ONE_DAY
        remaining = abs(days)
        while remaining:
            day += step
            remaining -= self.include(day)
        return day


MONDAY_TO_FRIDAY = WorkingDays(frozenset({_SATURDAY, _SUNDAY}))
MONDAY_TO_SATURDAY = WorkingDays(frozenset({_SUNDAY}))


@cache
def bank_holidays() -> frozenset[date]:
    """Return the bank holidays of England and Wales that have been announced, from 2018 on.

    >>> date(2025, 12, 25) in bank_holidays()
    True
    """
    from notify_core.recipients.data import read_table

    return frozenset(date.fromisoformat(row["date"]) for row in read_table("bank_holidays_england_wales"))
