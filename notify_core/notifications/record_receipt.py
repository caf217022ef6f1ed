"""A provider says what became of a message.

Receipts come early, late, twice and in the wrong order; each ends in the state that the status machine allows.
A receipt for an email can overtake our own record of the provider's reference. So each side first commits what
it knows and then looks for the other's: whoever comes second finds the first.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import evolve, field, frozen

from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.notifications.model import Complaint, Notification, WaitingReceipt, apply_receipt
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Event, EventKind, received
from notify_core.providers.ses_events import SesEvent
from notify_core.providers.sms_receipts import Meaning, interpret
from notify_core.unit_of_work import Database, UnitOfWork
from notify_core.vocabulary import ProviderName

# Receipts that change nothing are shown, but nobody can fill a timeline with them.
_MOST_IGNORED_SHOWN = 20


@frozen(kw_only=True)
class SmsReceipt:
    """What an SMS provider reported. `reference` is the notification's id as we gave it; codes are the provider's."""

    provider: ProviderName
    reference: str
    status: str
    code: str | None = None
    delivered_at: datetime | None = None


class ReceiptLog:
    """Where receipts are told. This one keeps silent; a shell brings one that writes."""

    def applied(self, before: Notification, after: Notification, detail: str | None) -> None:
        """Hear that a receipt changed a message."""

    def ignored(self, notification: Notification, status: Status) -> None:
        """Hear that a receipt changed nothing: late, repeated, or overtaken."""

    def unmatched(self, provider: ProviderName, reference: str) -> None:
        """Hear that no message is known by that reference."""

    def unknown_status(self, provider: ProviderName, reference: str, status: str) -> None:
        """Hear that a provider uses a status that we do not know."""


@frozen
class RecordSmsReceipt:
    """Bring a text up to date with its provider's receipt, in whatever order receipts arrive."""

    database: Database
    clock: Clock
    log: ReceiptLog = field(factory=ReceiptLog)

    def __call__(self, receipt: SmsReceipt) -> Notification | None:
        """Return the message as it now stands, or None when no message of ours has that reference.

        Safe to repeat: the same receipt, or an older one after a newer one, changes nothing. A status that the
        provider never announced ends the message as a technical failure.
        """
        notification_id = _as_id(receipt.reference)
        if notification_id is None:
            self.log.unmatched(receipt.provider, receipt.reference)
            return None
        with self.database.begin() as work:
            before = work.notifications.find_for_receipt(notification_id=notification_id)
            if before is None:
                self.log.unmatched(receipt.provider, receipt.reference)
                return None
            meaning = self._meaning(receipt, before)
            now = self.clock()
            after = apply_receipt(before, meaning.status, at=now, provider=receipt.provider)
            event = received(meaning.status, at=now, provider=receipt.provider, detail=meaning.detail)
            store(work, before, after, event)
            work.commit()
        tell(self.log, before, after, meaning.status, meaning.detail)
        return after

    def _meaning(self, receipt: SmsReceipt, before: Notification) -> Meaning:
        meaning = interpret(receipt.provider, receipt.status, receipt.code, current=before.status)
        if meaning is None:
            self.log.unknown_status(receipt.provider, receipt.reference, receipt.status)
            return Meaning(Status.TECHNICAL_FAILURE)
        return meaning


@frozen
class RecordEmailReceipt:
    """Bring an email up to date with what SES reports of it, or store that its recipient complained."""

    database: Database
    clock: Clock
    new_id: NewId
    log: ReceiptLog = field(factory=ReceiptLog)

    def __call__(self, event: SesEvent) -> Notification | None:
        """Return the message as it now stands, or None when none of ours is known by that reference (yet).

        A receipt without a message is kept, and applied as soon as the message's reference is recorded. Safe
        to repeat.
        """
        if event.status is None:
            return self._complain(event)
        found = self._apply(event.reference, event.status)
        if found is not None:
            return found
        with self.database.begin() as work:
            work.receipts.keep_waiting(
                WaitingReceipt(
                    provider=ProviderName.SES,
                    reference=event.reference,
                    status=event.status,
                    received_at=self.clock(),
                )
            )
            work.commit()
        applied = apply_waiting(self.database, ProviderName.SES, event.reference, self.clock)
        if applied is None:
            self.log.unmatched(ProviderName.SES, event.reference)
        return applied

    def _apply(self, reference: str, status: Status) -> Notification | None:
        with self.database.begin() as work:
            before = work.notifications.find_by_reference(ProviderName.SES, reference)
            if before is None:
                return None
            now = self.clock()
            after = apply_receipt(before, status, at=now)
            store(work, before, after, received(status, at=now, provider=ProviderName.SES))
            work.commit()
        tell(self.log, before, after, status, None)
        return after

    def _complain(self, event: SesEvent) -> Notification | None:
        with self.database.begin() as work:
            notification = work.notifications.find_by_reference(ProviderName.SES, event.reference)
            if notification is None:
                self.log.unmatched(ProviderName.SES, event.reference)
                return None
            work.receipts.add_complaint(
                Complaint(
                    id=self.new_id(),
                    notification_id=notification.id,
                    service_id=notification.service_id,
                    feedback_id=event.feedback_id,
                    complaint_type=event.complaint_type,
                    complained_at=event.occurred_at,
                )
            )
            work.commit()
        return notification


def apply_waiting(database: Database, provider: ProviderName, reference: str, clock: Clock) -> Notification | None:
    """Apply the receipts that wait for this reference, if its message is known by now; return the message."""
    with database.begin() as work:
        notification = work.notifications.find_by_reference(provider, reference)
        if notification is None:
            return None
        for receipt in work.receipts.take_waiting(provider, [reference]):
            after = apply_receipt(notification, receipt.status, at=clock())
            event = received(receipt.status, at=receipt.received_at, provider=provider)
            store(work, notification, after, event)
            notification = after
        work.commit()
    return notification


def store(work: UnitOfWork, before: Notification, after: Notification, receipt: Event) -> None:
    """Store what a receipt made of a message, and the receipt in its timeline, marked if it changed nothing."""
    if after != before:
        work.notifications.save(after, receipt)
    else:
        ignored = evolve(receipt, kind=EventKind.RECEIPT_IGNORED)
        work.notifications.add_event(before, ignored, at_most=_MOST_IGNORED_SHOWN)


def tell(log: ReceiptLog, before: Notification, after: Notification, status: Status, detail: str | None) -> None:
    """Tell the log what a receipt did."""
    if after == before:
        log.ignored(before, status)
    else:
        log.applied(before, after, detail)


def _as_id(reference: str) -> UUID | None:
    try:
        return UUID(reference)
    except ValueError:
        return None
