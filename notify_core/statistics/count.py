"""Tell what became of messages: the facts of the nights, and the days since then as they are now.

No night has counted today, nor yesterday until half past midnight, nor a day whose night was missed. Such days, of
the last four, are counted when somebody asks; so the figures are whole at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from attrs import evolve, frozen

from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.errors import NotFound
from notify_core.notifications.of_day import window_of_day
from notify_core.services.find import existing_service
from notify_core.statistics.build_facts import TEXT_AND_EMAIL_DAYS
from notify_core.statistics.model import (
    NOT_REQUESTED,
    By,
    LastUse,
    Period,
    ServiceMonth,
    Statistics,
    StatusCount,
    added_up,
)
from notify_core.unit_of_work import Database, UnitOfWork
from notify_core.vocabulary import KeyType

_REAL = frozenset({KeyType.NORMAL, KeyType.TEAM})
_A_YEAR = timedelta(days=365)


@frozen
class CountStatistics:
    """What became of the messages of a period, of one service or of all."""

    database: Database
    clock: Clock

    def __call__(
        self, period: Period, service_id: UUID | None = None, *, by: By = By.NOTHING, test_keys: bool = False
    ) -> Statistics:
        """Count the messages of the period's days by channel, key type, status, and what `by` says.

        Messages of test keys are left out; with `test_keys` those are counted of days that are counted live, for
        nothing is kept of them. Raises NotFound when there is no such service, ValueError for both day and month.
        """
        if By.DAY in by and By.MONTH in by:
            raise ValueError("count by day or by month")
        key_types = frozenset(KeyType) if test_keys else _REAL
        today = london_date(self.clock())
        with self.database.statement() as work:
            if service_id is not None:
                existing_service(work, service_id)
            live = [day for day in _uncounted(work, today) if day in period]
            counts = work.statistics.count_facts(period, by, service_id=service_id, without=live)
            for day in live:
                window = window_of_day(work, day, service_id)
                counted = work.statistics.count_live(window, by, key_types=key_types)
                counts += [evolve(count, day=_shown(day, by)) for count in counted]
        return Statistics(period=period, counts=added_up(counts), live=tuple(live))


@frozen
class CountTemplateUse:
    """How much a service uses each of its templates, month by month."""

    count: CountStatistics

    def __call__(self, service_id: UUID, year: int) -> tuple[StatusCount, ...]:
        """Count the messages of a financial year by template and month, without cancelled ones and test keys'.

        Raises NotFound, and InvalidPeriod when there is no such year.
        """
        found = self.count(Period.financial_year(year), service_id, by=By.TEMPLATE | By.MONTH)
        return tuple(count for count in found.counts if count.status not in NOT_REQUESTED)


@frozen
class ReportServices:
    """What became of the messages of each live service, month by month."""

    database: Database

    def __call__(self, period: Period) -> list[ServiceMonth]:
        """Return a line for each month, live service and channel, from the facts that nights have counted."""
        with self.database.statement() as work:
            return work.statistics.count_by_service(period)


@frozen
class FindLastUse:
    """When a template was last used."""

    database: Database
    clock: Clock

    def __call__(self, template_id: UUID) -> LastUse | None:
        """Return when that was within a year, test keys apart, or None. Raises NotFound."""
        today = london_date(self.clock())
        with self.database.statement() as work:
            template = work.templates.find(template_id)
            if template is None:
                raise NotFound(f"There is no template with id {template_id}")
            for day in reversed(list(_uncounted(work, today))):
                at = work.statistics.last_accepted(template_id, window_of_day(work, day, template.service_id))
                if at is not None:
                    return LastUse(day=day, at=at)
            day_of_fact = work.statistics.last_fact(template_id, since=today - _A_YEAR)
        return None if day_of_fact is None else LastUse(day=day_of_fact)


def _uncounted(work: UnitOfWork, today: date) -> Iterator[date]:
    """Yield the days that no night has counted, in their order: those of the last four without facts, and today."""
    before = Period.last_days(today - timedelta(days=1), TEXT_AND_EMAIL_DAYS - 1).days()
    counted = work.statistics.days_with_facts(before)
    yield from (day for day in before if day not in counted)
    yield today


def _shown(day: date, by: By) -> date | None:
    if By.DAY in by:
        return day
    return day.replace(day=1) if By.MONTH in by else None
