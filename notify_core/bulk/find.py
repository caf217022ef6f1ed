"""Look a bulk up: as a whole, and row by row."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.bulk.model import PAGE_SIZE, FoundBulk, FoundRow, state_of
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.directory import Directory
from notify_core.errors import NotFound
from notify_core.jobs.model import Job, JobSource
from notify_core.notifications.model import expiry_date
from notify_core.unit_of_work import Database, UnitOfWork


@frozen
class FindBulk:
    """A bulk of a service, as long as what is personal in it is kept."""

    database: Database
    directory: Directory
    clock: Clock

    def __call__(self, service_id: UUID, bulk_id: UUID) -> FoundBulk:
        """Return the bulk with its messages counted. Raises NotFound when there is none, or it has expired."""
        with self.database.statement() as work:
            job = self.job(work, service_id, bulk_id)
            counts = work.jobs.count_by_status(job)
        return FoundBulk(job=job, counts=counts, state=state_of(counts, job.scheduled_for, self.clock()))

    def job(self, work: UnitOfWork, service_id: UUID, bulk_id: UUID) -> Job:
        """Return the job that the bulk is. Raises NotFound."""
        job, service = work.jobs.find(service_id, bulk_id), self.directory.service(service_id)
        if job is None or service is None or job.source is not JobSource.API:
            raise NotFound("No result found")
        if expiry_date(job.created_at, service.days_kept(job.channel)) <= london_date(self.clock()):
            raise NotFound("No result found")
        return job


@frozen
class ListBulkRows:
    """The rows of a bulk, in order."""

    database: Database
    find: FindBulk

    def __call__(self, service_id: UUID, bulk_id: UUID, page: int = 1) -> list[FoundRow]:
        """Return a page of up to PAGE_SIZE rows; pages count from 1, and those after the last are empty.

        Raises NotFound when there is no such bulk, or it has expired.
        """
        first_row = (page - 1) * PAGE_SIZE
        with self.database.statement() as work:
            job = self.find.job(work, service_id, bulk_id)
            if first_row >= job.notification_count:
                return []
            apart = work.bulk.list_apart(job.id, first_row=first_row, row_count=PAGE_SIZE)
            messages = work.notifications.list_rows(job, first_row=first_row, row_count=PAGE_SIZE)
        rows = [
            FoundRow(
                row=row.row,
                notification_id=row.notification_id,
                status=None,
                recipient=row.recipient,
                reference=row.reference,
                problems=row.problems,
            )
            for row in apart
        ]
        rows += [
            FoundRow(
                row=message.notification.job_row_number or 0,
                notification_id=message.notification.id,
                status=message.notification.status,
                recipient=message.contents.recipient,
                reference=message.contents.client_reference,
            )
            for message in messages
        ]
        return sorted(rows, key=lambda found: found.row)
