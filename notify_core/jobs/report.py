"""What became of each row of a job, as a file: its own columns, and beside them the state of its message.

Nothing is held but one page of messages and the rows of the file beside it, however large the job is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from io import StringIO
from uuid import UUID

from attrs import evolve, frozen

from notify_core.calendar import london_text
from notify_core.directory import Directory
from notify_core.errors import NotFound
from notify_core.files.ports import FileStore
from notify_core.jobs.model import Job, file_name
from notify_core.jobs.sheet import SheetFormat, rows_from
from notify_core.notifications.model import Message, RowsOfJob
from notify_core.notifications.status_names import status_name
from notify_core.unit_of_work import Database

PAGE_SIZE = 1000
_NUMBER = ("Row number",)
_OUTCOME = ("Template", "Type", "Job", "Status", "Time")
# Where there is no file: jobs of the API have none.
_TOLD = ("Recipient", "Reference")

Cells = Sequence[str]


@frozen(kw_only=True)
class Report:
    """A CSV file as it is made: `pieces` are its text, to be read once. `file_name` is what to call it."""

    file_name: str
    pieces: Iterator[str]


@frozen
class ReportJob:
    """The outcome of a job, row by row."""

    database: Database
    directory: Directory
    files: FileStore

    def __call__(self, service_id: UUID, job_id: UUID) -> Report:
        """Return the report: a line for each message whose contents have not expired, in the order of the rows.

        Raises NotFound, DatabaseUnavailable or FilesUnavailable; the latter two may come while it is read, too.
        """
        with self.database.statement() as work:
            job = work.jobs.find(service_id, job_id)
        template = None if job is None else self.directory.template(job.template_id, job.template_version)
        if job is None or template is None:
            raise NotFound(f"There is no job with id {job_id}")
        lines = _lines(job, template.name, self._messages(job), self._rows(job))
        return Report(file_name=f"{job_id}.csv", pieces=_as_csv(lines))

    def _rows(self, job: Job) -> Iterator[Cells] | None:
        """Yield the rows of the job's file. None where there is none that could be read."""
        name = file_name(job.service_id, job.id)
        if job.encoding is None or job.delimiter is None or self.files.describe(name) is None:
            return None
        with self.database.statement() as work:
            chunks = work.jobs.list_chunks(job.id)
        start = chunks[0].byte_start if chunks else 0
        sheet = SheetFormat(encoding=job.encoding, delimiter=job.delimiter, header=job.header or (), body_start=start)
        return (row.cells for row in rows_from(sheet, partial(self.files.read, name), start))

    def _messages(self, job: Job) -> Iterator[Message]:
        """Yield the messages page by page; no connection is held while the reader is at a page."""
        wanted = RowsOfJob(service_id=job.service_id, first=job.ids.first, last=job.ids.last, limit=PAGE_SIZE)
        while True:
            with self.database.statement() as work:
                page = work.notifications.page_of_job(wanted)
            yield from page
            if len(page) < PAGE_SIZE:
                return
            wanted = evolve(wanted, after=page[-1].notification.id)


def _lines(
    job: Job, template_name: str, messages: Iterable[Message], rows: Iterator[Cells] | None
) -> Iterator[Iterable[object]]:
    """Yield the cells of each line, the header first."""
    header = job.header or ()
    yield [*_NUMBER, *(_TOLD if rows is None else header), *_OUTCOME]
    following = 0
    for message in messages:
        facts, number = message.notification, message.notification.job_row_number or 0
        cells: Cells = ()
        while rows is not None and following <= number:
            cells = next(rows, ())
            following += 1
        contents = message.contents
        told: Cells = (contents.recipient, contents.client_reference or "")
        yield [
            number + 1,
            *(told if rows is None else _fitted(cells, len(header))),
            template_name,
            facts.channel.value,
            job.original_file_name,
            status_name(facts.channel, facts.status),
            london_text(facts.created_at),
        ]


def _fitted(cells: Cells, width: int) -> Cells:
    """Return as many cells as there are columns."""
    return [*cells[:width], *[""] * (width - len(cells))]


def _as_csv(lines: Iterable[Iterable[object]]) -> Iterator[str]:
    """Write lines as CSV, many at a time."""
    text = StringIO()
    writer = csv.writer(text)
    for number, line in enumerate(lines, start=1):
        writer.writerow(line)
        if number % PAGE_SIZE == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
