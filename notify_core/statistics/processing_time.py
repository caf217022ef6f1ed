"""Measure how soon the platform hands over what programs ask for."""

from __future__ import annotations

from datetime import date, timedelta

from attrs import frozen

from notify_core.archive.countable import countable_since, require_countable
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.statistics.model import InvalidPeriod, Period, ProcessingTime
from notify_core.unit_of_work import Database

_DAY = timedelta(days=1)
#: Yesterday, and days before it for nights that were missed.
MEASURED_DAYS = 7
_MADE_UP_FOR = timedelta(days=MEASURED_DAYS - 1)
# Well within the time that a task may take.
_AT_A_TIME = timedelta(seconds=10)


@frozen
class SaveProcessingTime:
    """Measure a day, and keep the figures."""

    database: Database
    clock: Clock

    def __call__(self, day: date | None = None) -> list[ProcessingTime]:
        """Measure that London day and return the figures; without a day, yesterday and what was missed of a week.

        Safe to repeat. Raises InvalidPeriod for a day that is not over, and FactsArchived for one whose messages
        are in the archive.
        """
        start = self.clock()
        yesterday = london_date(start) - _DAY
        if day is not None and day > yesterday:
            raise InvalidPeriod(f"{day} is not over: it can be measured from the next day on")
        saved: list[ProcessingTime] = []
        for one in [yesterday, *self._missed(yesterday)] if day is None else [day]:
            if saved and self.clock() - start >= _AT_A_TIME:
                break
            saved.append(self._measure(one))
        return saved

    def _missed(self, yesterday: date) -> list[date]:
        week = Period(yesterday - _MADE_UP_FOR, yesterday - _DAY)
        with self.database.statement() as work:
            known = {figures.day for figures in work.statistics.list_processing_times(week)}
            countable = countable_since(work)
        return [day for day in reversed(week.days()) if day not in known and day >= countable]

    def _measure(self, day: date) -> ProcessingTime:
        with self.database.begin() as work:
            require_countable(work, day)
            measured = work.statistics.measure_processing(day)
            work.statistics.save_processing_time(measured)
            work.commit()
        return measured


@frozen
class ListProcessingTimes:
    """How soon messages were handed over, day by day."""

    database: Database

    def __call__(self, period: Period) -> list[ProcessingTime]:
        """Return the figures of the period's days that were measured, the first day first."""
        with self.database.statement() as work:
            return work.statistics.list_processing_times(period)
