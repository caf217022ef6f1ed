"""Archive old facts, night by night: as many as a run may, in pieces that fit into a task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import frozen

from notify_core.archive.steps import ArchiveInSteps, Did
from notify_core.clock import Clock
from notify_core.identifiers import NewId, first_id_at, moment_of
from notify_core.outbox.model import Queue, Task
from notify_core.outbox.rest import promise_rest
from notify_core.unit_of_work import Database

# A step about a million rows takes some fifteen seconds: one that begins just before this is over in time.
_AT_A_TIME = timedelta(seconds=5)
# Until those are done, perhaps, who used the table.
_PAUSE = timedelta(minutes=1)


@frozen(kw_only=True)
class ArchiveFacts:
    """Archive what is old enough, and promise what there was no time for: what is not done after `at_a_time`."""

    steps: ArchiveInSteps
    database: Database
    clock: Clock
    new_id: NewId
    at_a_time: timedelta = _AT_A_TIME

    def __call__(self, began: Sequence[UUID] = ()) -> Counter[Did]:
        """Return how often what was done. `began` are ids that stand for when the run began; none: now.

        Safe to repeat, and to do twice at the same time. Raises ArchiveDamaged; see `ArchiveInSteps`.
        """
        start = self.clock()
        run = min(began, default=first_id_at(start))
        with self.database.statement() as work:
            uploaded = work.archive.count_uploaded(since=moment_of(run))
        done: Counter[Did] = Counter()
        for step in self.steps(hours=max(0, self.steps.policy.hours_per_run - uploaded)):
            done[step.did] += 1
            if step.did is Did.BUSY:
                self._promise(run, self.clock() + _PAUSE)
                break
            if self.clock() - start >= self.at_a_time:
                self._promise(run, self.clock())
                break
        return done

    def _promise(self, run: UUID, at: datetime) -> None:
        promise_rest(self.database, self.new_id, Task.ARCHIVE_FACTS, Queue.REPORTING, place=run, at=at)
