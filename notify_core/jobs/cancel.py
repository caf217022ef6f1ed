"""Cancel what has not been sent of a job, or take up one that came to a stop."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.jobs.model import CANCELLABLE, Job, JobStatus
from notify_core.jobs.promises import to_process, to_store
from notify_core.jobs.refusals import JobNotFound, NothingToRetry, TooLateToCancelJob
from notify_core.limits.admit import Admit
from notify_core.limits.daily import INTERNATIONAL_SMS
from notify_core.notifications.model import CancelledRows
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database, UnitOfWork

# Of such jobs every row is a message, or promised to become one.
_PROMISED = frozenset({JobStatus.FINISHED, JobStatus.FINISHED_ALL_CREATED})


@frozen
class CancelJob:
    """Cancel what has not been sent of a job: all of it, or the messages that nobody has begun to deliver."""

    database: Database
    admit: Admit
    clock: Clock

    def __call__(self, service_id: UUID, job_id: UUID) -> Job:
        """Return the job as it now stands. Safe to repeat. What is cancelled will never be sent.

        A job whose rows are not all stored is `cancelled` from here on: none of the others will be. One whose rows
        are all messages stays what it is; those that nobody has begun to deliver are `cancelled`. Places in today's
        count are given back. Raises JobNotFound, or TooLateToCancelJob where there is nothing left to cancel.
        """
        now = self.clock()
        with self.database.begin() as work:
            job = work.jobs.lock(job_id)
            if job is None or job.service_id != service_id:
                raise JobNotFound
            if job.status is JobStatus.CANCELLED:
                return job
            freed = CancelledRows(messages=0, abroad=0)
            if job.status in _PROMISED:
                freed = _cancel_rows(work, job, now)
            elif job.status not in CANCELLABLE:
                raise TooLateToCancelJob(job.status)
            if job.status is not JobStatus.FINISHED_ALL_CREATED:
                job = evolve(job, status=JobStatus.CANCELLED, updated_at=now)
                work.jobs.remove_chunks(job.id)
                work.jobs.save(job)
            work.commit()
        taken_at = job.processing_finished or job.created_at
        places = {job.channel.value: freed.messages, INTERNATIONAL_SMS: freed.abroad}
        self.admit.give_back_several(job.service_id, job.key_type, taken_at, places)
        return job


def _cancel_rows(work: UnitOfWork, job: Job, now: datetime) -> CancelledRows:
    """Cancel the messages that nobody has begun to deliver; return how many places that and what is not stored frees.

    Of rows that are not stored it is known how many are texts abroad only when nothing else of the job is left.
    Raises TooLateToCancelJob.
    """
    cancelled = work.notifications.cancel_rows(job, now=now)
    counts = work.jobs.count_by_status(job)
    stored = sum(counts.values())
    unstored = job.notification_count - stored if job.status is JobStatus.FINISHED else 0
    if not unstored and not counts.get(Status.CANCELLED):
        raise TooLateToCancelJob(job.status)
    abroad = job.international_count if unstored and cancelled.messages == stored else cancelled.abroad
    return CancelledRows(messages=cancelled.messages + unstored, abroad=abroad)


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
