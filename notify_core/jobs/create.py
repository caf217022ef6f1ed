"""Make a job of a file that was uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from attrs import Factory, frozen

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
    """A job to make of the file that was uploaded under its id. `scheduled_for` is UTC; None is at once.

    `problems` are those of other values, by their names, that whoever asks has found already: they are told together
    with what is wrong with these, when file and template have been found to be right.
    """

    id: UUID
    service_id: UUID
    created_by_id: UUID | None = None
    scheduled_for: datetime | None = None
    contact_list_id: UUID | None = None
    problems: Mapping[str, list[str]] = Factory(dict)


@frozen(kw_only=True)
class FileMetadata:
    """What is stored with a job's file, as texts: `notification_count` and so on."""

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

        Raises, what comes first in this order: NotFound for an unknown service, ServiceInactive, FileNotFound,
        FileNotValid, InvalidJob for the template's id, LettersNotPossible, InvalidJob for an archived template and
        then for everything else, SenderNotFound, Conflict when there is a job of that id; or FilesUnavailable.
        """
        service = self.directory.service(new.service_id)
        if service is None:
            raise NotFound("No result found")
        if not service.active:
            raise ServiceInactive
        found = self.files.describe(file_name(service.id, new.id))
        if found is None:
            raise FileNotFound
        template = self._template(service, read_template_id(found.metadata))
        now = self.clock()
        metadata = read_metadata(found.metadata, {**new.problems, **schedule_problems(new.scheduled_for, now)})
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
        if template.channel is Channel.LETTER:
            raise LettersNotPossible(restricted=service.restricted)
        if template.archived:
            raise InvalidJob({"template": ["Template has been deleted"]})
        return template


def read_template_id(texts: Mapping[str, str]) -> UUID:
    """Read which template a file is for, from what is stored with it. Raises FileNotValid or InvalidJob."""
    for name in ("valid", "template_id"):
        if not texts.get(name):
            raise InvalidJob({name: [_MISSING]})
        if name == "valid" and texts[name] != "True":
            raise FileNotValid
    return _uuid("template_id", texts["template_id"])


def read_metadata(texts: Mapping[str, str], problems: Mapping[str, list[str]]) -> FileMetadata:
    """Read what else is stored with a job's file. Raises InvalidJob for what is wrong with it, and these problems."""
    wrong = {name: [_MISSING] for name in ("notification_count", "original_file_name") if not texts.get(name)}
    count = texts.get("notification_count", "")
    if count and not (count.isascii() and count.isdigit() and int(count) <= _MOST_ROWS_SAID):
        wrong["notification_count"] = ["Not a valid integer."]
    if wrong or problems:
        raise InvalidJob({**wrong, **problems})
    sender = texts.get("sender_id")
    return FileMetadata(
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
    if problems := schedule_problems(scheduled_for, now):
        raise InvalidJob(problems)


def schedule_problems(scheduled_for: datetime | None, now: datetime) -> Mapping[str, list[str]]:
    """Return what is wrong with that moment, as `InvalidJob` tells it."""
    if scheduled_for is None:
        return {}
    if scheduled_for < now:
        return {"scheduled_for": ["Date cannot be in the past"]}
    if scheduled_for > now + _FURTHEST_AHEAD:
        return {"scheduled_for": ["Date cannot be more than 7 days in the future"]}
    return {}
