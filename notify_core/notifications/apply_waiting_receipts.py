"""Apply the receipts that were stored, and that nobody could apply when they came.

With all well there are none. This is the net below: a web process that was killed between storing and applying, a
message that was locked for too long, an error of ours.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import field, frozen

from notify_core.clock import Clock
from notify_core.notifications.model import WaitingReceipt
from notify_core.notifications.record_receipt import FollowUp, ReceiptLog, apply, message_of
from notify_core.unit_of_work import Database, DatabaseUnavailable

# Longer than a web process is at a receipt that has just come.
_LEFT_ALONE = timedelta(seconds=30)
_UNCLAIMED_AFTER = timedelta(days=7)
_BATCH = 500
# Within what a task may take, so that the next run goes on where this one ends.
_LONGEST_RUN = timedelta(seconds=15)
# One may be locked by somebody; several in a row, and the database is away.
_MOST_FAILURES_IN_A_ROW = 3


@frozen(kw_only=True)
class Swept:
    """What a run did: receipts `applied`, `left` for the next run because applying them failed, and `dropped`."""

    applied: int
    left: int
    dropped: int


@frozen
class ApplyWaitingReceipts:
    """Apply what waits and can be applied, each by itself, and throw away what no message has claimed for 7 days."""

    database: Database
    clock: Clock
    log: ReceiptLog = field(factory=ReceiptLog)
    follow_up: FollowUp = field(factory=FollowUp)

    def __call__(self, *, left_alone: timedelta = _LEFT_ALONE) -> Swept:
        """Try every receipt whose message is known, that came more than `left_alone` ago and was not tried since.

        One that cannot be applied holds up no other. Safe to run several times at once. Raises DatabaseUnavailable
        when the database is away.
        """
        start = self.clock()
        applied = left = 0
        while self.clock() - start < _LONGEST_RUN and (batch := self._due(start, left_alone)):
            done, failed = self._apply(batch)
            applied += done
            left += failed
        with self.database.statement() as work:
            dropped = work.receipts.drop(received_before=start - _UNCLAIMED_AFTER)
        if dropped:
            self.log.dropped(dropped)
        return Swept(applied=applied, left=left, dropped=sum(dropped.values()))

    def _due(self, start: datetime, left_alone: timedelta) -> list[WaitingReceipt]:
        # Both from the start: what has been tried in this run is not due again in it.
        with self.database.statement() as work:
            due = work.receipts.try_again(now=start, tried_before=start - left_alone, limit=_BATCH)
        return sorted(due, key=lambda receipt: (receipt.received_at, receipt.id))

    def _apply(self, batch: list[WaitingReceipt]) -> tuple[int, int]:
        """Return how many were applied, and how many could not be. Those that others have applied are neither."""
        done = failed = failures_in_a_row = 0
        for receipt in batch:
            try:
                done += self._apply_one(receipt)
                failures_in_a_row = 0
            except Exception as error:
                self.log.left_waiting(receipt.provider, receipt.reference, type(error).__name__)
                failed += 1
                failures_in_a_row += isinstance(error, DatabaseUnavailable)
                if failures_in_a_row == _MOST_FAILURES_IN_A_ROW:
                    raise
        return done, failed

    def _apply_one(self, receipt: WaitingReceipt) -> bool:
        with self.database.begin() as work:
            before = message_of(work, receipt)
            # Whoever had the message's lock before may have applied it.
            taken = None if before is None else work.receipts.take(receipt.id)
            if before is None or taken is None:
                return False
            applied = apply(work, before, taken, self.clock(), self.follow_up)
            work.commit()
        applied.tell(self.log)
        return True
