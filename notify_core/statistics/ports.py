"""What the use cases need of wherever counts are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from notify_core.notifications.window import Window
from notify_core.statistics.model import (
    By,
    Period,
    ProcessingTime,
    ServiceMonth,
    StatusCount,
    TextsOfService,
)
from notify_core.vocabulary import Channel, KeyType


class StatisticsRepository(Protocol):
    """The facts that nights count, counts of how things are now, and how soon messages are handed over."""

    def replace_facts(self, day: date, channels: Collection[Channel]) -> int:
        """Count the day's messages of these channels anew, in the place of what was counted of them before.

        Those of test keys are left out. Returns how many facts there are now. Belongs into a transaction: of two at
        the same time for one day the second waits until the first has committed.
        """
        ...

    def days_with_facts(self, days: Collection[date]) -> frozenset[date]:
        """Return those of the days that have facts of texts or emails."""
        ...

    def count_facts(
        self, period: Period, by: By, *, service_id: UUID | None = None, without: Sequence[date] = ()
    ) -> list[StatusCount]:
        """Add up the facts of the period's days but those `without`, of one service or of all, in any order."""
        ...

    def count_live(self, window: Window, by: By, *, key_types: Collection[KeyType]) -> list[StatusCount]:
        """Count the window's messages sent with keys of these types, in any order.

        Of By only SERVICE and TEMPLATE count: it is about one day.
        """
        ...

    def count_by_service(self, period: Period) -> list[ServiceMonth]:
        """Add up the facts of the period for each service that is active and not in trial mode, month and channel.

        By month, then service, then channel. Messages that are still `created` are left out.
        """
        ...

    def last_fact(self, template_id: UUID, *, since: date) -> date | None:
        """Return the last day from `since` on on which the template was used, as the facts tell, or None."""
        ...

    def last_accepted(self, template_id: UUID, window: Window) -> datetime | None:
        """Return when the last of the window's messages was made of the template, or None. Not with test keys."""
        ...

    def measure_processing(self, day: date) -> ProcessingTime:
        """Measure how soon the day's texts and emails were handed over that programs asked for.

        Without those of test keys. What was to be sent later is timed from then.
        """
        ...

    def save_processing_time(self, measured: ProcessingTime) -> None:
        """Store the figures of a day, in the place of any there are."""
        ...

    def list_processing_times(self, period: Period) -> list[ProcessingTime]:
        """Return the figures of the period's days that have some, the first day first."""
        ...

    def texts_of_services(self, *, since: datetime, now: datetime, at_least: int) -> list[TextsOfService]:
        """Count the texts, accepted in [since, now) as their ids tell, of services that are active and not in trial.

        Only of those with `at_least` so many, the most first. Without those of test keys.
        """
        ...

    def texts_to_tv_numbers(self, *, since: datetime, now: datetime, more_than: int) -> list[TextsOfService]:
        """Count those among them that went to numbers for drama, 447700900000 to 447700900999.

        Only of services with more than so many of these, the most first.
        """
        ...
