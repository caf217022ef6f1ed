"""A job: many messages asked for at once, from a file or by one request of the API."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import Factory, evolve, field, frozen

from notify_core.jobs.rows import Ids, ids_of, row_id
from notify_core.vocabulary import Channel, KeyType


class JobStatus(StrEnum):
    """Where a job is on its way. The values are on the wire and in the database.

    SCHEDULED -> PENDING -> IN_PROGRESS (the file is checked, nothing is stored) -> FINISHED (all is checked, and
    every row promised) -> FINISHED_ALL_CREATED (every row is stored as a message). Until FINISHED a job may still
    become CANCELLED, SENDING_LIMITS_EXCEEDED or ERROR, with nothing stored and nothing sent. From FINISHED it may
    become CANCELLED, too: some of its rows are then messages, and the others never will be.
    """

    PENDING = "pending"
    IN_PROGRESS = "in progress"
    FINISHED = "finished"
    FINISHED_ALL_CREATED = "finished all notifications created"
    SENDING_LIMITS_EXCEEDED = "sending limits exceeded"
    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    READY_TO_SEND = "ready to send"
    SENT_TO_DVLA = "sent to dvla"
    ERROR = "error"


#: Nothing of such a job has been stored, so it can be cancelled truthfully.
CANCELLABLE = frozenset({JobStatus.SCHEDULED, JobStatus.PENDING, JobStatus.IN_PROGRESS})


class JobSource(StrEnum):
    """Where a job's rows come from: a file in the bucket for spreadsheets, or one request of the API."""

    FILE = "file"
    API = "api"


@frozen(kw_only=True)
class RowError:
    """What is wrong with a file. Without a `row` it is wrong with all of it; without a `column` with the whole row.

    `row` counts from 0, without the header. `problem` is a sentence for people; it quotes nothing of the row.
    """

    problem: str
    row: int | None = None
    column: str | None = None


@frozen(kw_only=True)
class Job:
    """One job. Times are UTC.

    `notification_count` is how many rows it was said to have, and once it is FINISHED how many it has.
    `created_by_id` is the user who made it, `api_key_id` and `key_type` what the API was asked with. `sender_id` is
    one of the service's senders of texts or reply-to addresses; None is the default one.

    How its file is to be read, and how far it was checked: `encoding`, `delimiter` and `header` are None until that
    is known; `rows_checked` and `bytes_checked` are counted from the file's beginning, and `international_count` is
    how many of these rows are texts to other countries. `errors` are the first ones, `error_count` is all.

    `archived` is whether its time is over: its file is gone then, and what was copied from it.
    `archived` is whether its file is gone, because its time was over.
    """

    id: UUID
    service_id: UUID
    template_id: UUID
    template_version: int
    channel: Channel
    original_file_name: str
    notification_count: int
    created_at: datetime
    status: JobStatus = JobStatus.PENDING
    source: JobSource = JobSource.FILE
    created_by_id: UUID | None = None
    api_key_id: UUID | None = None
    key_type: KeyType = KeyType.NORMAL
    client_reference: str | None = field(default=None, repr=False)
    sender_id: UUID | None = None
    contact_list_id: UUID | None = None
    scheduled_for: datetime | None = None
    processing_started: datetime | None = None
    processing_finished: datetime | None = None
    updated_at: datetime | None = None
    archived: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    header: tuple[str, ...] | None = field(default=None, repr=False)
    rows_checked: int = 0
    bytes_checked: int = 0
    international_count: int = 0
    error_count: int = 0
    errors: tuple[RowError, ...] = Factory(tuple)

    @property
    def ids_from(self) -> datetime:
        """The moment that its messages' ids are made of: about when they are stored, but the same at each attempt."""
        if self.source is JobSource.FILE and self.scheduled_for is not None:
            return self.scheduled_for
        return self.created_at

    @property
    def ids(self) -> Ids:
        """The range that the ids of its messages are in."""
        return ids_of(self.id, self.ids_from)

    @property
    def is_invalid(self) -> bool:
        """Whether its file was checked, and will not do. What only stood still can be resumed."""
        return self.status is JobStatus.ERROR and self.error_count > 0

    def as_archived(self, now: datetime) -> Job:
        """Return the job without what may be personal, as it is kept once its file is gone.

        A file without a header has a person in its first line; names of files and clients' references hold anything.
        How many errors there were is kept, and not where.
        """
        return evolve(
            self,
            archived=True,
            updated_at=now,
            original_file_name=nameless(self.id) if self.source is JobSource.FILE else self.original_file_name,
            client_reference=None,
            encoding=None,
            delimiter=None,
            header=None,
            errors=(),
        )

    def row_id(self, row: int) -> UUID:
        """Return the id of the message that a row (from 0) becomes."""
        return row_id(self.id, self.ids_from, row)


@frozen(kw_only=True)
class Chunk:
    """A run of a job's rows, stored in one go: `row_count` rows from `first_row` on.

    They are the bytes [`byte_start`, `byte_end`) of the file. Once it is done, `accepted` rows are messages to be
    delivered, and `refused` ones are stored as `validation-failed`.
    """

    id: UUID
    job_id: UUID
    first_row: int
    row_count: int
    byte_start: int
    byte_end: int
    done_at: datetime | None = None
    accepted: int = 0
    refused: int = 0


@frozen(kw_only=True)
class PageOfJobs:
    """Which jobs of a service to list: `page` counts from 1. What is None does not narrow the list.

    `since` is when a job was made at the earliest. Jobs whose files have a name in `hidden_names` are left out.
    """

    service_id: UUID
    page: int = 1
    page_size: int = 50
    statuses: frozenset[JobStatus] | None = None
    since: datetime | None = None
    contact_list_id: UUID | None = None
    source: JobSource | None = JobSource.FILE
    hidden_names: tuple[str, ...] = ("Test message", "Report")


@frozen(kw_only=True)
class JobList:
    """A page of jobs, and how many there are on all pages."""

    jobs: tuple[Job, ...]
    total: int


@frozen(kw_only=True)
class ScheduledJobs:
    """How many of a service's jobs are scheduled, and for when the first of them is."""

    count: int
    soonest: datetime | None


def file_name(service_id: UUID, job_id: UUID) -> str:
    """Return the name under which a job's file is kept.

    >>> file_name(UUID(int=1), UUID(int=2))
    'service-00000000-0000-0000-0000-000000000001-notify/00000000-0000-0000-0000-000000000002.csv'
    """
    return f"service-{service_id}-notify/{job_id}.csv"


def nameless(file_id: UUID) -> str:
    """Return what a file is called once the name that it came with is forgotten.

    >>> nameless(UUID(int=2))
    '00000000-0000-0000-0000-000000000002.csv'
    """
    return f"{file_id}.csv"
