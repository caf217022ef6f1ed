"""Give up on receipts that never came: what a provider took days ago, and said nothing final about, has failed.

A night looks at a day's worth of messages, and then at two weeks before it, for nights that were missed. That can be
much to read, so it is done in pieces: a task does what it can in a few seconds, and promises the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import frozen

from notify_core.clock import Clock
from notify_core.identifiers import NewId, first_id_at, moment_of
from notify_core.notifications.model import Notification
from notify_core.outbox.model import Queue, Task
from notify_core.outbox.rest import promise_rest
from notify_core.unit_of_work import Database, UnitOfWork

#: How long after it was accepted a message may wait for its receipt.
TIMED_OUT_AFTER = timedelta(hours=72)
_LOOKED_AT = timedelta(days=1 + 14)
# What one statement looks through: an hour's messages are read well within its time limit.
_SLICE = timedelta(hours=1)
_BATCH = 1000
# Well within the time that a task may take.
_AT_A_TIME = timedelta(seconds=10)

Told = Callable[[UnitOfWork, Sequence[Notification]], None]


def nobody_is_told(work: UnitOfWork, notifications: Sequence[Notification]) -> None:
    """Promise nothing to anybody."""


@frozen
class TimeOutSending:
    """End texts and emails that have waited for their receipt for three days as temporary failures.

    `told` hears of each batch inside its transaction, to promise whatever follows from it. What is not done after
    `at_a_time` is promised.
    """

    database: Database
    clock: Clock
    new_id: NewId
    told: Told = nobody_is_told
    at_a_time: timedelta = _AT_A_TIME

    def __call__(self, before_ids: Sequence[UUID] = ()) -> int:
        """Return how many timed out now; what there was no time for is promised.

        Begins with the youngest, or with those before the latest of `before_ids`. Each batch is a transaction of its
        own. Safe to repeat, and to run twice at the same time. A message whose receipt is being applied just then is
        left to it, or to the next night.
        """
        start = self.clock()
        oldest = start - TIMED_OUT_AFTER - _LOOKED_AT
        youngest = first_id_at(start - TIMED_OUT_AFTER)
        end = moment_of(min(youngest, max(before_ids, default=youngest)))
        total = 0
        while end > oldest:
            timed_out = self._batch(end - _SLICE, end)
            total += timed_out
            if timed_out < _BATCH:
                end -= _SLICE
            if end > oldest and self.clock() - start >= self.at_a_time:
                self._promise(end)
                break
        return total

    def _batch(self, start: datetime, end: datetime) -> int:
        """Time out a batch of what was accepted in [start, end)."""
        now = self.clock()
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
        return len(timed_out)

    def _promise(self, end: datetime) -> None:
        place, now = first_id_at(end), self.clock()
        promise_rest(self.database, self.new_id, Task.TIME_OUT_SENDING, Queue.PERIODIC, place=place, at=now)
