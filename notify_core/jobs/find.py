"""Look jobs up."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from attrs import frozen

from notify_core.jobs.model import Job, JobList, PageOfJobs
from notify_core.jobs.refusals import JobNotFound
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database


@frozen
class FindJob:
    """One job of a service."""

    database: Database

    def __call__(self, service_id: UUID, job_id: UUID) -> Job:
        """Return the job. Raises JobNotFound."""
        with self.database.statement() as work:
            job = work.jobs.find(service_id, job_id)
        if job is None:
            raise JobNotFound
        return job


@frozen
class ListJobs:
    """The jobs of a service."""

    database: Database

    def __call__(self, page: PageOfJobs) -> JobList:
        """Return a page of them."""
        with self.database.statement() as work:
            return work.jobs.list_page(page)


@frozen
class CountJob:
    """What has become of a job's messages."""

    database: Database

    def __call__(self, job: Job) -> Mapping[Status, int]:
        """Return how many of its messages are in each status; empty before it has begun."""
        if job.processing_started is None:
            return {}
        with self.database.statement() as work:
            return work.jobs.count_by_status(job)
