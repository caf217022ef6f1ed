"""Queue what services are to be told, in the transaction in which it came true.

The change, the callback and the promise to deliver it commit together. What a service wants is remembered for a few
seconds, so that one that wants nothing costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from notify_core.callbacks.bodies import complaint_body, status_body, text_body
from notify_core.callbacks.model import TOLD_STATUSES, Callback, CallbackKind, Subscription, callback_expiry
from notify_core.clock import Clock
from notify_core.directory import Directory
from notify_core.identifiers import NewId
from notify_core.inbound.model import ReceivedText
from notify_core.notifications.model import Attempted, Complaint, Message, Notification
from notify_core.notifications.status import Status
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.unit_of_work import UnitOfWork
from notify_core.vocabulary import Channel


class Announcer:
    """Where what happened is told to services. This one keeps silent; `AnnounceToServices` tells them."""

    def ended(self, work: UnitOfWork, notification: Notification) -> None:
        """Hear that a receipt changed a message, which is stored as it is given here."""

    def all_ended(self, work: UnitOfWork, notifications: Iterable[Notification]) -> None:
        """Hear of many messages at once what `ended` hears of one."""
        for notification in notifications:
            self.ended(work, notification)

    def failed(self, work: UnitOfWork, attempts: Sequence[tuple[Message, Attempted]]) -> None:
        """Hear of attempts, recorded just now, that may have ended their messages as technical failures."""

    def complained(self, work: UnitOfWork, notification: Notification, complaint: Complaint) -> None:
        """Hear that a recipient called an email spam."""

    def received(self, work: UnitOfWork, text: ReceivedText) -> None:
        """Hear that somebody texted a service."""


@frozen
class AnnounceToServices(Announcer):
    """Queues a callback for each endpoint that wants to hear of it. Every method takes part in the transaction."""

    directory: Directory
    clock: Clock
    new_id: NewId

    def ended(self, work: UnitOfWork, notification: Notification) -> None:
        """Queue the status of a message that has ended. Letters have no such callbacks."""
        if notification.status not in TOLD_STATUSES or notification.channel is Channel.LETTER:
            return
        wanting = [
            one
            for one in self.directory.subscriptions(notification.service_id, work)
            if one.wants_status(notification.status, notification.channel)
        ]
        if not wanting:
            return
        message = work.notifications.find(notification.service_id, notification.id)
        if message is None:
            return  # Its contents have expired: there is nobody left of whom to tell.
        self._queue(
            work,
            wanting,
            kind=CallbackKind.DELIVERY_STATUS,
            subject_id=notification.id,
            notification=notification,
            body=status_body(evolve(message, notification=notification)),
        )

    def failed(self, work: UnitOfWork, attempts: Sequence[tuple[Message, Attempted]]) -> None:
        """Queue the status of those messages that ended with the attempt, and not with a receipt before it."""
        for message, attempted in attempts:
            if attempted.status is not Status.TECHNICAL_FAILURE:
                continue
            if not self.directory.subscriptions(message.notification.service_id, work):
                continue
            stored = work.notifications.find_for_receipt(notification_id=message.notification.id)
            if stored is not None and (stored.status, stored.updated_at) == (attempted.status, attempted.at):
                self.ended(work, stored)

    def complained(self, work: UnitOfWork, notification: Notification, complaint: Complaint) -> None:
        """Queue the complaint."""
        wanting = self._wanting(work, notification.service_id, CallbackKind.COMPLAINT)
        message = work.notifications.find(notification.service_id, notification.id) if wanting else None
        if message is not None:
            self._queue(
                work,
                wanting,
                kind=CallbackKind.COMPLAINT,
                subject_id=complaint.id,
                notification=notification,
                body=complaint_body(complaint, message),
            )

    def received(self, work: UnitOfWork, text: ReceivedText) -> None:
        """Queue the text."""
        self._queue(
            work,
            self._wanting(work, text.service_id, CallbackKind.INBOUND_SMS),
            kind=CallbackKind.INBOUND_SMS,
            subject_id=text.id,
            text=text,
            body=text_body(text),
        )

    def _wanting(self, work: UnitOfWork, service_id: UUID, kind: CallbackKind) -> list[Subscription]:
        return [one for one in self.directory.subscriptions(service_id, work) if kind in one.kinds]

    def _queue(
        self,
        work: UnitOfWork,
        wanting: Iterable[Subscription],
        *,
        kind: CallbackKind,
        subject_id: UUID,
        body: bytes,
        notification: Notification | None = None,
        text: ReceivedText | None = None,
    ) -> None:
        subject = notification or text
        assert subject is not None, "a callback is about a message or a text"
        now = self.clock()
        expires_on = callback_expiry(subject.expires_on, now)
        callbacks = [
            Callback(
                id=self.new_id(),
                endpoint_id=one.endpoint_id,
                service_id=subject.service_id,
                kind=kind,
                subject_id=subject_id,
                notification_id=None if notification is None else notification.id,
                body=body,
                created_at=now,
                queued_at=now,
                next_attempt_at=now,
                expires_on=expires_on,
            )
            for one in wanting
        ]
        if callbacks:
            work.callbacks.add(callbacks)
            ailing = {one.endpoint_id for one in wanting if one.health.is_ailing(now)}
            work.outbox.add(
                promised(
                    callback.endpoint_id,
                    callback.service_id,
                    entry_id=self.new_id(),
                    at=now,
                    ailing=callback.endpoint_id in ailing,
                )
                for callback in callbacks
            )


def promised(endpoint_id: UUID, service_id: UUID, *, entry_id: UUID, at: datetime, ailing: bool) -> OutboxEntry:
    """Return the promise that an endpoint is called at `at`: with all others, or where it keeps nobody waiting."""
    return OutboxEntry(
        id=entry_id,
        task=Task.RETRY_CALLBACKS if ailing else Task.SEND_CALLBACKS,
        queue=Queue.SERVICE_CALLBACKS_RETRY if ailing else Queue.SERVICE_CALLBACKS,
        subject_id=endpoint_id,
        available_at=at,
        group=service_id,
    )
