"""Cancel a job of which nothing is stored, or take up one that came to a stop."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.jobs.model import CANCELLABLE, Job, JobStatus
from notify_core.jobs.promises import to_process, to_store
from notify_core.jobs.refusals import JobNotFound, NothingToRetry, TooLateToCancelJob
from notify_core.unit_of_work import Database


@frozen
class CancelJob:
    """Cancel a job before any of its rows is stored: none of them will be."""

    database: Database
    clock: Clock

    def __call__(self, service_id: UUID, job_id: UUID) -> Job:
        """Return the job as it now stands: cancelled. Safe to repeat.

        Raises JobNotFound, or TooLateToCancelJob once its rows are being stored.
        """
        now = self.clock()
        with self.database.begin() as work:
            job = work.jobs.lock(job_id)
            if job is None or job.service_id != service_id:
                raise JobNotFound
            if job.status is JobStatus.CANCELLED:
                return job
            if job.status not in CANCELLABLE:
                raise TooLateToCancelJob(job.status)
            job = evolve(job, status=JobStatus.CANCELLED, updated_at=now)
            work.jobs.remove_chunks(job.id)
            work.jobs.save(job)
            work.commit()
        return job


@frozen
class RetryJob:
    """Take up a job that came to a stop: from the beginning of its file, or from its missing rows."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, service_id: UUID, job_id: UUID) -> Job:
        """Return the job as it now stands, promised to be gone on with.

        A file that would not do is read again, since another may be there under its name by now. Raises JobNotFound,
        or NothingToRetry where the job is on its way, or has ended well.
        """
        now = self.clock()
        with self.database.begin() as work:
            job = work.jobs.lock(job_id)
            if job is None or job.service_id != service_id:
                raise JobNotFound
            if job.status is JobStatus.FINISHED and (undone := work.jobs.list_chunks(job.id, undone=True)):
                work.outbox.add([to_store(chunk, job, self.new_id(), now) for chunk in undone])
            elif job.status in (JobStatus.ERROR, JobStatus.SENDING_LIMITS_EXCEEDED):
                job = evolve(
                    job,
                    status=JobStatus.PENDING,
                    processing_started=None,
                    processing_finished=None,
                    updated_at=now,
                    encoding=None,
                    delimiter=None,
                    header=None,
                    rows_checked=0,
                    bytes_checked=0,
                    international_count=0,
                    error_count=0,
                    errors=(),
                    # Another file may be there under its name: that, too, is to be removed.
                    archived=False,
                )
                work.jobs.remove_chunks(job.id)
                work.jobs.save(job)
                work.outbox.add([to_process(job, self.new_id(), now)])
            else:
                raise NothingToRetry(job.status)
            work.commit()
        return job
