"""What beat has done every few minutes, so that no job is forgotten: what falls due, stands still, or lacks rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.jobs.complete import complete
from notify_core.jobs.model import Chunk, Job, JobStatus
from notify_core.jobs.ports import JobRepository
from notify_core.jobs.promises import to_process, to_resume, to_store
from notify_core.unit_of_work import Database

_BATCH = 100
_FORGOTTEN_AFTER = timedelta(minutes=30)
_SETTLED_AFTER = timedelta(minutes=1)
_ROWS_EXPECTED_WITHIN = timedelta(minutes=20)


@frozen
class RunScheduledJobs:
    """Begin the jobs whose time has come."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, limit: int = _BATCH) -> int:
        """Promise to process at most `limit` jobs that are due, and return how many there were."""
        now = self.clock()
        with self.database.begin() as work:
            due = work.jobs.take_due(now=now, limit=limit)
            for job in due:
                work.jobs.save(evolve(job, status=JobStatus.PENDING, updated_at=now))
            work.outbox.add([to_process(job, self.new_id(), now) for job in due])
            work.commit()
        return len(due)


@frozen
class CheckJobs:
    """Find jobs that nothing has happened to for half an hour: whatever was to be done for them is lost."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, limit: int = _BATCH) -> int:
        """Mark at most `limit` such jobs, promise to take them up again, and return how many there were."""
        now = self.clock()
        with self.database.begin() as work:
            stalled = work.jobs.take_stalled(idle_since=now - _FORGOTTEN_AFTER, limit=limit)
            for job in stalled:
                work.jobs.save(evolve(job, status=JobStatus.ERROR, updated_at=now))
            work.outbox.add([to_resume(job, self.new_id(), now) for job in stalled])
            work.commit()
        return len(stalled)


@frozen
class ResumeJobs:
    """Take up jobs that stood still, from where their check had got to."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, job_ids: Iterable[UUID]) -> None:
        """Promise to go on with these. One whose file will not do, or that is not in error, is left as it is."""
        now = self.clock()
        for job_id in job_ids:
            with self.database.begin() as work:
                job = work.jobs.lock(job_id)
                if job is None or job.status is not JobStatus.ERROR or job.is_invalid:
                    continue
                status = JobStatus.PENDING if job.processing_started is None else JobStatus.IN_PROGRESS
                started = None if job.processing_started is None else now
                job = evolve(job, status=status, processing_started=started, updated_at=now)
                work.jobs.save(job)
                work.outbox.add([to_process(job, self.new_id(), now)])
                work.commit()


@frozen
class CompleteJobs:
    """Say of finished jobs that all of their messages are there, where that is so."""

    database: Database
    clock: Clock

    def __call__(self, limit: int = _BATCH) -> int:
        """Look at no more than `limit` jobs, and return how many were complete."""
        now = self.clock()
        with self.database.begin() as work:
            finished = work.jobs.take_uncreated(finished_before=now - _SETTLED_AFTER, limit=limit)
            completed = sum(complete(work.jobs, job, now) for job in finished)
            work.commit()
        return completed


@frozen
class RestoreMissingRows:
    """Find rows of finished jobs that are not stored, and have them stored."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, limit: int = _BATCH) -> int:
        """Promise again what is not done, or lacks rows, of at most `limit` jobs; return how many chunks those are.

        Storing a row that is there changes nothing, so a chunk that is merely slow does no harm.
        """
        now = self.clock()
        promised = 0
        with self.database.begin() as work:
            for job in work.jobs.take_uncreated(finished_before=now - _ROWS_EXPECTED_WITHIN, limit=limit):
                if complete(work.jobs, job, now):
                    continue
                lacking = [chunk for chunk in work.jobs.list_chunks(job.id) if _lacks_rows(work.jobs, job, chunk)]
                work.outbox.add([to_store(chunk, job, self.new_id(), now) for chunk in lacking])
                promised += len(lacking)
            work.commit()
        return promised


def _lacks_rows(jobs: JobRepository, job: Job, chunk: Chunk) -> bool:
    stored = jobs.stored_rows(job, first_row=chunk.first_row, row_count=chunk.row_count)
    return chunk.done_at is None or len(stored) < chunk.row_count
