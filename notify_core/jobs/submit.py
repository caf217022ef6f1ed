"""Send a file that somebody has at hand: check it, upload it and make a job of it, all in one go."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from attrs import field, frozen

from notify_core.contact_lists.find import existing_list
from notify_core.errors import InvalidContent, NotFound
from notify_core.files.ports import FileStore, StoredFile
from notify_core.identifiers import NewId
from notify_core.jobs.create import CreateJob, NewJob, check_schedule
from notify_core.jobs.model import Job, file_name
from notify_core.jobs.sheet import ReadFrom
from notify_core.jobs.validate import Assessment, ValidateSpreadsheet
from notify_core.unit_of_work import Database


class FileRefused(InvalidContent):
    """A job of the file would not be sent. `assessment` says what is wrong with it."""

    code = "file-refused"

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment
        count = assessment.error_count
        super().__init__(f"Nothing is sent: the file has {count} error{'' if count == 1 else 's'}.")


@frozen(kw_only=True)
class Spreadsheet:
    """A file of `size` bytes, which `read_from` reads from any place on, as often as it is asked to.

    `contact_list_id` is of the contact list whose file it is.
    """

    original_file_name: str = field(repr=False)
    size: int
    read_from: ReadFrom
    contact_list_id: UUID | None = None


@frozen(kw_only=True)
class Submission:
    """A file to send with a template. `scheduled_for` is UTC; None is at once. Without a sender the default."""

    service_id: UUID
    template_id: UUID
    spreadsheet: Spreadsheet
    sender_id: UUID | None = None
    scheduled_for: datetime | None = None
    created_by_id: UUID | None = None


@frozen
class SubmitFile:
    """Send to everybody in a file, if there is nothing wrong with it."""

    validate: ValidateSpreadsheet
    files: FileStore
    create_job: CreateJob
    new_id: NewId

    def __call__(self, wanted: Submission) -> Job:
        """Return the job that was made.

        Raises FileRefused, with nothing uploaded, when anything is wrong with the file; whatever
        `ValidateSpreadsheet` and `CreateJob` raise, with nothing left behind; or FilesUnavailable.
        """
        sheet = wanted.spreadsheet
        check_schedule(wanted.scheduled_for, self.create_job.clock())
        found = self.validate(
            wanted.service_id, wanted.template_id, sheet.size, sheet.read_from, sender_id=wanted.sender_id
        )
        if not found.is_valid:
            raise FileRefused(found)
        job_id = self.new_id()
        metadata = {
            "original_file_name": sheet.original_file_name,
            "notification_count": str(found.rows),
            "template_id": str(wanted.template_id),
            "valid": "True",
        }
        if wanted.sender_id is not None:
            metadata["sender_id"] = str(wanted.sender_id)
        content = b"".join(sheet.read_from(0))
        name = file_name(wanted.service_id, job_id)
        self.files.put(name, StoredFile(content, metadata))
        try:
            return self.create_job(
                NewJob(
                    id=job_id,
                    service_id=wanted.service_id,
                    created_by_id=wanted.created_by_id,
                    scheduled_for=wanted.scheduled_for,
                    contact_list_id=sheet.contact_list_id,
                )
            )
        except Exception:
            # A file that no job leads to would never be removed.
            self.files.remove(name)
            raise


@frozen
class OpenContactList:
    """The file of a contact list, to be sent to."""

    database: Database
    files: FileStore

    def __call__(self, service_id: UUID, list_id: UUID) -> Spreadsheet:
        """Return the file. Raises NotFound for a list that there is not, or that has no file, or FilesUnavailable."""
        with self.database.statement() as work:
            found = existing_list(work, service_id, list_id)
        name = file_name(service_id, list_id)
        facts = self.files.describe(name)
        if facts is None:
            raise NotFound(f"The contact list {list_id} has no file. Remove it, and store it again.")
        return Spreadsheet(
            original_file_name=found.original_file_name,
            size=facts.size,
            read_from=partial(self.files.read, name),
            contact_list_id=list_id,
        )
