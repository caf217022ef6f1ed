"""London days: "day", "month" and "financial year" always mean civil time in London."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def london_date(moment: datetime) -> date:
    """Return the London day of an aware moment.

    >>> london_date(datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
    datetime.date(2026, 7, 1)
    """
    return moment.astimezone(LONDON).date()


def london_midnight(day: date) -> datetime:
    """Return the start of a London day, in UTC.

    >>> london_midnight(date(2026, 7, 1))
    datetime.datetime(2026, 6, 30, 23, 0, tzinfo=datetime.timezone.utc)
    """
    return datetime.combine(day, time(), tzinfo=LONDON).astimezone(UTC)
