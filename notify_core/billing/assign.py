"""Give services their allowances: when they are made, on 1 April, when somebody asks, and when somebody decides."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve, frozen

from notify_core.billing.allowance import (
    MOST_FRAGMENTS,
    Allowance,
    Grounds,
    InvalidAllowance,
    allowance_on,
    check_year,
)
from notify_core.calendar import financial_year, london_date
from notify_core.clock import Clock
from notify_core.errors import NotFound
from notify_core.unit_of_work import Database, UnitOfWork


def assign_allowance(work: UnitOfWork, service_id: UUID, year: int) -> Allowance:
    """Give a service the allowance it is due for a financial year, in the place of any it has. Raises NotFound."""
    allowance = allowance_on(_grounds(work, service_id, year))
    work.billing.put_allowances([allowance], replace=True)
    return allowance


def existing_allowance(work: UnitOfWork, service_id: UUID, year: int, *, this_year: int) -> Allowance:
    """Return a service's allowance for a financial year; if it has none, give it the one it is due.

    Raises InvalidYear, or NotFound when there is no such service.
    """
    check_year(year, this_year)
    found = work.billing.find_allowance(service_id, year)
    if found is not None:
        return found
    due = allowance_on(_grounds(work, service_id, year))
    if work.billing.put_allowances([due], replace=False):
        return due
    return work.billing.find_allowance(service_id, year) or due


def _grounds(work: UnitOfWork, service_id: UUID, year: int) -> Grounds:
    grounds = work.billing.allowance_grounds(year, service_id)
    if not grounds:
        raise NotFound(f"There is no service with id {service_id}")
    return grounds[0]


@frozen
class FindAllowance:
    """A service's allowance for a financial year."""

    database: Database
    clock: Clock

    def __call__(self, service_id: UUID, year: int | None = None) -> Allowance:
        """Return it; for this financial year, unless another is given. Raises InvalidYear or NotFound.

        A service that has none for the year gets the one it is due.
        """
        this_year = financial_year(london_date(self.clock()))
        with self.database.begin() as work:
            found = existing_allowance(work, service_id, this_year if year is None else year, this_year=this_year)
            work.commit()
        return found


@frozen
class SetAllowance:
    """Decide how many fragments a service has free in this financial year."""

    database: Database
    clock: Clock

    def __call__(self, service_id: UUID, fragments: int) -> Allowance:
        """Return the allowance as it now stands. Raises InvalidAllowance or NotFound. Safe to repeat.

        Another number than the default is carried over to the next year. The default is not: by giving that number
        one goes back to it.
        """
        if not 0 <= fragments <= MOST_FRAGMENTS:
            raise InvalidAllowance(f"fragments: {fragments} is not from 0 to {MOST_FRAGMENTS}")
        this_year = financial_year(london_date(self.clock()))
        with self.database.begin() as work:
            before = existing_allowance(work, service_id, this_year, this_year=this_year)
            default = _grounds(work, service_id, this_year).default
            allowance = evolve(before, fragments=fragments, custom=fragments != default)
            work.billing.put_allowances([allowance], replace=True)
            work.commit()
        return allowance


@frozen
class PopulateAnnualBilling:
    """Give all active services their allowances for a new financial year."""

    database: Database
    clock: Clock

    def __call__(self) -> int:
        """Return how many had none for this financial year, and now have one. Safe to repeat."""
        this_year = financial_year(london_date(self.clock()))
        with self.database.begin() as work:
            due = [allowance_on(grounds) for grounds in work.billing.allowance_grounds(this_year)]
            stored = work.billing.put_allowances(due, replace=False)
            work.commit()
        return stored
