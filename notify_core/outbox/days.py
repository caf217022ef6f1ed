"""Days as ids: what a promise is about is named by an id, also where it is about a day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from notify_core.calendar import london_date, london_midnight
from notify_core.identifiers import first_id_at, moment_of


def id_of_day(day: date) -> UUID:
    """Return the id that stands for a London day.

    >>> id_of_day(date(2026, 7, 1))
    UUID('019f1ac2-c580-7000-8000-000000000000')
    """
    return first_id_at(london_midnight(day))


def day_of_id(identifier: UUID) -> date:
    """Return the London day that an id stands for, or in which it was made.

    >>> day_of_id(id_of_day(date(2026, 7, 1)))
    datetime.date(2026, 7, 1)
    """
    return london_date(moment_of(identifier))
