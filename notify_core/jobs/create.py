"""Make a job of a file that was uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from attrs import frozen

from notify_core.clock import Clock
from notify_core.directory import Directory
from notify_core.errors import NotFound
from notify_core.files.ports import FileStore
from notify_core.identifiers import InvalidIdentifier, NewId, parse_id
from notify_core.jobs.check import sending
from notify_core.jobs.model import Job, JobStatus, file_name
from notify_core.jobs.promises import to_process
from notify_core.jobs.refusals import (
    FileNotFound,
    FileNotValid,
    InvalidJob,
    LettersNotPossible,
    ServiceInactive,
)
from notify_core.services.model import Service
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

_FURTHEST_AHEAD = timedelta(days=7)
_MISSING = "Missing data for required field."
_MOST_ROWS_SAID = 2**31 - 1


@frozen(kw_only=True)
class NewJob:
    """A job to make of the file that was uploaded under its id. `scheduled_for` is UTC; None is at once."""

    id: UUID
    service_id: UUID
    created_by_id: UUID | None = None
    scheduled_for: datetime | None = None
    contact_list_id: UUID | None = None


@frozen(kw_only=True)
class FileMetadata:
    """What is stored with a job's file, as texts: `template_id`, `notification_count` and so on."""

    template_id: UUID
    notification_count: int
    original_file_name: str
    sender_id: UUID | None


@frozen
class CreateJob:
    """Make a job. The file itself is not read: that is what processing does first."""

    database: Database
    files: FileStore
    directory: Directory
    clock: Clock
    new_id: NewId

    def __call__(self, new: NewJob) -> Job:
        """Return the job, `scheduled` or `pending`, promised to be processed.

        Raises NotFound for an unknown service, ServiceInactive, FileNotFound, FileNotValid, LettersNotPossible,
        InvalidJob, SenderNotFound, Conflict when there is a job of that id, or FilesUnavailable.
        """
        service = self.directory.service(new.service_id)
        if service is None:
            raise NotFound("No result found")
        if not service.active:
            raise ServiceInactive
        found = self.files.describe(file_name(service.id, new.id))
        if found is None:
            raise FileNotFound
        metadata = read_metadata(found.metadata)
        template = self._template(service, metadata.template_id)
        if template.channel is Channel.LETTER:
            raise LettersNotPossible(restricted=service.restricted)
        now = self.clock()
        check_schedule(new.scheduled_for, now)
        sending(self.directory, service, template, metadata.sender_id)
        job = Job(
            id=new.id,
            service_id=service.id,
            template_id=template.id,
            template_version=template.version,
            channel=template.channel,
            original_file_name=metadata.original_file_name,
            notification_count=metadata.notification_count,
            created_at=now,
            status=JobStatus.PENDING if new.scheduled_for is None else JobStatus.SCHEDULED,
            created_by_id=new.created_by_id,
            sender_id=metadata.sender_id,
            contact_list_id=new.contact_list_id,
            scheduled_for=new.scheduled_for,
        )
        with self.database.begin() as work:
            if new.created_by_id is not None and work.users.find(new.created_by_id) is None:
                raise InvalidJob({"created_by": [f"There is no user with id {new.created_by_id}"]})
            work.jobs.add(job)
            if job.status is JobStatus.PENDING:
                work.outbox.add([to_process(job, self.new_id(), now)])
            work.commit()
        return job

    def _template(self, service: Service, template_id: UUID) -> Template:
        template = self.directory.template(template_id)
        if template is None or template.service_id != service.id:
            raise InvalidJob({"template": ["Template not found"]})
        if template.archived:
            raise InvalidJob({"template": ["Template has been deleted"]})
        return template


def read_metadata(texts: Mapping[str, str]) -> FileMetadata:
    """Read what is stored with a job's file. Raises FileNotValid or InvalidJob."""
    if "valid" in texts and texts["valid"] != "True":
        raise FileNotValid
    problems = {
        name: [_MISSING]
        for name in ("notification_count", "template_id", "original_file_name", "valid")
        if not texts.get(name)
    }
    if problems:
        raise InvalidJob(problems)
    count = texts["notification_count"]
    if not (count.isascii() and count.isdigit() and int(count) <= _MOST_ROWS_SAID):
        raise InvalidJob({"notification_count": ["Not a valid integer."]})
    sender = texts.get("sender_id")
    return FileMetadata(
        template_id=_uuid("template_id", texts["template_id"]),
        notification_count=int(count),
        original_file_name=texts["original_file_name"],
        sender_id=_uuid("sender_id", sender) if sender else None,
    )


def _uuid(name: str, text: str) -> UUID:
    try:
        return parse_id(text)
    except InvalidIdentifier:
        raise InvalidJob({name: ["Not a valid UUID."]}) from None


def check_schedule(scheduled_for: datetime | None, now: datetime) -> None:
    """Raise InvalidJob when a job cannot wait for that moment: one that has passed, or more than a week ahead."""
    if scheduled_for is None:
        return
    if scheduled_for < now:
        raise InvalidJob({"scheduled_for": ["Date cannot be in the past"]})
    if scheduled_for > now + _FURTHEST_AHEAD:
        raise InvalidJob({"scheduled_for": ["Date cannot be more than 7 days in the future"]})
