"""What the use cases need of wherever rates, allowances and the days' facts are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from notify_core.billing.allowance import Allowance, Grounds
from notify_core.billing.model import DayUsage, Fact
from notify_core.billing.rates import LetterRate, SmsRate, Tariff
from notify_core.notifications.window import Window


class BillingRepository(Protocol):
    """Rates, free allowances, and what was sent on each London day."""

    def tariff(self) -> Tariff:
        """Return all rates: those of texts by day, those of letters by postage, sheets and day."""
        ...

    def put_rate(self, rate: SmsRate | LetterRate) -> None:
        """Store a rate, in the place of the one of the same kind and day if there is one."""
        ...

    def replace_day(self, day: date) -> int:
        """Count the day's messages of all services, put what comes of it in the place of what was stored of the day.

        Returns how many facts the day now has. Counted are messages accepted on that London day with other keys than
        test keys, in a status that is charged for. For a transaction: of two at the same time, one waits for the
        other. Only what differs is written. Messages with ids of more than 31 days before are not found.
        """
        ...

    def list_facts(self, service_id: UUID, day: date) -> list[Fact]:
        """Return what is stored of a service's day, by channel, template and then all that tells facts apart."""
        ...

    def list_usage(self, service_id: UUID, *, first: date, last: date) -> list[DayUsage]:
        """Return what is stored of a service's days from `first` to `last`, by day, channel, postage and sheets."""
        ...

    def count_live(self, window: Window) -> list[DayUsage]:
        """Count the window of a service's day by the rules of `replace_day`, in the order of `list_usage`."""
        ...

    def find_allowance(self, service_id: UUID, year: int) -> Allowance | None:
        """Return the service's allowance for a financial year, or None while it has none."""
        ...

    def allowance_grounds(self, year: int, service_id: UUID | None = None) -> list[Grounds]:
        """Return what decides on the allowance of that service, if there is one.

        Without a service, what decides on those of all active services that have none for the year. The year is
        not before the first for which there are defaults.
        """
        ...

    def put_allowances(self, allowances: Sequence[Allowance], *, replace: bool) -> int:
        """Store allowances; those of a service and year that has one only with `replace`. Returns how many."""
        ...
