"""Accept a message: from the answer on it cannot be lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from attrs import Factory, evolve, frozen

from notify_core.clock import Clock
from notify_core.content import SmsMessage
from notify_core.content.sanitise import Sanitised
from notify_core.documents.files import files_in
from notify_core.idempotency.model import Answered, RequestKey
from notify_core.idempotency.reserve import reserving
from notify_core.identifiers import NewId
from notify_core.limits.admit import Admit
from notify_core.notifications.model import Notification
from notify_core.notifications.prepare import (
    EmailRequest,
    Prepared,
    PrepareEmail,
    PrepareSms,
    SmsRequest,
    check_sms_length,
)
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType

# Longer than the longest uploads, so that a key is free again only after a crash.
_RESERVED = timedelta(seconds=60)


@frozen(kw_only=True)
class Accepted:
    """What was accepted, as the sender is told: `body` (and `subject`) filled in, and who it comes from.

    `counted` says whether it counts towards daily limits: not for test keys and simulated recipients.
    `sanitised` holds the values that were changed before they were used, by their names as sent.
    """

    id: UUID
    template: Template
    body: str
    subject: str | None
    sender: str
    reference: str | None
    counted: bool
    scheduled_for: datetime | None = None
    one_click_unsubscribe_url: str | None = None
    sanitised: Mapping[str, Sanitised] = Factory(dict)


@frozen(kw_only=True)
class Once:
    """Keeps a request from being accepted twice: its key, and what makes the bytes that answer it.

    The answer is stored together with the message, so that whoever asks again is told exactly the same.
    `reserved_until` is set while the key is held for this request.
    """

    key: RequestKey
    answer: Callable[[Accepted], bytes]
    reserved_until: datetime | None = None


@frozen
class Acceptance:
    """What both channels share: storing the message with its promise."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, prepared: Prepared, once: Once | None) -> Accepted:
        """Store the message and the promise to deliver it, in one round trip; nothing when it is simulated.

        Raises KeyTaken, and stores nothing, when its key was used meanwhile.
        """
        accepted = accepted_as(prepared)
        answered = None if once is None else _answered(once, accepted, prepared.message.notification)
        with self.database.statement() as work:
            if not prepared.simulated:
                due = delivery_of(prepared.message.notification, self.new_id())
                work.notifications.accept(prepared.message, due, answered)
            elif answered is not None:
                work.answers.remember(answered)
        return accepted

    @contextmanager
    def reserving(self, once: Once) -> Iterator[Once]:
        """Hold the request's key while what takes long is done, so that nobody does the same beside us.

        Raises KeyTaken on entry. When the block fails the key is free again, at the latest after a minute.
        """
        with reserving(self.database, self.clock, once.key, _RESERVED) as until:
            yield evolve(once, reserved_until=until)


def _answered(once: Once, accepted: Accepted, notification: Notification) -> Answered:
    return Answered(
        key=once.key,
        answer=once.answer(accepted),
        created_at=notification.created_at,
        expires_on=notification.expires_on,
        reserved_until=once.reserved_until,
    )


@frozen
class SendSms:
    """Accept a text."""

    prepare: PrepareSms
    accept: Acceptance
    admit: Admit

    def __call__(self, request: SmsRequest, once: Once | None = None) -> Accepted:
        """Check, render and store the text, with the promise to deliver it.

        Raises what `PrepareSms` raises, SmsTooLong, DailyLimitExceeded, or KeyTaken; then nothing has been stored.
        """
        prepared, rendered = self.prepare(request)
        if not prepared.counts_as_abroad:
            return self._accept(prepared, rendered, once)
        with self.admit.international_sms(prepared.service, request.key) as place:
            accepted = self._accept(prepared, rendered, once)
            place.keep()
        return accepted

    def _accept(self, prepared: Prepared, rendered: SmsMessage, once: Once | None) -> Accepted:
        check_sms_length(rendered)
        return self.accept(prepared, once)


@frozen
class SendEmail:
    """Accept an email."""

    prepare: PrepareEmail
    accept: Acceptance

    def __call__(self, request: EmailRequest, once: Once | None = None) -> Accepted:
        """Check, render and store the email, with the promise to deliver it.

        Raises what `PrepareEmail` raises, or KeyTaken; then nothing has been stored.
        """
        if once is None or not files_in(request.personalisation):
            return self.accept(self.prepare(request), once)
        with self.accept.reserving(once) as reserved:
            return self.accept(self.prepare(request), reserved)


def accepted_as(prepared: Prepared) -> Accepted:
    """Return what the sender of the message is told of it."""
    notification, contents = prepared.message.notification, prepared.message.contents
    return Accepted(
        id=notification.id,
        template=prepared.template,
        body=prepared.body,
        subject=prepared.subject,
        sender=prepared.sender,
        reference=contents.client_reference,
        counted=notification.key_type is not KeyType.TEST and not prepared.simulated,
        scheduled_for=notification.scheduled_for,
        one_click_unsubscribe_url=contents.one_click_unsubscribe_url,
        sanitised=prepared.sanitised,
    )


def delivery_of(notification: Notification, entry_id: UUID) -> OutboxEntry:
    """Return the promise to deliver a message as soon as it is due. Test keys have a queue of their own."""
    task, queue = {
        Channel.SMS: (Task.DELIVER_SMS, Queue.SEND_SMS),
        Channel.EMAIL: (Task.DELIVER_EMAIL, Queue.SEND_EMAIL),
    }[notification.channel]
    return OutboxEntry(
        id=entry_id,
        task=task,
        queue=Queue.RESEARCH_MODE if notification.key_type is KeyType.TEST else queue,
        subject_id=notification.id,
        available_at=notification.scheduled_for or notification.created_at,
        group=notification.service_id,
    )
