"""Count what became of a day's messages, every night for the days on which that may still have changed.

Texts and emails are final after three days, when those without a receipt time out; letters took nine at most. So a
night counts four days of the first and ten of the second, each day and kind in a task of its own. Where nights were
missed, it counts so many days more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from itertools import takewhile
from uuid import UUID

from attrs import frozen

from notify_core.archive.countable import require_countable
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.outbox.days import day_of_id, id_of_day
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.statistics.model import LETTERS, TEXTS_AND_EMAILS, InvalidPeriod
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

TEXT_AND_EMAIL_DAYS = 4
LETTER_DAYS = 10
# As far back as texts and emails are timed out that nights have missed.
_MOST_MISSED = 14


@frozen
class BuildStatusFacts:
    """Count a day's messages by service, template, job, channel, key type and status."""

    database: Database
    clock: Clock

    def __call__(self, day: date, channels: Collection[Channel] | None = None) -> int:
        """Replace the facts of that London day, of these channels or of all, and return how many there are now.

        Safe to repeat, and to run twice at the same time. Raises InvalidPeriod for a day that is not over, and
        FactsArchived for one that cannot be counted any more.
        """
        if day >= london_date(self.clock()):
            raise InvalidPeriod(f"{day} is not over: its facts can be built from the next day on")
        with self.database.begin() as work:
            require_countable(work, day)
            built = work.statistics.replace_facts(day, frozenset(channels or Channel))
            work.commit()
        return built


@frozen
class BuildPromisedFacts:
    """Build the facts of days that a night promised, of the same channels each time."""

    build: BuildStatusFacts
    channels: frozenset[Channel]

    def __call__(self, day_ids: Iterable[UUID]) -> None:
        """Build the facts of the days that these ids stand for, as `id_of_day` has them. Raises like `build`."""
        for day_id in day_ids:
            self.build(day_of_id(day_id), self.channels)


@frozen
class CreateNightlyStatus:
    """Promise that the facts of the last days are built."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self) -> int:
        """Promise a task for each day and kind, yesterday first, and return how many there are.

        Days without a message look like days whose night was missed: counting them again costs nothing.
        """
        now = self.clock()
        today = london_date(now)
        missed = self._missed(today)
        pieces = [
            (task, today - timedelta(days=ago))
            for ago in range(1, LETTER_DAYS + missed + 1)
            for task, days in (
                (Task.BUILD_STATUS_FACTS, TEXT_AND_EMAIL_DAYS + missed),
                (Task.BUILD_LETTER_STATUS_FACTS, LETTER_DAYS + missed),
            )
            if ago <= days
        ]
        promises = [
            OutboxEntry(
                id=self.new_id(), task=task, queue=Queue.REPORTING, subject_id=id_of_day(day), available_at=now
            )
            for task, day in pieces
        ]
        with self.database.statement() as work:
            work.outbox.add(promises)
        return len(promises)

    def _missed(self, today: date) -> int:
        """Return how many nights before this one were missed: each has left the day before it without facts."""
        days = [today - timedelta(days=ago) for ago in range(2, 2 + _MOST_MISSED)]
        with self.database.statement() as work:
            counted = work.statistics.days_with_facts(days)
        return len(list(takewhile(lambda day: day not in counted, days)))


#: What each of the promised tasks is about.
CHANNELS_OF_TASK = {
    Task.BUILD_STATUS_FACTS: TEXTS_AND_EMAILS,
    Task.BUILD_LETTER_STATUS_FACTS: LETTERS,
}
