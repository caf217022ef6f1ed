"""Jobs and their chunks in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from notify_adapters.memory.accounts import MemoryServices
from notify_adapters.memory.table import Table
from notify_core.errors import Conflict
from notify_core.jobs.model import Chunk, Job, JobList, JobSource, JobStatus, PageOfJobs, ScheduledJobs
from notify_core.jobs.rows import STORED_WITHIN
from notify_core.notifications.model import Message, Notification, expiry_date
from notify_core.notifications.status import Status
from notify_core.services.model import DEFAULT_RETENTION_DAYS
from notify_core.vocabulary import Channel


class MemoryJobs:
    """Implements `JobRepository`. Transactions run one after the other, so that nothing needs to be locked."""

    def __init__(
        self,
        jobs: Table[UUID, Job],
        chunks: Table[UUID, Chunk],
        messages: Table[UUID, Message],
        services: MemoryServices,
    ) -> None:
        self._jobs = jobs
        self._services = services
        self._chunks = chunks
        self._messages = messages

    def add(self, job: Job) -> None:
        """Store a new job."""
        if job.id in self._jobs:
            raise Conflict("jobs: there is one of that identity already")
        self._jobs.put(job.id, job)

    def find(self, service_id: UUID, job_id: UUID) -> Job | None:
        """Return the service's job, or None."""
        job = self._jobs.get(job_id)
        return job if job is not None and job.service_id == service_id else None

    def lock(self, job_id: UUID) -> Job | None:
        """Return the job, or None."""
        return self._jobs.get(job_id)

    def read(self, job_id: UUID) -> Job | None:
        """Return the job, or None."""
        return self._jobs.get(job_id)

    def save(self, job: Job) -> None:
        """Replace the job of that id."""
        self._jobs.put(job.id, job)

    def list_page(self, page: PageOfJobs) -> JobList:
        """Return a page: those that have not started first, then the last started, then the last made."""
        found = sorted((job for job in self._jobs.rows() if _is_listed(page, job)), key=_place_in_lists, reverse=True)
        start = (page.page - 1) * page.page_size
        return JobList(jobs=tuple(found[start : start + page.page_size]), total=len(found))

    def scheduled(self, service_id: UUID) -> ScheduledJobs:
        """Return how many of the service's jobs are scheduled, and for when the first of them is."""
        times = [
            job.scheduled_for
            for job in self._jobs.rows()
            if job.service_id == service_id and job.status is JobStatus.SCHEDULED and job.scheduled_for is not None
        ]
        return ScheduledJobs(count=len(times), soonest=min(times, default=None))

    def take_due(self, *, now: datetime, limit: int) -> list[Job]:
        """Return scheduled jobs whose time was before `now`, longest due first."""
        return self._take(
            lambda job: job.scheduled_for if job.status is JobStatus.SCHEDULED else None, before=now, limit=limit
        )

    def take_stalled(self, *, idle_since: datetime, limit: int) -> list[Job]:
        """Return jobs from files in hand that nothing happened to since `idle_since`."""
        in_hand = (JobStatus.PENDING, JobStatus.IN_PROGRESS)
        return self._take(
            lambda job: job.updated_at or job.created_at if job.status in in_hand else None,
            before=idle_since,
            limit=limit,
        )

    def take_uncreated(self, *, finished_before: datetime, limit: int) -> list[Job]:
        """Return jobs from files, `finished` before that moment, longest ago first."""
        return self._take(
            lambda job: job.processing_finished if job.status is JobStatus.FINISHED and not job.archived else None,
            before=finished_before,
            limit=limit,
        )

    def _take(self, when: Callable[[Job], datetime | None], *, before: datetime, limit: int) -> list[Job]:
        """Return the jobs from files that have such a moment, earlier than `before`, in its order."""
        found = [(when(job), job.id, job) for job in self._jobs.rows() if job.source is JobSource.FILE]
        due = sorted((moment, key, job) for moment, key, job in found if moment is not None and moment < before)
        return [job for _, _, job in due[:limit]]

    def list_expired(self, channels: Collection[Channel], *, today: date, after: UUID, limit: int) -> list[Job]:
        """Return jobs of these channels that are not archived and whose time is over, in the order of their ids."""
        expired = [
            job
            for job in self._jobs.rows()
            if not job.archived and job.channel in channels and job.id > after and self._expires_on(job) <= today
        ]
        return sorted(expired, key=lambda job: job.id)[:limit]

    def archive(self, job_ids: Collection[UUID], *, now: datetime) -> int:
        """Forget what may be personal in these jobs, and return how many were not archived yet."""
        found = [job for job in map(self._jobs.get, job_ids) if job is not None and not job.archived]
        for job in found:
            self._jobs.put(job.id, job.as_archived(now))
        return len(found)

    def _expires_on(self, job: Job) -> date:
        service = self._services.find(job.service_id)
        days = DEFAULT_RETENTION_DAYS if service is None else service.days_kept(job.channel)
        return expiry_date(job.scheduled_for or job.created_at, days)

    def list_storing(self, service_id: UUID, *, since: datetime) -> list[Job]:
        """Return jobs of the service, from files, any of whose rows may have been stored since then."""
        return [
            job
            for job in self._jobs.rows()
            if (job.service_id, job.source) == (service_id, JobSource.FILE)
            and job.ids_from >= since - STORED_WITHIN
            and (job.status is JobStatus.FINISHED or (job.updated_at is not None and job.updated_at >= since))
        ]

    def add_chunks(self, chunks: Sequence[Chunk]) -> None:
        """Store chunks, but for those of a job and first row that there is already."""
        for chunk in chunks:
            if all(known.first_row != chunk.first_row for known in self.list_chunks(chunk.job_id)):
                self._chunks.put(chunk.id, chunk)

    def remove_chunks(self, job_id: UUID) -> None:
        """Remove the chunks of a job."""
        for chunk in self.list_chunks(job_id):
            self._chunks.remove(chunk.id)

    def find_chunk(self, chunk_id: UUID) -> Chunk | None:
        """Return the chunk, or None."""
        return self._chunks.get(chunk_id)

    def finish_chunk(self, chunk: Chunk) -> None:
        """Store that a chunk is done, unless it was done before."""
        before = self._chunks.get(chunk.id)
        if before is not None and before.done_at is None:
            self._chunks.put(chunk.id, chunk)

    def list_chunks(self, job_id: UUID, *, undone: bool = False) -> list[Chunk]:
        """Return the chunks of a job in the order of its rows."""
        chunks = (chunk for chunk in self._chunks.rows() if chunk.job_id == job_id)
        return sorted(
            (chunk for chunk in chunks if not (undone and chunk.done_at)), key=lambda chunk: chunk.first_row
        )

    def count_by_status(self, job: Job) -> dict[Status, int]:
        """Return how many of the job's rows that are stored are in each status."""
        return dict(Counter(facts.status for facts in self._rows_of(job)))

    def stored_rows(self, job: Job, *, first_row: int, row_count: int) -> frozenset[int]:
        """Return which of these rows are stored as messages."""
        stored = frozenset(facts.job_row_number for facts in self._rows_of(job))
        return frozenset(row for row in range(first_row, first_row + row_count) if row in stored)

    def _rows_of(self, job: Job) -> list[Notification]:
        return [message.notification for message in self._messages.rows() if message.notification.job_id == job.id]


def _is_listed(page: PageOfJobs, job: Job) -> bool:
    return (
        job.service_id == page.service_id
        and (page.statuses is None or job.status in page.statuses)
        and (page.since is None or job.created_at >= page.since)
        and (page.contact_list_id is None or job.contact_list_id == page.contact_list_id)
        and (page.source is None or job.source is page.source)
        and job.original_file_name not in page.hidden_names
    )


def _place_in_lists(job: Job) -> tuple[bool, datetime, datetime, UUID]:
    return job.processing_started is None, job.processing_started or job.created_at, job.created_at, job.id
