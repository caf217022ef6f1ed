"""What the use cases need of wherever jobs are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from notify_core.jobs.model import Chunk, Job, JobList, PageOfJobs, ScheduledJobs
from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel


class JobRepository(Protocol):
    """Jobs, and the chunks that their rows are stored in. Each method is one statement."""

    def add(self, job: Job) -> None:
        """Store a new job. Raises Conflict when there is one of that id."""
        ...

    def find(self, service_id: UUID, job_id: UUID) -> Job | None:
        """Return the service's job, or None."""
        ...

    def lock(self, job_id: UUID) -> Job | None:
        """Return the job, whosever it is, for this transaction alone to change, or None. Waits for others."""
        ...

    def read(self, job_id: UUID) -> Job | None:
        """Return the job, whosever it is, or None.

        Nobody can change it until the transaction ends, but others may read it in the same way at the same time.
        """
        ...

    def save(self, job: Job) -> None:
        """Replace the job of that id, which is to be locked. What never changes is not looked at."""
        ...

    def list_page(self, page: PageOfJobs) -> JobList:
        """Return a page: those that have not started first, then the last started, then the last made."""
        ...

    def scheduled(self, service_id: UUID) -> ScheduledJobs:
        """Return how many of the service's jobs are scheduled, and for when the first of them is."""
        ...

    def take_due(self, *, now: datetime, limit: int) -> list[Job]:
        """Lock and return scheduled jobs whose time was before `now`, longest due first, without those locked."""
        ...

    def take_stalled(self, *, idle_since: datetime, limit: int) -> list[Job]:
        """Lock and return jobs from files in hand that nothing happened to since `idle_since`, without those locked.

        In hand is what is in progress, and what is pending. Something happens to a job when it is made, falls due, or
        is saved.
        """
        ...

    def take_uncreated(self, *, finished_before: datetime, limit: int) -> list[Job]:
        """Lock and return jobs from files, `finished` before that moment, longest ago first, without those locked.

        Archived ones have no file any more that their rows could be read from: they are left out.
        """
        ...

    def list_expired(self, channels: Collection[Channel], *, today: date, after: UUID, limit: int) -> list[Job]:
        """Return jobs of these channels that are not archived and whose time is over, in the order of their ids.

        At most `limit`, with ids after `after`. A job's time is its service's days of the channel, after the London
        day on which it was scheduled, or else made; it is over when `today`, a London day, is later than that.
        """
        ...

    def archive(self, job_ids: Collection[UUID], *, now: datetime) -> int:
        """Let these jobs be as `Job.as_archived` has them, and return how many were not archived yet."""
        ...

    def list_storing(self, service_id: UUID, *, since: datetime) -> list[Job]:
        """Return jobs of the service, from files, any of whose rows may have been stored since then.

        Those that were due within STORED_WITHIN before it; in any order. What became of a job since then makes no
        difference: rows are stored before it is cancelled, too.
        """
        ...

    def add_chunks(self, chunks: Sequence[Chunk]) -> None:
        """Store chunks. One of a job and first row that there is already is left as it is."""
        ...

    def remove_chunks(self, job_id: UUID) -> None:
        """Remove the chunks of a job that is to be read from its beginning."""
        ...

    def find_chunk(self, chunk_id: UUID) -> Chunk | None:
        """Return the chunk, or None."""
        ...

    def finish_chunk(self, chunk: Chunk) -> None:
        """Store that a chunk is done, and what became of it. Done before, it stays as it was."""
        ...

    def list_chunks(self, job_id: UUID, *, undone: bool = False) -> list[Chunk]:
        """Return the chunks of a job in the order of its rows; with `undone` only those that are not done."""
        ...

    def count_by_status(self, job: Job) -> Mapping[Status, int]:
        """Return how many of the job's rows that are stored are in each status, without those that none is in."""
        ...

    def stored_rows(self, job: Job, *, first_row: int, row_count: int) -> frozenset[int]:
        """Return which of these rows are stored as messages."""
        ...
