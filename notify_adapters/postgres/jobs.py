"""Jobs and their chunks.

The messages of a job are one range of ids, so that the primary key of `notifications` finds them. Bounds on `id` also
choose the month's partition.
"""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from attrs import asdict, fields

from notify_adapters.postgres.session import Row, Session
from notify_adapters.postgres.tables import columns_of, job_chunks, jobs
from notify_core.jobs.model import (
    Chunk,
    Job,
    JobList,
    JobSource,
    JobStatus,
    PageOfJobs,
    RowError,
    ScheduledJobs,
)
from notify_core.jobs.rows import STORED_WITHIN
from notify_core.notifications.status import Status
from notify_core.services.model import DEFAULT_RETENTION_DAYS
from notify_core.vocabulary import Channel, KeyType

_JOB = columns_of(jobs)
_CHUNK = columns_of(job_chunks)

_ADD = f"INSERT INTO jobs ({_JOB}) VALUES ({', '.join(f'%({column.name})s' for column in jobs.columns)})"
_FIND = f"SELECT {_JOB} FROM jobs WHERE id = %(id)s AND service_id = %(service_id)s"
_LOCK = f"SELECT {_JOB} FROM jobs WHERE id = %(id)s FOR UPDATE"
_READ = f"SELECT {_JOB} FROM jobs WHERE id = %(id)s FOR SHARE"

_NEVER_CHANGES = frozenset(
    {"id", "service_id", "template_id", "channel", "original_file_name", "created_at", "source"}
)
_CHANGES = [column.name for column in jobs.columns if column.name not in _NEVER_CHANGES]
_SAVE = f"UPDATE jobs SET {', '.join(f'{name} = %({name})s' for name in _CHANGES)} WHERE id = %(id)s"

_LISTED = """
    service_id = %(service_id)s
    AND (%(statuses)s::text[] IS NULL OR status = ANY(%(statuses)s))
    AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
    AND (%(contact_list_id)s::uuid IS NULL OR contact_list_id = %(contact_list_id)s)
    AND (%(source)s::text IS NULL OR source = %(source)s)
    AND NOT original_file_name = ANY(%(hidden_names)s)
"""
_COUNT = f"SELECT count(*) AS total FROM jobs WHERE {_LISTED}"
_LIST = f"""
SELECT {_JOB} FROM jobs WHERE {_LISTED}
ORDER BY processing_started DESC NULLS FIRST, created_at DESC, id DESC
LIMIT %(page_size)s OFFSET %(offset)s
"""
_SCHEDULED = """
SELECT count(*) AS jobs, min(scheduled_for) AS soonest FROM jobs
WHERE service_id = %(service_id)s AND status = 'scheduled'
"""

# What is not finished stores nothing; what was complete by then has stored nothing since.
_TAKE_DUE = f"""
SELECT {_JOB} FROM jobs
WHERE status = 'scheduled' AND source = 'file' AND scheduled_for < %(before)s
ORDER BY scheduled_for, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_TAKE_STALLED = f"""
SELECT {_JOB} FROM jobs
WHERE status IN ('pending', 'in progress') AND source = 'file' AND coalesce(updated_at, created_at) < %(before)s
ORDER BY coalesce(updated_at, created_at), id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_TAKE_UNCREATED = f"""
SELECT {_JOB} FROM jobs
WHERE status = 'finished' AND source = 'file' AND NOT archived AND processing_finished < %(before)s
ORDER BY processing_finished, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

_LIST_EXPIRED = f"""
SELECT {", ".join(f"jobs.{column.name}" for column in jobs.columns)} FROM jobs
LEFT JOIN service_data_retention AS own ON own.service_id = jobs.service_id AND own.channel = jobs.channel
WHERE NOT jobs.archived AND jobs.id > %(after)s AND jobs.channel = ANY(%(channels)s)
    AND (coalesce(jobs.scheduled_for, jobs.created_at) AT TIME ZONE 'Europe/London')::date
        + coalesce(own.days, {DEFAULT_RETENTION_DAYS}) < %(today)s
ORDER BY jobs.id LIMIT %(limit)s
"""
# As `Job.as_archived` says.
_ARCHIVE = """
WITH archived AS (
    UPDATE jobs SET
        archived = true, updated_at = %(now)s, client_reference = NULL,
        original_file_name = CASE source WHEN 'file' THEN id || '.csv' ELSE original_file_name END,
        encoding = NULL, delimiter = NULL, header = NULL, errors = '[]'
    WHERE id = ANY(%(ids)s) AND NOT archived
    RETURNING id
)
SELECT count(*) AS jobs FROM archived
"""
# A job is made before it is due, at most seven days; the index has when it was made.
_LIST_STORING = f"""
SELECT {_JOB} FROM jobs
WHERE service_id = %(service_id)s AND created_at >= %(oldest)s - interval '8 days' AND source = 'file'
    AND coalesce(scheduled_for, created_at) >= %(oldest)s
    AND (status = 'finished' OR updated_at >= %(since)s)
"""

_ADD_CHUNKS = f"""
INSERT INTO job_chunks ({_CHUNK})
SELECT * FROM unnest(
    %(ids)s::uuid[], %(job_ids)s::uuid[], %(first_rows)s::integer[], %(row_counts)s::integer[],
    %(byte_starts)s::bigint[], %(byte_ends)s::bigint[], %(done_at)s::timestamptz[],
    %(accepted)s::integer[], %(refused)s::integer[]
)
ON CONFLICT (job_id, first_row) DO NOTHING
"""
_REMOVE_CHUNKS = "DELETE FROM job_chunks WHERE job_id = %(job_id)s"
_FIND_CHUNK = f"SELECT {_CHUNK} FROM job_chunks WHERE id = %(id)s"
_FINISH_CHUNK = """
UPDATE job_chunks SET done_at = %(done_at)s, accepted = %(accepted)s, refused = %(refused)s
WHERE id = %(id)s AND done_at IS NULL
"""
_LIST_CHUNKS = f"""
SELECT {_CHUNK} FROM job_chunks
WHERE job_id = %(job_id)s AND (done_at IS NULL OR NOT %(undone)s)
ORDER BY first_row
"""

_ROWS_OF_JOB = "id BETWEEN %(first)s AND %(last)s AND job_id = %(job_id)s"
_COUNT_BY_STATUS = f"""
SELECT status, count(*) AS messages FROM notifications WHERE {_ROWS_OF_JOB} GROUP BY status
"""
_STORED_ROWS = f"SELECT job_row_number FROM notifications WHERE {_ROWS_OF_JOB}"


class PostgresJobs:
    """Implements `JobRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, job: Job) -> None:
        """Store a new job."""
        self._session.run(_ADD, _parameters(job))

    def find(self, service_id: UUID, job_id: UUID) -> Job | None:
        """Return the service's job, or None."""
        return _job_or_none(self._session.row(_FIND, {"id": job_id, "service_id": service_id}))

    def lock(self, job_id: UUID) -> Job | None:
        """Return the job, for this transaction alone to change, or None."""
        return _job_or_none(self._session.row(_LOCK, {"id": job_id}))

    def read(self, job_id: UUID) -> Job | None:
        """Return the job, which nobody can change until the transaction ends, or None."""
        return _job_or_none(self._session.row(_READ, {"id": job_id}))

    def save(self, job: Job) -> None:
        """Replace the job of that id."""
        self._session.run(_SAVE, _parameters(job))

    def list_page(self, page: PageOfJobs) -> JobList:
        """Return a page: those that have not started first, then the last started, then the last made."""
        wanted = asdict(page) | {
            "statuses": None if page.statuses is None else [status.value for status in page.statuses],
            "source": None if page.source is None else page.source.value,
            "hidden_names": list(page.hidden_names),
            "offset": (page.page - 1) * page.page_size,
        }
        found = self._session.rows(_LIST, wanted)
        total = self._session.row(_COUNT, wanted)
        return JobList(jobs=tuple(map(_job, found)), total=0 if total is None else total.total)

    def scheduled(self, service_id: UUID) -> ScheduledJobs:
        """Return how many of the service's jobs are scheduled, and for when the first of them is."""
        row = self._session.row(_SCHEDULED, {"service_id": service_id})
        return (
            ScheduledJobs(count=0, soonest=None)
            if row is None
            else ScheduledJobs(count=row.jobs, soonest=row.soonest)
        )

    def take_due(self, *, now: datetime, limit: int) -> list[Job]:
        """Lock and return scheduled jobs whose time was before `now`, longest due first."""
        return self._take(_TAKE_DUE, now, limit)

    def take_stalled(self, *, idle_since: datetime, limit: int) -> list[Job]:
        """Lock and return jobs from files in hand that nothing happened to since `idle_since`."""
        return self._take(_TAKE_STALLED, idle_since, limit)

    def take_uncreated(self, *, finished_before: datetime, limit: int) -> list[Job]:
        """Lock and return jobs from files, `finished` before that moment, longest ago first."""
        return self._take(_TAKE_UNCREATED, finished_before, limit)

    def _take(self, statement: str, before: datetime, limit: int) -> list[Job]:
        return [_job(row) for row in self._session.rows(statement, {"before": before, "limit": limit})]

    def list_expired(self, channels: Collection[Channel], *, today: date, after: UUID, limit: int) -> list[Job]:
        """Return jobs of these channels that are not archived and whose time is over, in the order of their ids."""
        wanted = {"channels": [channel.value for channel in channels], "today": today, "after": after, "limit": limit}
        return [_job(row) for row in self._session.rows(_LIST_EXPIRED, wanted)]

    def archive(self, job_ids: Collection[UUID], *, now: datetime) -> int:
        """Forget what may be personal in these jobs, and return how many were not archived yet."""
        row = self._session.row(_ARCHIVE, {"ids": list(job_ids), "now": now})
        return 0 if row is None else row.jobs

    def list_storing(self, service_id: UUID, *, since: datetime) -> list[Job]:
        """Return jobs of the service, from files, any of whose rows may have been stored since then."""
        asked = {"service_id": service_id, "since": since, "oldest": since - STORED_WITHIN}
        return [_job(row) for row in self._session.rows(_LIST_STORING, asked)]

    def add_chunks(self, chunks: Sequence[Chunk]) -> None:
        """Store chunks, but for those of a job and first row that there is already."""
        if chunks:
            self._session.run(
                _ADD_CHUNKS,
                {
                    "ids": [chunk.id for chunk in chunks],
                    "job_ids": [chunk.job_id for chunk in chunks],
                    "first_rows": [chunk.first_row for chunk in chunks],
                    "row_counts": [chunk.row_count for chunk in chunks],
                    "byte_starts": [chunk.byte_start for chunk in chunks],
                    "byte_ends": [chunk.byte_end for chunk in chunks],
                    "done_at": [chunk.done_at for chunk in chunks],
                    "accepted": [chunk.accepted for chunk in chunks],
                    "refused": [chunk.refused for chunk in chunks],
                },
            )

    def remove_chunks(self, job_id: UUID) -> None:
        """Remove the chunks of a job."""
        self._session.run(_REMOVE_CHUNKS, {"job_id": job_id})

    def find_chunk(self, chunk_id: UUID) -> Chunk | None:
        """Return the chunk, or None."""
        row = self._session.row(_FIND_CHUNK, {"id": chunk_id})
        return None if row is None else _chunk(row)

    def finish_chunk(self, chunk: Chunk) -> None:
        """Store that a chunk is done, unless it was done before."""
        self._session.run(_FINISH_CHUNK, asdict(chunk))

    def list_chunks(self, job_id: UUID, *, undone: bool = False) -> list[Chunk]:
        """Return the chunks of a job in the order of its rows."""
        return [_chunk(row) for row in self._session.rows(_LIST_CHUNKS, {"job_id": job_id, "undone": undone})]

    def count_by_status(self, job: Job) -> dict[Status, int]:
        """Return how many of the job's rows that are stored are in each status."""
        rows = self._session.rows(_COUNT_BY_STATUS, {"first": job.ids.first, "last": job.ids.last, "job_id": job.id})
        return {Status(row.status): row.messages for row in rows}

    def stored_rows(self, job: Job, *, first_row: int, row_count: int) -> frozenset[int]:
        """Return which of these rows are stored as messages."""
        if row_count < 1:
            return frozenset()
        bounds = {"first": job.row_id(first_row), "last": job.row_id(first_row + row_count - 1), "job_id": job.id}
        return frozenset(row.job_row_number for row in self._session.rows(_STORED_ROWS, bounds))


def _parameters(job: Job) -> dict[str, Any]:
    values = {attribute.name: getattr(job, attribute.name) for attribute in fields(Job)}
    return values | {
        "channel": job.channel.value,
        "status": job.status.value,
        "source": job.source.value,
        "key_type": job.key_type.value,
        "header": None if job.header is None else list(job.header),
        "errors": orjson.dumps([asdict(error) for error in job.errors]).decode(),
    }


def _job_or_none(row: Row | None) -> Job | None:
    return None if row is None else _job(row)


def _job(row: Row) -> Job:
    values = row._asdict()
    return Job(
        **values
        | {
            "channel": Channel(row.channel),
            "status": JobStatus(row.status),
            "source": JobSource(row.source),
            "key_type": KeyType(row.key_type),
            "header": None if row.header is None else tuple(row.header),
            "errors": tuple(RowError(**error) for error in row.errors),
        }
    )


def _chunk(row: Row) -> Chunk:
    return Chunk(**row._asdict())
