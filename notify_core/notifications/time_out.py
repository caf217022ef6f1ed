"""Give up on receipts that never came: what a provider took days ago, and said nothing final about, has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from notify_core.clock import Clock
from notify_core.identifiers import first_id_at
from notify_core.notifications.model import Notification
from notify_core.unit_of_work import Database, UnitOfWork

#: How long after it was accepted a message may wait for its receipt.
TIMED_OUT_AFTER = timedelta(hours=72)
# A day's worth each night, and what was missed in the two weeks before it.
_LOOKED_AT = timedelta(days=1 + 14)
# What one statement looks through: an hour's messages are read well within its time limit.
_SLICE = timedelta(hours=1)
_BATCH = 1000

Told = Callable[[UnitOfWork, Sequence[Notification]], None]


def nobody_is_told(work: UnitOfWork, notifications: Sequence[Notification]) -> None:
    """Promise nothing to anybody."""


@frozen
class TimeOutSending:
    """End texts and emails that have waited for their receipt for three days as temporary failures.

    `told` hears of each batch inside its transaction, to promise whatever follows from it.
    """

    database: Database
    clock: Clock
    told: Told = nobody_is_told

    def __call__(self) -> int:
        """Return how many timed out. Each batch is a transaction of its own.

        Safe to repeat, and to run twice at the same time. A message whose receipt is being applied just then is left
        to it, or to the next night.
        """
        now = self.clock()
        return sum(self._slice(start, end, now) for start, end in _slices(now - TIMED_OUT_AFTER))

    def _slice(self, start: datetime, end: datetime, now: datetime) -> int:
        total = 0
        while True:
            with self.database.begin() as work:
                timed_out = work.notifications.time_out(
                    from_id=first_id_at(start),
                    before_id=first_id_at(end),
                    created_before=now - TIMED_OUT_AFTER,
                    now=now,
                    limit=_BATCH,
                )
                if timed_out:
                    self.told(work, timed_out)
                    work.commit()
            total += len(timed_out)
            if len(timed_out) < _BATCH:
                return total


def _slices(end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the times to look at, the oldest first."""
    for slices in range(_LOOKED_AT // _SLICE, 0, -1):
        yield end - slices * _SLICE, end - (slices - 1) * _SLICE
