"""Tell what a service used."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from attrs import frozen

from notify_core.billing.allowance import Allowance
from notify_core.billing.assign import existing_allowance
from notify_core.billing.model import Fact
from notify_core.billing.usage import UsageLine, by_month, by_year, priced
from notify_core.calendar import days_of_financial_year, financial_year, london_date
from notify_core.clock import Clock
from notify_core.notifications.of_day import window_of_day
from notify_core.services.find import existing_service
from notify_core.unit_of_work import Database


@frozen(kw_only=True)
class Usage:
    """What a service used in a financial year: `yearly` by channel and rate, `monthly` by month and postage too."""

    service_id: UUID
    year: int
    allowance: Allowance
    yearly: tuple[UsageLine, ...]
    monthly: tuple[UsageLine, ...]

    @property
    def cost(self) -> Decimal:
        """All that is to be paid, in pounds."""
        return sum((line.cost for line in self.yearly), Decimal(0))

    @property
    def free_fragments_left(self) -> int:
        """How many fragments are still free."""
        return self.allowance.fragments - sum(line.free_allowance_used for line in self.yearly)


@frozen
class ShowUsage:
    """What a service used in a financial year."""

    database: Database
    clock: Clock

    def __call__(self, service_id: UUID, year: int | None = None) -> Usage:
        """Return the usage of the financial year that begins in April of `year`; None means this one.

        Days that are over are as they were counted last; today is counted now. Raises NotFound, InvalidYear, or
        NoRate where it is not known what something cost.
        """
        today = london_date(self.clock())
        this_year = financial_year(today)
        year = this_year if year is None else year
        with self.database.begin() as work:
            existing_service(work, service_id)
            allowance = existing_allowance(work, service_id, year, this_year=this_year)
            first, last = days_of_financial_year(year)
            days = work.billing.list_usage(service_id, first=first, last=min(last, today - timedelta(days=1)))
            if year == this_year:
                days += work.billing.count_live(window_of_day(work, today, service_id))
            tariff = work.billing.tariff()
            work.commit()
        lines = priced(days, tariff, allowance.fragments)
        return Usage(
            service_id=service_id,
            year=year,
            allowance=allowance,
            yearly=by_year(lines, first),
            monthly=by_month(lines),
        )


@frozen
class ListFacts:
    """What was counted of a service's day: by template, provider and country, for who wants to know why."""

    database: Database

    def __call__(self, service_id: UUID, day: date) -> list[Fact]:
        """Return the day's facts as they were counted last. Raises NotFound."""
        with self.database.statement() as work:
            existing_service(work, service_id)
            return work.billing.list_facts(service_id, day)
