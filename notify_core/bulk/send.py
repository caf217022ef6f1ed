"""Accept a bulk: every row for itself, all that are good together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from attrs import evolve, field, frozen

from notify_core.bulk.check import CheckedRows, CheckRow, GoodRow, check_emails, check_texts
from notify_core.bulk.model import BulkRequest, SentBulk
from notify_core.clock import Clock
from notify_core.directory import Directory
from notify_core.idempotency.model import Answered, RequestKey
from notify_core.idempotency.reserve import reserving
from notify_core.identifiers import NewId
from notify_core.jobs.model import Job, JobSource, JobStatus
from notify_core.limits.daily import INTERNATIONAL_SMS
from notify_core.limits.reserve import Places, ReservePlaces
from notify_core.limits.standing import Standing
from notify_core.notifications.model import Contents, Message, Notification, expiry_date
from notify_core.notifications.prepare import PrepareEmail, PrepareSms, email_reply_to, sms_sender
from notify_core.notifications.refusals import ChannelNotPermitted, TemplateNotFound
from notify_core.notifications.send import delivery_of
from notify_core.services.model import Service
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

BATCH = 1000
"""How many rows are stored by one statement."""

# What a hundred thousand rows take on a slow day, so that a key is free again only after a crash.
_RESERVED = timedelta(seconds=120)
_NAME = "Sent by the API"


@frozen(kw_only=True)
class BulkOnce:
    """Keeps a bulk from being accepted twice: its key, and what makes the bytes that answer it."""

    key: RequestKey
    answer: Callable[[SentBulk], bytes]


@frozen
class _Reserved:
    """A bulk's key, held for it `until` then."""

    once: BulkOnce
    until: datetime


@frozen(kw_only=True)
class SendBulk:
    """Accept many messages with one request."""

    database: Database
    directory: Directory
    prepare_sms: PrepareSms
    prepare_email: PrepareEmail
    reserve: ReservePlaces
    clock: Clock
    new_id: NewId

    def __call__(
        self, request: BulkRequest, standing: Standing | None = None, once: BulkOnce | None = None
    ) -> SentBulk:
        """Check every row, and store those that are good, with the promises to deliver them.

        All that is stored is stored by one transaction, with `once` the answer, too: whoever stops us in the middle,
        nothing was sent, and the same request can be made again. `standing` is what `Admit.request` returned, where
        it was asked.

        Raises TemplateNotFound, TemplateDeleted, ChannelNotPermitted or SenderNotFound, what `request.rows` raises,
        DailyLimitExceeded when there is not room for all good rows, or KeyTaken; then nothing has been stored. What
        is wrong with single rows is in the answer.
        """
        if once is None:
            return self._send(request, standing, None)
        with reserving(self.database, self.clock, once.key, _RESERVED) as until:
            return self._send(request, standing, _Reserved(once, until))

    def _send(self, request: BulkRequest, standing: Standing | None, reserved: _Reserved | None) -> SentBulk:
        service, template = self._sender_of(request)
        rows = request.rows(template)
        text = template.channel is Channel.SMS
        sender = (sms_sender if text else email_reply_to)(service, request.sender_id)
        checked = CheckedRows(BATCH)
        checked.check(request, rows, self._checking(request, service, template))
        job = evolve(
            self._job(request, service, template), notification_count=checked.count, error_count=checked.refused
        )
        amounts = {template.channel.value: checked.good_count, INTERNATIONAL_SMS: checked.abroad}
        with self.reserve(service, request.key.key_type, amounts, standing) as places:
            sent = SentBulk(
                job=job,
                template=template,
                answers=lambda: checked.answers(job),
                refused=checked.refused,
                standing=places.standing,
            )
            expires_on = expiry_date(job.created_at, service.days_kept(template.channel))
            self._store(sent, checked, _Messages(job, expires_on, sender), places, reserved)
            places.keep()
        return sent

    def _checking(self, request: BulkRequest, service: Service, template: Template) -> CheckRow:
        if template.channel is Channel.SMS:
            return check_texts(request, service, template, self.prepare_sms)
        return check_emails(request, service, template, self.prepare_email)

    def _sender_of(self, request: BulkRequest) -> tuple[Service, Template]:
        """Return the service and its template, when it may send from it."""
        preparation = self.prepare_sms.preparation
        wanted = self.directory.template(request.template_id)
        if wanted is None:
            raise TemplateNotFound
        if wanted.channel is Channel.LETTER and wanted.service_id == request.key.service_id:
            raise ChannelNotPermitted(Channel.LETTER)
        service = preparation.service_of(request.key, wanted.channel)
        template = preparation.template_for(service, request.template_id, wanted.channel)
        return service, template

    def _job(self, request: BulkRequest, service: Service, template: Template) -> Job:
        now = self.clock()
        return Job(
            id=self.new_id(),
            service_id=service.id,
            template_id=template.id,
            template_version=template.version,
            channel=template.channel,
            original_file_name=_NAME,
            notification_count=0,
            created_at=now,
            status=JobStatus.FINISHED_ALL_CREATED,
            source=JobSource.API,
            api_key_id=request.key.id,
            key_type=request.key.key_type,
            client_reference=request.reference,
            sender_id=request.sender_id,
            scheduled_for=request.scheduled_for,
            processing_started=now,
            processing_finished=now,
        )

    def _store(
        self,
        sent: SentBulk,
        checked: CheckedRows,
        messages_of: _Messages,
        places: Places,
        reserved: _Reserved | None,
    ) -> None:
        job, expires_on = sent.job, messages_of.expires_on
        with self.database.begin() as work:
            work.jobs.add(job)
            for rows in checked.good():
                messages = [messages_of(row) for row in rows]
                due = [delivery_of(message.notification, self.new_id()) for message in messages]
                work.notifications.accept_many(messages, due)
            for apart in checked.apart(job):
                work.bulk.set_apart(job.id, apart, expires_on=expires_on)
            if reserved is not None:
                work.answers.remember(
                    Answered(
                        key=reserved.once.key,
                        answer=reserved.once.answer(sent),
                        created_at=job.created_at,
                        expires_on=expires_on,
                        reserved_until=reserved.until,
                    )
                )
            places.confirm()
            work.commit()


@frozen
class _Messages:
    """Makes the messages of a bulk's rows. `sender` is the one of texts, or where answers to emails go."""

    job: Job
    expires_on: date
    sender: str | None
    _first_id: int = field(init=False)

    @_first_id.default
    def _id_of_row_0(self) -> int:
        return self.job.row_id(0).int

    def __call__(self, good: GoodRow) -> Message:
        """Return the row's message."""
        job = self.job
        notification = Notification(
            # As `job.row_id(good.row)`: the ids of a job are one range, in the order of its rows.
            id=UUID(int=self._first_id + good.row),
            service_id=job.service_id,
            template_id=job.template_id,
            template_version=job.template_version,
            channel=job.channel,
            key_type=job.key_type,
            api_key_id=job.api_key_id,
            created_at=job.created_at,
            expires_on=self.expires_on,
            scheduled_for=job.scheduled_for,
            leased_until=job.scheduled_for,
            international=good.international,
            country_prefix=good.country_prefix,
            rate_multiplier=good.rate_multiplier,
            job_id=job.id,
            job_row_number=good.row,
        )
        contents = Contents(
            recipient=good.recipient,
            normalised_recipient=good.normalised_recipient,
            personalisation=good.personalisation,
            client_reference=good.client_reference,
            reply_to_text=self.sender,
            one_click_unsubscribe_url=good.one_click_unsubscribe_url,
        )
        return Message(notification=notification, contents=contents)
