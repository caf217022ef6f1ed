"""Cancel a job that still waits for its time."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.jobs.model import Job, JobStatus
from notify_core.jobs.refusals import JobNotFound
from notify_core.unit_of_work import Database


@frozen
class CancelScheduledJob:
    """Cancel a job, unless it has begun: for those to whom a job that is not scheduled is as good as none."""

    database: Database
    clock: Clock

    def __call__(self, service_id: UUID, job_id: UUID) -> Job:
        """Return the job, cancelled. Raises JobNotFound when the service has no such job, or it is not scheduled."""
        with self.database.begin() as work:
            job = work.jobs.lock(job_id)
            if job is None or job.service_id != service_id or job.status is not JobStatus.SCHEDULED:
                raise JobNotFound
            cancelled = evolve(job, status=JobStatus.CANCELLED, updated_at=self.clock())
            work.jobs.save(cancelled)
            work.commit()
        return cancelled
