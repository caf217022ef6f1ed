"""Retention, every night: what is personal goes on its day, and with it what was never meant for anybody.

Much may have to go, so it is done in pieces: a task does what it can in a few seconds, and promises the rest. Nothing
is remembered between them: each looks at what is still there. What others hold on to is left alone, and tried again
soon, for an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from attrs import evolve, frozen

from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.identifiers import NewId, first_id_at, moment_of
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.outbox.rest import promise_rest
from notify_core.retention.expire import ExpireDays
from notify_core.retention.model import OF_MESSAGES, Applied, Kind, Move, day_of_stuck_letters
from notify_core.retention.ports import RetentionLog
from notify_core.unit_of_work import Database

_BATCH = 1000
# Well within the time that a task may take.
_AT_A_TIME = timedelta(seconds=10)
_PAUSE = timedelta(seconds=30)
_GIVE_UP_AFTER = timedelta(hours=1)


@frozen
class Pieces:
    """One run's way from a piece to the next: `task`, again and again, until nothing is left."""

    database: Database
    clock: Clock
    new_id: NewId
    task: Task
    queue: Queue
    log: RetentionLog

    def conclude(self, applied: Applied, began: datetime) -> Applied:
        """Tell what was done, and promise what was not."""
        self.log.applied(applied)
        now = self.clock()
        if not applied.unfinished:
            return applied
        if now - began >= _GIVE_UP_AFTER and not applied.got_on:
            self.log.given_up(applied.held)
        else:
            at = now if applied.got_on else now + _PAUSE
            promise_rest(self.database, self.new_id, self.task, self.queue, place=first_id_at(began), at=at)
        return applied


def began_at(ids: Sequence[UUID], now: datetime) -> datetime:
    """Return when the run began that a piece is of: an id stands for that moment; without one it begins now."""
    return min(map(moment_of, ids), default=now)


@frozen
class ApplyRetention:
    """Remove what is personal about messages that have expired, and the messages of test keys altogether."""

    database: Database
    clock: Clock
    new_id: NewId
    log: RetentionLog
    at_a_time: timedelta = _AT_A_TIME

    def __call__(self, began: Sequence[UUID] = ()) -> Applied:
        """Return what was done now; the rest is promised, as is the removal of letters' PDFs.

        `began` stands for the moment at which the run began that this goes on with. Safe to repeat, and to do twice
        at the same time: each day is dropped once.
        """
        start = self.clock()
        until = start + self.at_a_time
        kept, is_done = self._keep_stuck_letters(until)
        applied = Applied(letters_kept=kept, unfinished=not is_done)
        if is_done:
            applied = evolve(ExpireDays(self.database, self.clock)(OF_MESSAGES, until), letters_kept=kept)
        if not applied.unfinished or applied.held:
            applied = self._remove_test_messages(applied, until)
        self._promise_files()
        pieces = Pieces(self.database, self.clock, self.new_id, Task.APPLY_RETENTION, Queue.REPORTING, self.log)
        return pieces.conclude(applied, began_at(began, start))

    def _keep_stuck_letters(self, until: datetime) -> tuple[int, bool]:
        """Give another day to letters that are not settled, and return how many, and whether these were all.

        A letter that somebody is at work on is left to the next batch, or to the next piece.
        """
        kept = 0
        while self.clock() < until:
            today = london_date(self.clock())
            moved, left = self._keep_some(today)
            kept += moved
            if not left:
                return kept, True
            if not moved:
                break
        return kept, False

    def _keep_some(self, today: date) -> tuple[int, bool]:
        after = day_of_stuck_letters(today)
        with self.database.begin() as work:
            stuck = work.retention.stuck_letters(through=after - timedelta(days=1), limit=_BATCH)
            if not stuck:
                return 0, False
            moves = [Move(id=letter.id, before=letter.expires_on, after=after) for letter in stuck]
            moved = work.redating.move_messages(moves, today=today, revive=True)
            work.commit()
        with self.database.begin() as work:
            work.redating.await_events()
        with self.database.begin() as work:
            work.redating.gather_events(moves, today=today)
            work.commit()
        return len(moved), True

    def _remove_test_messages(self, applied: Applied, until: datetime) -> Applied:
        removed = _BATCH
        total = 0
        while removed == _BATCH:
            if self.clock() >= until:
                return evolve(applied, test_messages=total, unfinished=True)
            with self.database.begin() as work:
                removed = work.retention.remove_test_messages(today=london_date(self.clock()), limit=_BATCH)
                work.commit()
            total += removed
        return evolve(applied, test_messages=total)

    def _promise_files(self) -> None:
        """Have letters' PDFs removed: that takes somebody else's server, so it is a task of its own."""
        with self.database.begin() as work:
            if not work.retention.letters_gone(after=None, limit=1):
                return
            now = self.clock()
            files = OutboxEntry(
                id=self.new_id(),
                task=Task.REMOVE_LETTER_FILES,
                queue=Queue.REPORTING,
                subject_id=first_id_at(now),
                available_at=now,
            )
            work.outbox.add([files])
            work.commit()


@frozen
class RemoveExpiredTexts:
    """Remove texts that people sent and that have expired."""

    database: Database
    clock: Clock
    new_id: NewId
    log: RetentionLog
    at_a_time: timedelta = _AT_A_TIME

    def __call__(self, began: Sequence[UUID] = ()) -> Applied:
        """Return what was done now; the rest is promised. See `ApplyRetention`."""
        start = self.clock()
        applied = ExpireDays(self.database, self.clock)((Kind.TEXTS,), start + self.at_a_time)
        pieces = Pieces(self.database, self.clock, self.new_id, Task.REMOVE_EXPIRED_TEXTS, Queue.PERIODIC, self.log)
        return pieces.conclude(applied, began_at(began, start))
