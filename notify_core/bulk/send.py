"""Accept a bulk: every row for itself, all that are good together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from attrs import define, evolve, field, frozen

from notify_core.bulk.model import (
    AskedRow,
    BulkRequest,
    BulkRow,
    Problem,
    RowAnswer,
    RowApart,
    SentBulk,
    UnreadableRow,
)
from notify_core.clock import Clock
from notify_core.directory import Directory
from notify_core.documents.files import files_in
from notify_core.errors import InvalidContent, NotifyError
from notify_core.idempotency.model import Answered, RequestKey
from notify_core.idempotency.reserve import reserving
from notify_core.identifiers import NewId
from notify_core.jobs.model import Job, JobSource, JobStatus
from notify_core.limits.admit import INTERNATIONAL_SMS, Admit
from notify_core.limits.standing import Standing
from notify_core.notifications.model import Message, expiry_date
from notify_core.notifications.prepare import (
    EmailRequest,
    Prepared,
    PrepareEmail,
    PrepareSms,
    SmsRequest,
    check_sms_length,
    email_reply_to,
    sms_sender,
)
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

_Item = TypeVar("_Item")


class FilesNotInBulk(InvalidContent):
    """A value is a file. Each would have to be uploaded to a server that is not ours before anybody is answered."""

    code = "files-not-in-bulk"

    def __init__(self) -> None:
        super().__init__("Can only send a file with a request of its own: POST /v2/notifications/email")


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


@define
class _InHand:
    """The row that is being prepared: its id, and its place in the job."""

    job: Job
    row: int = 0

    def new_id(self) -> UUID:
        """Implement `NewId`."""
        return self.job.row_id(self.row)

    def place(self) -> Mapping[str, Any]:
        """Return the facts that say which row of which job it is."""
        return {"job_id": self.job.id, "job_row_number": self.row}


@define
class _Sorted:
    """The rows of a bulk, sorted by what is to be done with them."""

    answers: list[RowAnswer] = field(factory=list)
    messages: list[Message] = field(factory=list)
    apart: list[RowApart] = field(factory=list)
    refused: int = 0
    abroad: int = 0

    def refuse(self, row: int, asked: AskedRow, problems: tuple[Problem, ...]) -> None:
        """Keep what is wrong with the row, to be read back."""
        self.refused += 1
        self.answers.append(problems)
        self.apart.append(RowApart(row=row, recipient=asked.recipient, reference=asked.reference, problems=problems))

    def accept(self, row: int, asked: BulkRow, prepared: Prepared) -> None:
        """Keep the message; of one that is simulated, only its id."""
        told = prepared.message.notification.id
        self.answers.append(told)
        if prepared.simulated:
            self.apart.append(
                RowApart(row=row, recipient=asked.recipient, reference=asked.reference, notification_id=told)
            )
            return
        self.abroad += prepared.counts_as_abroad
        self.messages.append(prepared.message)


@frozen(kw_only=True)
class SendBulk:
    """Accept many messages with one request."""

    database: Database
    directory: Directory
    prepare_sms: PrepareSms
    prepare_email: PrepareEmail
    admit: Admit
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
        standing = standing or Standing(service.rate_limit, None, 0.0, None, 0, self.clock())
        rows = request.rows(template)
        (sms_sender if template.channel is Channel.SMS else email_reply_to)(service, request.sender_id)
        job = self._job(request, service, template)
        found = _sorted(request, rows, self._preparing(request, service, template, job))
        with ExitStack() as block:
            places = [
                block.enter_context(self.admit.several(service, request.key, amount, standing, what=what))
                for what, amount in ((template.channel.value, len(found.messages)), (INTERNATIONAL_SMS, found.abroad))
                if amount
            ]
            sent = SentBulk(
                job=evolve(job, notification_count=len(found.answers), error_count=found.refused),
                template=template,
                answers=found.answers,
                refused=found.refused,
                standing=places[0].standing if places else standing,
            )
            self._store(sent, found, expiry_date(job.created_at, service.days_kept(template.channel)), reserved)
            for place in places:
                place.keep()
        return sent

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

    def _preparing(
        self, request: BulkRequest, service: Service, template: Template, job: Job
    ) -> Callable[[BulkRow, int], Prepared]:
        """Return what makes a message of a row, or raises what sending it by itself would raise."""
        in_hand = _InHand(job)
        preparation = evolve(
            self.prepare_sms.preparation,
            clock=lambda: job.created_at,
            new_id=in_hand.new_id,
            place=in_hand.place,
        )
        if template.channel is Channel.SMS:
            prepare = _text_of(request, service, template, evolve(self.prepare_sms, preparation=preparation))
        else:
            prepare = _email_of(request, service, template, evolve(self.prepare_email, preparation=preparation))

        def prepare_row(asked: BulkRow, row: int) -> Prepared:
            in_hand.row = row
            return prepare(asked)

        return prepare_row

    def _store(self, sent: SentBulk, found: _Sorted, expires_on: date, reserved: _Reserved | None) -> None:
        with self.database.begin() as work:
            work.jobs.add(sent.job)
            for messages in _batches(found.messages):
                due = [delivery_of(message.notification, self.new_id()) for message in messages]
                work.notifications.accept_many(messages, due)
            for rows in _batches(found.apart):
                work.bulk.set_apart(sent.job.id, rows, expires_on=expires_on)
            if reserved is not None:
                work.answers.remember(
                    Answered(
                        key=reserved.once.key,
                        answer=reserved.once.answer(sent),
                        created_at=sent.job.created_at,
                        expires_on=expires_on,
                        reserved_until=reserved.until,
                    )
                )
            work.commit()


def _text_of(
    request: BulkRequest, service: Service, template: Template, prepare: PrepareSms
) -> Callable[[BulkRow], Prepared]:
    def text_of(asked: BulkRow) -> Prepared:
        prepared, rendered = prepare.from_template(
            service,
            template,
            SmsRequest(
                key=request.key,
                phone_number=asked.recipient,
                template_id=template.id,
                personalisation=asked.personalisation,
                reference=asked.reference,
                scheduled_for=request.scheduled_for,
                sms_sender_id=request.sender_id,
            ),
        )
        check_sms_length(rendered)
        return prepared

    return text_of


def _email_of(
    request: BulkRequest, service: Service, template: Template, prepare: PrepareEmail
) -> Callable[[BulkRow], Prepared]:
    def email_of(asked: BulkRow) -> Prepared:
        if files_in(asked.personalisation):
            raise FilesNotInBulk
        return prepare.from_template(
            service,
            template,
            EmailRequest(
                key=request.key,
                email_address=asked.recipient,
                template_id=template.id,
                personalisation=asked.personalisation,
                reference=asked.reference,
                scheduled_for=request.scheduled_for,
                email_reply_to_id=request.sender_id,
                one_click_unsubscribe_url=asked.one_click_unsubscribe_url,
                sanitise_content_for=request.sanitise_content_for,
            ),
        )

    return email_of


def _sorted(request: BulkRequest, rows: Iterable[AskedRow], prepare: Callable[[BulkRow, int], Prepared]) -> _Sorted:
    """Prepare each row, and note what is to be answered and what to be stored."""
    found = _Sorted()
    for row, asked in enumerate(rows):
        if isinstance(asked, UnreadableRow):
            found.refuse(row, asked, tuple(request.told(asked.error)))
            continue
        try:
            prepared = prepare(asked, row)
        except NotifyError as error:
            found.refuse(row, asked, tuple(request.told(error)))
            continue
        found.accept(row, asked, prepared)
    return found


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
