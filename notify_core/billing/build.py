"""Count what was sent on a day. A day is counted many times, since messages change for days after they were accepted.

Each time the whole day is put in the place of what was counted before: so what is not charged for any more goes, and
it does not matter how often a day is counted, or how late.
"""

from __future__ import annotations

from datetime import date, timedelta

from attrs import frozen

from notify_core.archive.countable import require_countable
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.outbox.days import id_of_day
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.unit_of_work import Database

#: A text may change for three days after it was accepted, a letter for about nine.
NIGHTLY_DAYS = 10
# Between the days of one night, so that they do not all ask the database at the same time.
_APART = timedelta(seconds=30)


@frozen
class BuildBilling:
    """Count a London day for all services."""

    database: Database

    def __call__(self, day: date) -> int:
        """Return how many facts the day has. Raises FactsArchived.

        Safe to repeat, and to do twice at the same time.
        """
        with self.database.begin() as work:
            require_countable(work, day)
            facts = work.billing.replace_day(day)
            work.commit()
        return facts


@frozen
class CreateNightlyBilling:
    """Have the last days counted once more."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, today: date | None = None, days: int = NIGHTLY_DAYS) -> list[date]:
        """Promise to count the `days` up to the one before `today` (London; None: now), and return them."""
        now = self.clock()
        last = (today or london_date(now)) - timedelta(days=1)
        wanted = [last - timedelta(days=back) for back in range(days)]
        promises = [
            OutboxEntry(
                id=self.new_id(),
                task=Task.BUILD_BILLING,
                queue=Queue.REPORTING,
                subject_id=id_of_day(day),
                available_at=now + number * _APART,
            )
            for number, day in enumerate(wanted)
        ]
        with self.database.statement() as work:
            work.outbox.add(promises)
        return wanted


@frozen
class UpdateBillingForToday:
    """Count today for all services, so far."""

    build: BuildBilling
    clock: Clock

    def __call__(self) -> int:
        """Return how many facts today has. Safe to repeat."""
        return self.build(london_date(self.clock()))
