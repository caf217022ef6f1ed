"""Remove jobs' files once their time is over, and what the jobs themselves have copied from them.

A job's file is kept as long as the messages that are made of it: the service's days of that channel, counted from the
London day on which the job was due.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from uuid import UUID

from attrs import field, frozen

from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.files.ports import FileStore, FilesUnavailable
from notify_core.jobs.model import Job, JobSource, file_name
from notify_core.outbox.batches import Batch, InBatches
from notify_core.outbox.model import Queue, Task
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

SMS_AND_EMAIL = frozenset({Channel.SMS, Channel.EMAIL})
LETTERS = frozenset({Channel.LETTER})
_TASKS = {Task.REMOVE_SMS_EMAIL_JOBS: SMS_AND_EMAIL, Task.REMOVE_LETTER_JOBS: LETTERS}
_BATCH = 500
_FROM_THE_FIRST = UUID(int=0)


class JobFileLog:
    """Where it is told what became of jobs' files. This one keeps silent; a shell brings one that writes."""

    def not_removed(self, job_ids: Sequence[UUID], problem: str) -> None:
        """Hear that the files of these jobs are still there."""


@frozen
class RemoveJobFiles:
    """Archive the jobs whose time is over: the file is removed, and whatever may be personal in the job."""

    database: Database
    files: FileStore
    clock: Clock
    in_batches: InBatches
    log: JobFileLog = field(factory=JobFileLog)

    def __call__(self, channels: Collection[Channel] = tuple(Channel), after_ids: Sequence[UUID] = ()) -> int:
        """Return how many jobs of these channels were archived now; what there was no time for is promised.

        Begins behind the first of `after_ids`, in the order of jobs' ids. The file goes first: a job whose file could
        not be removed is told to the log, and left as it is for the next night. Safe to repeat, and to run twice at
        the same time.
        """
        place = min(after_ids, default=_FROM_THE_FIRST)
        return sum(
            self.in_batches(task, Queue.PERIODIC, partial(self._batch, some), place)
            for task, every in _TASKS.items()
            if (some := every & frozenset(channels))
        )

    def _batch(self, channels: frozenset[Channel], after: UUID) -> Batch:
        now = self.clock()
        with self.database.statement() as work:
            due = work.jobs.list_expired(channels, today=london_date(now), after=after, limit=_BATCH)
        kept = self._remove_files([job for job in due if job.source is JobSource.FILE])
        gone = [job.id for job in due if job.id not in kept]
        with self.database.statement() as work:
            archived = work.jobs.archive(gone, now=now) if gone else 0
        return Batch(archived, due[-1].id if len(due) == _BATCH else None)

    def _remove_files(self, jobs: Sequence[Job]) -> frozenset[UUID]:
        """Remove the files of these jobs, and return the ids of those whose files could not be removed."""
        by_name = {file_name(job.service_id, job.id): job.id for job in jobs}
        problem = "S3 kept them"
        try:
            kept = self.files.remove_many(list(by_name)) if by_name else []
        except FilesUnavailable as error:
            kept, problem = list(by_name), str(error)
        ids = [by_name[name] for name in kept]
        if ids:
            self.log.not_removed(ids, problem)
        return frozenset(ids)
