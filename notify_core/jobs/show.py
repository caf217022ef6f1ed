"""Jobs as people are shown them: with names, and with how many of their messages are in which state."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from attrs import frozen

from notify_core.calendar import london_date, london_midnight
from notify_core.clock import Clock
from notify_core.errors import NotFound
from notify_core.jobs.model import Job, JobStatus, PageOfJobs, ScheduledJobs
from notify_core.notifications.status import COMPLETED, Status
from notify_core.services.find import existing_service
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database, UnitOfWork
from notify_core.users.model import User

_MOST_REMEMBERED = 4096
# Longer ago than there have been jobs, and not as long as there have been calendars.
_MOST_DAYS = 36_500
_KNOWN_STATUSES = {status.value: status for status in JobStatus}


@frozen(kw_only=True)
class ShownJob:
    """A job with what is told beside it.

    `template` is of the version that its messages are made from. `created_by` is None for jobs of the API.
    `statistics` count its messages by status, without statuses that none is in.
    """

    job: Job
    service_name: str
    template: Template
    created_by: User | None
    statistics: Mapping[Status, int]

    @property
    def outcome_is_final(self) -> bool:
        """Whether every row is a message that nothing more will happen to."""
        return is_final(self.job, self.statistics)


@frozen(kw_only=True)
class JobsAsked:
    """Which jobs of a service to show: `page` counts from 1. What is None does not narrow the list.

    Words among the `statuses` that are none match nothing. `days` goes back to the midnight (in London) that was so
    many days ago.
    """

    service_id: UUID
    page: int = 1
    page_size: int = 50
    days: int | None = None
    statuses: Collection[str] | None = None
    contact_list_id: UUID | None = None


@frozen(kw_only=True)
class ShownJobs:
    """A page of jobs, and how many there are on all pages."""

    jobs: tuple[ShownJob, ...]
    total: int


class DescribeJobs:
    """Puts beside jobs what is told of them, as part of a transaction. Safe to use from several threads.

    The counts of a job whose messages have all come to their end are remembered: they take longest to make, and do
    not change any more.
    """

    def __init__(self) -> None:
        self._final: OrderedDict[UUID, Mapping[Status, int]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, work: UnitOfWork, jobs: Sequence[Job]) -> list[ShownJob]:
        """Return these jobs of one service, in their order."""
        if not jobs:
            return []
        service = existing_service(work, jobs[0].service_id)
        versions = {(job.template_id, job.template_version) for job in jobs}
        templates = {version: work.templates.find(*version) for version in versions}
        users = {key: work.users.find(key) for key in {job.created_by_id for job in jobs if job.created_by_id}}
        return [
            ShownJob(
                job=job,
                service_name=service.name,
                template=_there(templates[job.template_id, job.template_version]),
                created_by=users.get(job.created_by_id) if job.created_by_id else None,
                statistics=self._statistics(work, job),
            )
            for job in jobs
        ]

    def _statistics(self, work: UnitOfWork, job: Job) -> Mapping[Status, int]:
        if job.processing_started is None:
            return {}
        remembered = self._final.get(job.id)
        if remembered is not None:
            return remembered
        counts = work.jobs.count_by_status(job)
        if is_final(job, counts):
            with self._lock:
                self._final[job.id] = counts
                if len(self._final) > _MOST_REMEMBERED:
                    self._final.popitem(last=False)
        return counts


@frozen
class ShowJob:
    """One job of a service."""

    database: Database
    describe: DescribeJobs

    def __call__(self, service_id: UUID, job_id: UUID) -> ShownJob:
        """Return the job. Raises NotFound."""
        with self.database.begin() as work:
            job = work.jobs.find(service_id, job_id)
            if job is None:
                raise NotFound(f"There is no job with id {job_id}")
            [shown] = self.describe(work, [job])
        return shown


@frozen
class ShowJobs:
    """The jobs of a service."""

    database: Database
    describe: DescribeJobs
    clock: Clock

    def __call__(self, asked: JobsAsked) -> ShownJobs:
        """Return a page: those that have not started first, then the last started, then the last made.

        A service that there is not has no jobs.
        """
        page = PageOfJobs(
            service_id=asked.service_id,
            page=asked.page,
            page_size=asked.page_size,
            statuses=None if asked.statuses is None else _statuses(asked.statuses),
            since=None if asked.days is None else _midnight(self.clock(), asked.days),
            contact_list_id=asked.contact_list_id,
        )
        with self.database.begin() as work:
            found = work.jobs.list_page(page)
            return ShownJobs(jobs=tuple(self.describe(work, found.jobs)), total=found.total)


@frozen
class CountScheduledJobs:
    """How many jobs of a service wait for their time."""

    database: Database

    def __call__(self, service_id: UUID) -> ScheduledJobs:
        """Return how many there are, and for when the first of them is."""
        with self.database.statement() as work:
            return work.jobs.scheduled(service_id)


def is_final(job: Job, counts: Mapping[Status, int]) -> bool:
    """Whether every row of the job is a message that has come to its end."""
    return sum(counts.values()) == job.notification_count and counts.keys() <= COMPLETED


def _statuses(words: Collection[str]) -> frozenset[JobStatus]:
    return frozenset(_KNOWN_STATUSES[word] for word in words if word in _KNOWN_STATUSES)


def _midnight(now: datetime, days: int) -> datetime:
    return london_midnight(london_date(now) - timedelta(days=min(days, _MOST_DAYS)))


def _there(template: Template | None) -> Template:
    if template is None:
        raise LookupError("a template version that a job is made from is gone; versions are kept for good")
    return template
