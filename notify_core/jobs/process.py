"""Check a job's file from end to end, and only when nothing is wrong with it, promise to store its rows.

A file can take longer than a task may. So it is checked a slice at a time: how far it has got is stored, with the
chunks found so far, and the next slice is promised. Whoever does the same slice again, or beside another, finds that
it is done. Nothing is sent before the last slice has been found right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import define, evolve, field, frozen

from notify_core.clock import Clock
from notify_core.directory import Directory
from notify_core.errors import NotifyError
from notify_core.files.ports import FileStore
from notify_core.identifiers import NewId
from notify_core.jobs.check import (
    MOST_ERRORS_KEPT,
    RowCheck,
    Sending,
    no_rows,
    sending,
    too_many_rows,
)
from notify_core.jobs.model import Chunk, Job, JobStatus, RowError, file_name
from notify_core.jobs.promises import to_process, to_store
from notify_core.jobs.sheet import ReadRow, SheetFormat, UnusableFile, rows_from, survey
from notify_core.limits.admit import DailyLimitExceeded
from notify_core.limits.daily import INTERNATIONAL_SMS
from notify_core.limits.reserve import Places, ReservePlaces
from notify_core.notifications.refusals import ChannelNotPermitted
from notify_core.recipients.spreadsheet import MOST_ROWS
from notify_core.unit_of_work import Database

#: A chunk is stored in one statement, and read as a whole.
ROWS_IN_CHUNK = 1000
_BYTES_IN_CHUNK = 1024 * 1024
# Well within what a task may take, however slow the machine is at the end of it.
_SLICE = timedelta(seconds=8)
_ROWS_BETWEEN_LOOKS = 500

_FILE_GONE = "The file is no longer there. Upload it again."


@frozen(kw_only=True)
class Slice:
    """What came of checking a part of a file: the job as it now stands, and the chunks of these rows.

    `is_last` says that the end of the file was reached, or an error that makes going on pointless.
    """

    job: Job
    chunks: tuple[Chunk, ...]
    is_last: bool


@frozen
class ProcessJob:
    """Begin a job, or go on with one."""

    database: Database
    files: FileStore
    directory: Directory
    reserve: ReservePlaces
    clock: Clock
    new_id: NewId

    def __call__(self, job_ids: Iterable[UUID]) -> None:
        """Check as much of each job's file as can be done in some seconds. Raises FilesUnavailable.

        Safe to repeat, and to do twice at the same time. A job that is neither `pending` nor `in progress` is left as
        it is.
        """
        for job_id in job_ids:
            job = self._begin(job_id)
            if job is not None:
                self._go_on(job)

    def _begin(self, job_id: UUID) -> Job | None:
        """Return the job when it is to be worked on: in progress from here on."""
        with self.database.statement() as work:
            job = work.jobs.read(job_id)
        if job is None or job.status is not JobStatus.PENDING:
            return job if job is not None and job.status is JobStatus.IN_PROGRESS else None
        # Asked before the job is locked: somebody else's server may take its time.
        status = self._first_status(job)
        now = self.clock()
        with self.database.begin() as work:
            job = work.jobs.lock(job_id)
            if job is None or job.status is not JobStatus.PENDING:
                return None
            finished = now if status is JobStatus.SENDING_LIMITS_EXCEEDED else None
            job = evolve(job, status=status, processing_started=now, processing_finished=finished, updated_at=now)
            work.jobs.save(job)
            work.commit()
        return job if job.status is JobStatus.IN_PROGRESS else None

    def _first_status(self, job: Job) -> JobStatus:
        service = self.directory.service(job.service_id)
        if service is None or not service.active:
            return JobStatus.CANCELLED
        if not self.reserve.would_fit(service, job.key_type, job.channel.value, job.notification_count):
            return JobStatus.SENDING_LIMITS_EXCEEDED
        return JobStatus.IN_PROGRESS

    def _go_on(self, job: Job) -> None:
        try:
            found = self._check(job, self._sending(job))
        except NotifyError as error:
            problem = RowError(problem=error.message)
            found = Slice(job=_with_errors(job, [problem]), chunks=(), is_last=True)
        self._store(job, found)

    def _sending(self, job: Job) -> Sending:
        """Return what all rows have in common. Raises SenderNotFound, ChannelNotPermitted or UnusableFile."""
        service = self.directory.service(job.service_id)
        template = self.directory.template(job.template_id, job.template_version)
        if service is None or template is None:
            raise UnusableFile("The service or the template cannot be found.")
        if not service.may_send(template.channel):
            raise ChannelNotPermitted(template.channel)
        return sending(self.directory, service, template, job.sender_id)

    def _check(self, job: Job, of_all: Sending) -> Slice:
        """Check rows until the time is over or the file is. Raises FilesUnavailable; UnusableFile before any row."""
        deadline = self.clock() + _SLICE
        name = file_name(job.service_id, job.id)

        def read_from(start: int) -> Iterable[bytes]:
            return self.files.read(name, start)

        if job.encoding is None:
            facts = self.files.describe(name)
            if facts is None:
                raise UnusableFile(_FILE_GONE)
            sheet = survey(facts.size, read_from, job.channel)
            job = evolve(
                job,
                encoding=sheet.encoding,
                delimiter=sheet.delimiter,
                header=sheet.header,
                bytes_checked=sheet.body_start,
            )
            if wrong := RowCheck(of_all, sheet.header).of_columns():
                return Slice(job=_with_errors(job, wrong), chunks=(), is_last=True)
        sheet = format_of(job)
        rows = rows_from(sheet, read_from, job.bytes_checked)
        return self._check_rows(_Progress(job, RowCheck(of_all, sheet.header), self.new_id), iter(rows), deadline)

    def _check_rows(self, progress: _Progress, rows: Iterator[ReadRow], deadline: datetime) -> Slice:
        if self.clock() > deadline:  # finding out how to read it has taken all of the time
            return progress.paused()
        try:
            for read in rows:
                if progress.rows >= MOST_ROWS:
                    return progress.ended([too_many_rows()])
                progress.take(read)
                if progress.rows % _ROWS_BETWEEN_LOOKS == 0 and self.clock() >= deadline:
                    return progress.paused()
        except UnusableFile as error:
            return progress.ended([RowError(problem=error.message)])
        return progress.ended([] if progress.rows else [no_rows()])

    def _store(self, before: Job, found: Slice) -> None:
        """Store what came of a slice, unless somebody else has got there first, or the job was cancelled."""
        if found.job.error_count or not found.is_last:
            self._save(before, found, None)
            return
        # One alone may ask for places: two that did so for the same rows could leave neither enough.
        mine = self._claim(before)
        if mine is None:
            return
        places = self._reserve(found.job)
        try:
            if self._save(mine, found, places) and places is not None:
                places.keep()
        finally:
            if places is not None:
                places.give_back()

    def _claim(self, before: Job) -> Job | None:
        """Return the job as it is once nobody else can store this slice any more; None when somebody has."""
        with self.database.begin() as work:
            stored = work.jobs.lock(before.id)
            if stored is None or not _is_where(stored, before):
                return None
            mine = evolve(stored, updated_at=self.clock())
            work.jobs.save(mine)
            work.commit()
        return mine

    def _save(self, before: Job, found: Slice, places: Places | None) -> bool:
        """Store the slice with what follows from it; return whether nobody else had."""
        now = self.clock()
        job = evolve(found.job, updated_at=now)
        with self.database.begin() as work:
            stored = work.jobs.lock(job.id)
            if stored is None or not _is_where(stored, before):
                return False
            if not found.is_last:
                work.jobs.add_chunks(found.chunks)
                work.outbox.add([to_process(job, self.new_id(), now)])
            elif places is None:
                work.jobs.remove_chunks(job.id)
                status = JobStatus.ERROR if job.error_count else JobStatus.SENDING_LIMITS_EXCEEDED
                job = evolve(job, status=status, processing_finished=now)
            else:
                work.jobs.add_chunks(found.chunks)
                chunks = work.jobs.list_chunks(job.id, undone=True)
                work.outbox.add([to_store(chunk, job, self.new_id(), now) for chunk in chunks])
                job = evolve(
                    job, status=JobStatus.FINISHED, processing_finished=now, notification_count=job.rows_checked
                )
            work.jobs.save(job)
            if places is not None:
                places.confirm()
            work.commit()
        return True

    def _reserve(self, job: Job) -> Places | None:
        """Take places in today's counts for all of its rows, or none when they do not fit."""
        service = self.directory.service(job.service_id)
        if service is None:
            return None
        try:
            return self.reserve(
                service,
                job.key_type,
                {job.channel.value: job.rows_checked, INTERNATIONAL_SMS: job.international_count},
            )
        except DailyLimitExceeded:
            return None


@define
class _Progress:
    """A slice in the making."""

    job: Job
    check: RowCheck
    new_id: NewId
    rows: int = field(init=False)
    _first_row: int = field(init=False)
    _start: int = field(init=False)
    _end: int = field(init=False)
    _chunks: list[Chunk] = field(init=False, factory=list)
    _errors: list[RowError] = field(init=False, factory=list)
    _error_count: int = field(init=False, default=0)
    _abroad: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self.rows = self._first_row = self.job.rows_checked
        self._start = self._end = self.job.bytes_checked

    def take(self, read: ReadRow) -> None:
        """Check one more row."""
        row = self.check.row(self.rows, read.cells)
        wrong = self.check.of_row(row)
        if wrong:
            self._error_count += len(wrong)
            self._errors += wrong[: max(0, MOST_ERRORS_KEPT - len(self._errors))]
        elif self.check.is_abroad(row):
            self._abroad += 1
        self.rows += 1
        self._end = read.end
        if self.rows - self._first_row >= ROWS_IN_CHUNK or self._end - self._start >= _BYTES_IN_CHUNK:
            self._cut()

    def paused(self) -> Slice:
        """Return the slice so far: there is more."""
        self._cut()
        return Slice(job=self._after(()), chunks=tuple(self._chunks), is_last=False)

    def ended(self, more_errors: Sequence[RowError]) -> Slice:
        """Return the slice with which the file ends."""
        self._cut()
        return Slice(job=self._after(more_errors), chunks=tuple(self._chunks), is_last=True)

    def _cut(self) -> None:
        if self.rows > self._first_row:
            self._chunks.append(
                Chunk(
                    id=self.new_id(),
                    job_id=self.job.id,
                    first_row=self._first_row,
                    row_count=self.rows - self._first_row,
                    byte_start=self._start,
                    byte_end=self._end,
                )
            )
        self._first_row, self._start = self.rows, self._end

    def _after(self, more_errors: Sequence[RowError]) -> Job:
        job = evolve(
            self.job,
            rows_checked=self.rows,
            bytes_checked=self._end,
            international_count=self.job.international_count + self._abroad,
        )
        return _with_errors(job, [*more_errors, *self._errors], self._error_count + len(more_errors))


def _with_errors(job: Job, errors: Sequence[RowError], count: int | None = None) -> Job:
    """Return the job with more errors: those of the whole file go first."""
    together = sorted([*job.errors, *errors], key=lambda error: -1 if error.row is None else error.row)
    return evolve(
        job,
        errors=tuple(together[:MOST_ERRORS_KEPT]),
        error_count=job.error_count + (len(errors) if count is None else count),
    )


def format_of(job: Job) -> SheetFormat:
    """Return how the job's file is read, once that is known. Raises UnusableFile before."""
    if job.encoding is None or job.delimiter is None or job.header is None:
        raise UnusableFile(_FILE_GONE)
    return SheetFormat(
        encoding=job.encoding, delimiter=job.delimiter, header=job.header, body_start=job.bytes_checked
    )


def _is_where(stored: Job, before: Job) -> bool:
    """Whether nothing has happened to the job since it was `before`: whatever does is saved with its time."""
    return (
        stored.status is JobStatus.IN_PROGRESS
        and stored.updated_at == before.updated_at
        and stored.encoding == before.encoding
        and stored.bytes_checked == before.bytes_checked
    )
