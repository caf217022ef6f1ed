"""The messages that a job's rows became, in the order of the rows."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from attrs import frozen

from notify_core.directory import Directory
from notify_core.jobs.model import Job
from notify_core.notifications.list import GROUPS
from notify_core.notifications.model import Message, RowsOfJob
from notify_core.notifications.prepare import email_reply_to, sms_sender
from notify_core.notifications.refusals import SenderNotFound
from notify_core.notifications.status import Status
from notify_core.services.model import Service
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel


@frozen(kw_only=True)
class RowsAsked:
    """Which messages of a job to list: `page` counts from 1. None does not narrow the list.

    `statuses` are statuses, or names of groups of them; words that are neither match nothing.
    """

    service_id: UUID
    job_id: UUID
    page: int = 1
    page_size: int = 50
    statuses: tuple[str, ...] | None = None
    channels: frozenset[Channel] | None = None


@frozen(kw_only=True)
class JobRow:
    """A message of a job, with the template version it was made from, and the name of the key it was asked with.

    `reply_to_text` is whom messages of the service come from, or are answered to, by default.
    """

    job: Job
    message: Message
    template: Template
    key_name: str | None
    reply_to_text: str | None


@frozen(kw_only=True)
class JobRows:
    """A page of a job's messages, and how many there are on all pages."""

    rows: tuple[JobRow, ...]
    total: int


@frozen
class ListJobRows:
    """The messages of a job whose contents have not expired."""

    database: Database
    directory: Directory

    def __call__(self, asked: RowsAsked) -> JobRows:
        """Return a page of messages; nothing for a job that there is not."""
        with self.database.begin() as work:
            job = work.jobs.find(asked.service_id, asked.job_id)
            if job is None or job.channel not in (asked.channels or set(Channel)):
                return JobRows(rows=(), total=0)
            wanted = RowsOfJob(
                service_id=job.service_id,
                first=job.ids.first,
                last=job.ids.last,
                limit=asked.page_size,
                skip=(asked.page - 1) * asked.page_size,
                statuses=None if asked.statuses is None else statuses_named(asked.statuses),
            )
            messages = work.notifications.page_of_job(wanted)
            total = work.notifications.count_rows(wanted)
        template = self.directory.template(job.template_id, job.template_version)
        service = self.directory.service(job.service_id)
        if template is None or service is None:
            return JobRows(rows=(), total=0)
        key_name, sender = self._key_name(job), _default_sender(service, job.channel)
        rows = [
            JobRow(job=job, message=message, template=template, key_name=key_name, reply_to_text=sender)
            for message in messages
        ]
        return JobRows(rows=tuple(rows), total=total)

    def _key_name(self, job: Job) -> str | None:
        keys = self.directory.api_keys(job.service_id) if job.api_key_id else ()
        return next((key.name for key in keys if key.id == job.api_key_id), None)


@frozen
class CountJobRows:
    """How many messages a job has become."""

    database: Database

    def __call__(self, service_id: UUID, job_id: UUID) -> int:
        """Return the number of messages; 0 for a job that there is not."""
        with self.database.begin() as work:
            job = work.jobs.find(service_id, job_id)
            return 0 if job is None else sum(work.jobs.count_by_status(job).values())


def _default_sender(service: Service, channel: Channel) -> str | None:
    try:
        return sms_sender(service, None) if channel is Channel.SMS else email_reply_to(service, None)
    except SenderNotFound:
        return None


def statuses_named(words: Iterable[str]) -> frozenset[Status]:
    """Return the statuses that these words stand for, together.

    >>> sorted(statuses_named(("accepted", "delivered", "unheard-of")))
    [<Status.CREATED: 'created'>, <Status.DELIVERED: 'delivered'>, <Status.SENDING: 'sending'>]
    """
    known = {status.value: frozenset({status}) for status in Status} | dict(GROUPS)
    return frozenset().union(*(known.get(word, frozenset()) for word in words))
