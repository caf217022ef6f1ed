"""Store the messages of a chunk: some bytes of a file become rows, messages, and promises to deliver them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.directory import Directory
from notify_core.errors import NotifyError
from notify_core.files.ports import FileStore
from notify_core.identifiers import NewId
from notify_core.jobs.check import RowCheck, sending
from notify_core.jobs.complete import complete
from notify_core.jobs.messages import MadeRow, RowMessages
from notify_core.jobs.model import Chunk, Job, JobStatus, file_name
from notify_core.jobs.process import format_of
from notify_core.jobs.sheet import UnusableFile, all_rows
from notify_core.notifications.send import delivery_of
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import refused
from notify_core.unit_of_work import Database


@frozen
class StoreChunk:
    """Store rows of a job that is `finished`, and has its file yet."""

    database: Database
    files: FileStore
    directory: Directory
    clock: Clock
    new_id: NewId

    def __call__(self, chunk_ids: Iterable[UUID]) -> None:
        """Make messages of the rows of these chunks, and store each chunk in one transaction.

        Safe to repeat, and to do twice at the same time: a row that is stored stays as it is, and its delivery is not
        promised again. When the last row of a job is stored, the job says so. Raises FilesUnavailable.
        """
        for chunk_id in chunk_ids:
            with self.database.statement() as work:
                chunk = work.jobs.find_chunk(chunk_id)
                job = None if chunk is None else work.jobs.read(chunk.job_id)
            if chunk is None or job is None or job.archived or job.status is not JobStatus.FINISHED:
                continue
            now = self.clock()
            self._store(job.id, chunk, list(self._rows(job, chunk, now)), now)
            self._complete(job.id)

    def _rows(self, job: Job, chunk: Chunk, now: datetime) -> Iterator[MadeRow]:
        """Yield a message for every row of the chunk, whatever has become of the file since it was checked."""
        sheet = format_of(job)
        content = b"".join(self.files.read(file_name(job.service_id, job.id), chunk.byte_start, chunk.byte_end))
        service = self.directory.service(job.service_id)
        template = self.directory.template(job.template_id, job.template_version)
        if service is None or template is None:
            raise UnusableFile("The service or the template cannot be found.")
        try:
            of_all = sending(self.directory, service, template, job.sender_id)
        except NotifyError:
            # The sender was removed since the file was checked: the default one has taken its place.
            of_all = sending(self.directory, service, template, None)
        make = RowMessages(job=job, check=RowCheck(of_all, sheet.header), now=now)
        rows = _at_most(all_rows(content, sheet.encoding, sheet.delimiter), chunk.row_count)
        for offset in range(chunk.row_count):
            yield make(chunk.first_row + offset, next(rows, []))

    def _store(self, job_id: UUID, chunk: Chunk, rows: list[MadeRow], now: datetime) -> None:
        messages = [row.message for row in rows]
        due = [
            delivery_of(message.notification, self.new_id())
            for message in messages
            if message.notification.status is Status.CREATED
        ]
        with self.database.begin() as work:
            job = work.jobs.read(job_id)
            if job is None or job.status is not JobStatus.FINISHED:
                return
            new = work.notifications.accept_many(messages, due)
            for row in rows:
                if row.refused is not None and row.message.notification.id in new:
                    work.notifications.add_event(row.message.notification, refused(row.refused, now), at_most=1)
            work.jobs.finish_chunk(evolve(chunk, done_at=now, accepted=len(due), refused=len(messages) - len(due)))
            work.commit()

    def _complete(self, job_id: UUID) -> None:
        with self.database.begin() as work:
            if work.jobs.list_chunks(job_id, undone=True):
                return
            job = work.jobs.lock(job_id)
            if job is not None and complete(work.jobs, job, self.clock()):
                work.commit()


def _at_most(rows: Iterator[list[str]], count: int) -> Iterator[list[str]]:
    """Yield the first rows, and stop without a word where the file cannot be read further."""
    try:
        for _, row in zip(range(count), rows, strict=False):
            yield row
    except UnusableFile:
        return
