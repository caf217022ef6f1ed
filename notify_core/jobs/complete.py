"""When a job is complete: every one of its rows is stored as a message."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from notify_core.jobs.model import Job, JobStatus
from notify_core.jobs.ports import JobRepository


def complete(jobs: JobRepository, job: Job, now: datetime) -> bool:
    """Save that all messages of the job, which is to be locked, are there; return whether that is so."""
    if job.status is not JobStatus.FINISHED or jobs.list_chunks(job.id, undone=True):
        return False
    if sum(jobs.count_by_status(job).values()) != job.notification_count:
        return False
    jobs.save(evolve(job, status=JobStatus.FINISHED_ALL_CREATED, updated_at=now))
    return True
