"""What is promised of jobs: a task each, in the outbox, committed with the change that makes it necessary."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from notify_core.jobs.model import Chunk, Job
from notify_core.outbox.model import OutboxEntry, Queue, Task


def to_process(job: Job, entry_id: UUID, now: datetime) -> OutboxEntry:
    """Return the promise to check a job's file, from where that has got to."""
    return _promise(Task.PROCESS_JOB, job.id, job.service_id, entry_id, now)


def to_resume(job: Job, entry_id: UUID, now: datetime) -> OutboxEntry:
    """Return the promise to take up a job that stood still."""
    return _promise(Task.PROCESS_INCOMPLETE_JOBS, job.id, job.service_id, entry_id, now)


def to_store(chunk: Chunk, job: Job, entry_id: UUID, now: datetime) -> OutboxEntry:
    """Return the promise to store the messages of a chunk."""
    return _promise(Task.SHATTER_JOB_ROWS, chunk.id, job.service_id, entry_id, now)


def _promise(task: Task, subject_id: UUID, group: UUID, entry_id: UUID, now: datetime) -> OutboxEntry:
    return OutboxEntry(id=entry_id, task=task, queue=Queue.JOBS, subject_id=subject_id, available_at=now, group=group)
