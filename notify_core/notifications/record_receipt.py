"""A provider says what became of a message.

Receipts come early, late, twice and in the wrong order; each ends in the state that the status machine allows.

A receipt is stored before anything is made of it: what a provider was told that we have cannot be lost any more,
whatever happens next. Then the message is locked, and all receipts that wait for it are applied in the order in which
they came. What cannot be applied now (its message is not known by that reference yet, the message is locked, the
process is killed) waits: for its message to be recorded, for the next receipt, or for `ApplyWaitingReceipts`.

A receipt for an email can overtake our own record of the provider's reference. So each side first commits what it
knows and then looks for the other's: whoever comes second finds the first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from uuid import UUID

from attrs import evolve, field, frozen

from notify_core.callbacks.announce import Announcer
from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.notifications.model import COMPLAINT, Complaint, Notification, WaitingReceipt, apply_receipt
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Event, EventKind, received
from notify_core.providers.ses_events import SesEvent
from notify_core.providers.sms_receipts import Meaning, interpret
from notify_core.unit_of_work import Database, UnitOfWork
from notify_core.vocabulary import Channel, KeyType, ProviderName

CountFragments = Callable[[UnitOfWork, Notification], int]


def _nobody_counts(_: UnitOfWork, __: Notification) -> int:
    return 0


@frozen
class FollowUp:
    """What follows from a receipt beside the message's new status, in the same transaction.

    Its service is told. Where the receipt is the first to say that the provider has the text, because whoever handed
    it over has not recorded that yet, or never will, it is noted when it was sent and what it is billed as.
    """

    announcer: Announcer = field(factory=Announcer)
    count_fragments: CountFragments = _nobody_counts

    def completed(self, work: UnitOfWork, before: Notification, after: Notification, now: datetime) -> Notification:
        """Return the message with what its sending would have recorded. Test keys' messages cost nothing."""
        if after == before or before.status is not Status.CREATED or before.key_type is KeyType.TEST:
            return after
        units = after.billable_units or self.count_fragments(work, before)
        return evolve(after, sent_at=after.sent_at or now, billable_units=units)


_NOTHING_FOLLOWS = FollowUp()
_SILENT = Announcer()

# Receipts that change nothing are shown, but nobody can fill a timeline with them.
_MOST_IGNORED_SHOWN = 20
# Longer than anything that a provider means by these.
_LONGEST_CODE = 50
_LONGEST_REFERENCE = 200


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

    def left_waiting(self, provider: ProviderName, reference: str, problem: str) -> None:
        """Hear that a receipt is stored and could not be applied. `problem` is the name of an error."""

    def dropped(self, counts: Mapping[ProviderName, int]) -> None:
        """Hear how many receipts of each provider were thrown away, because no message claimed them."""


@frozen
class RecordSmsReceipt:
    """Bring a text up to date with its provider's receipt, in whatever order receipts arrive."""

    database: Database
    clock: Clock
    new_id: NewId
    log: ReceiptLog = field(factory=ReceiptLog)
    follow_up: FollowUp = _NOTHING_FOLLOWS

    def __call__(self, receipt: SmsReceipt) -> Notification | None:
        """Return the message as it now stands; None when no text of ours has that reference, or it must wait.

        Once this returns the receipt is not lost. Raises DatabaseUnavailable when it could not be stored: then the
        provider is to send it again. Safe to repeat: the same receipt, or an older one after a newer one, changes
        nothing. A status that the provider never announced ends the message as a technical failure.
        """
        notification_id = _as_id(receipt.reference)
        if notification_id is None:
            self.log.unmatched(receipt.provider, receipt.reference)
            return None
        waiting = WaitingReceipt(
            id=self.new_id(),
            provider=receipt.provider,
            reference=str(notification_id),
            status=_storable(receipt.status, _LONGEST_CODE),
            code=None if receipt.code is None else _storable(receipt.code, _LONGEST_CODE),
            notification_id=notification_id,
            received_at=self.clock(),
        )
        return _store_then_apply(self.database, waiting, self.clock, self.log, self.follow_up)


@frozen
class RecordEmailReceipt:
    """Bring an email up to date with what SES reports of it, or store that its recipient complained."""

    database: Database
    clock: Clock
    new_id: NewId
    log: ReceiptLog = field(factory=ReceiptLog)
    follow_up: FollowUp = _NOTHING_FOLLOWS

    def __call__(self, event: SesEvent) -> Notification | None:
        """Return the message as it now stands; None when none is known by that reference (yet), or it must wait.

        Once this returns the receipt is not lost: without a message it waits, and is applied as soon as the message's
        reference is recorded. Raises DatabaseUnavailable when it could not be stored. Safe to repeat.
        """
        waiting = WaitingReceipt(
            id=self.new_id(),
            provider=ProviderName.SES,
            reference=_storable(event.reference, _LONGEST_REFERENCE),
            status=COMPLAINT if event.status is None else event.status.value,
            notification_id=event.notification_id,
            feedback_id=None if event.feedback_id is None else _storable(event.feedback_id, _LONGEST_REFERENCE),
            complaint_type=None if event.complaint_type is None else _storable(event.complaint_type, _LONGEST_CODE),
            complained_at=event.occurred_at if event.is_complaint else None,
            received_at=self.clock(),
        )
        return _store_then_apply(self.database, waiting, self.clock, self.log, self.follow_up)


def apply_waiting(
    database: Database,
    provider: ProviderName,
    references: Collection[str],
    clock: Clock,
    follow_up: FollowUp = _NOTHING_FOLLOWS,
) -> list[Notification]:
    """Apply the receipts that wait for these references, where their messages are known by now.

    Returns the messages for which there was anything to apply. For whoever has just recorded the references: nearly
    always nothing waits, and one look tells for all of them. Never raises: what fails here fails by itself, and is
    tried again, and told, by the next sweep.
    """
    try:
        with database.statement() as work:
            waiting = work.receipts.waiting_among(provider, references)
    except Exception:  # noqa: BLE001 - the receipts stay stored, and the delivery must not fail for them
        return []
    found = [_apply_those_under(database, provider, reference, clock, follow_up) for reference in sorted(waiting)]
    return [notification for notification in found if notification is not None]


def _apply_those_under(
    database: Database, provider: ProviderName, reference: str, clock: Clock, follow_up: FollowUp
) -> Notification | None:
    try:
        with database.begin() as work:
            notification = work.notifications.find_by_reference(provider, reference)
            if notification is None:
                return None
            applied = _take_and_apply(work, notification, notification, clock, follow_up)
            work.commit()
    except Exception:  # noqa: BLE001 - the receipts stay stored, and the others have theirs to be applied
        return None
    return applied[-1].after if applied else notification


def message_of(work: UnitOfWork, receipt: WaitingReceipt) -> Notification | None:
    """Return the message that a receipt is about, locked until the transaction ends; None when it is not known (yet).

    A receipt of an email is matched by the provider's reference. Where that was never recorded, because whoever had
    the answer died with it, our own id in the receipt tells. A provider has no say in another channel's messages.
    """
    channel = Channel.EMAIL if receipt.provider is ProviderName.SES else Channel.SMS
    found = None
    if channel is Channel.EMAIL:
        found = work.notifications.find_by_reference(receipt.provider, receipt.reference)
    if found is None and receipt.notification_id is not None:
        found = work.notifications.find_for_receipt(notification_id=receipt.notification_id)
    return found if found is not None and found.channel is channel else None


@frozen
class Applied:
    """What a receipt made of its message. `meaning` is None for a complaint, and for a status that nobody knows."""

    receipt: WaitingReceipt
    before: Notification
    after: Notification
    meaning: Meaning | None

    def tell(self, log: ReceiptLog) -> None:
        """Tell the log, once it is committed."""
        if self.receipt.status == COMPLAINT:
            return
        if self.meaning is None:
            log.unknown_status(self.receipt.provider, self.receipt.reference, self.receipt.status)
        status, detail = self.after.status, None
        if self.meaning is not None:
            status, detail = self.meaning.status, self.meaning.detail
        if self.after == self.before:
            log.ignored(self.before, status)
        else:
            log.applied(self.before, self.after, detail)


def apply(
    work: UnitOfWork,
    before: Notification,
    receipt: WaitingReceipt,
    now: datetime,
    follow_up: FollowUp = _NOTHING_FOLLOWS,
) -> Applied:
    """Store what a receipt makes of its message, which is locked, and return what that was."""
    if receipt.status == COMPLAINT:
        complaint = _complaint(receipt, before)
        if work.receipts.add_complaint(complaint):
            follow_up.announcer.complained(work, before, complaint)
        return Applied(receipt, before, before, None)
    meaning = _meaning(receipt, before.status)
    status, detail = (meaning.status, meaning.detail) if meaning else (Status.TECHNICAL_FAILURE, None)
    after = apply_receipt(_adopted(before, receipt, now), status, at=now, provider=receipt.provider)
    after = follow_up.completed(work, before, after, now)
    event = received(status, at=receipt.received_at, provider=receipt.provider, detail=detail)
    store(work, before, after, event, follow_up.announcer)
    return Applied(receipt, before, after, meaning)


def store(
    work: UnitOfWork, before: Notification, after: Notification, receipt: Event, announcer: Announcer = _SILENT
) -> None:
    """Store what a receipt made of a message, and the receipt in its timeline, marked if it changed nothing.

    A change is announced to the message's service.
    """
    if after != before:
        work.notifications.save(after, receipt)
        announcer.ended(work, after)
    else:
        ignored = evolve(receipt, kind=EventKind.RECEIPT_IGNORED)
        work.notifications.add_event(before, ignored, at_most=_MOST_IGNORED_SHOWN)


def _store_then_apply(
    database: Database, receipt: WaitingReceipt, clock: Clock, log: ReceiptLog, follow_up: FollowUp
) -> Notification | None:
    with database.statement() as work:
        work.receipts.keep_waiting(receipt)
    try:
        return _apply_all(database, receipt, clock, log, follow_up)
    except Exception as error:  # noqa: BLE001 - it is stored, so it is as good as applied for whoever sent it
        log.left_waiting(receipt.provider, receipt.reference, type(error).__name__)
        return None


def _apply_all(
    database: Database, receipt: WaitingReceipt, clock: Clock, log: ReceiptLog, follow_up: FollowUp
) -> Notification | None:
    """Apply all receipts that wait for the message that this one is about, and return the message."""
    with database.begin() as work:
        notification = message_of(work, receipt)
        if notification is None:
            if receipt.provider is not ProviderName.SES:
                # A text is stored before it is sent: there will never be one, and anybody may send such receipts.
                work.receipts.take(receipt.id)
                work.commit()
            log.unmatched(receipt.provider, receipt.reference)
            return None
        # Those that came before this one, and could not say whose they were, go before it.
        known_as = _adopted(notification, receipt, clock())
        applied = _take_and_apply(work, notification, known_as, clock, follow_up)
        work.commit()
    for one in applied:
        one.tell(log)
    return applied[-1].after if applied else notification


def _take_and_apply(
    work: UnitOfWork, notification: Notification, known_as: Notification, clock: Clock, follow_up: FollowUp
) -> list[Applied]:
    """Apply to a message, which is locked, all receipts that wait for it as it is `known_as`, in order of arrival."""
    applied: list[Applied] = []
    for waiting in work.receipts.take_waiting(known_as):
        before = applied[-1].after if applied else notification
        applied.append(apply(work, before, waiting, clock(), follow_up))
    return applied


def _meaning(receipt: WaitingReceipt, current: Status) -> Meaning | None:
    if receipt.provider is ProviderName.SES:
        return Meaning(Status(receipt.status))
    return interpret(receipt.provider, receipt.status, receipt.code, current=current)


def _adopted(notification: Notification, receipt: WaitingReceipt, now: datetime) -> Notification:
    """Return the message as one that its provider has: the receipt of an email may be the first to say so."""
    if notification.channel is not Channel.EMAIL or notification.status is not Status.CREATED:
        return notification
    return evolve(
        notification,
        status=Status.SENDING,
        reference=receipt.reference,
        sent_by=receipt.provider,
        sent_at=notification.sent_at or now,
        updated_at=now,
    )


def _complaint(receipt: WaitingReceipt, notification: Notification) -> Complaint:
    return Complaint(
        id=receipt.id,
        notification_id=notification.id,
        service_id=notification.service_id,
        feedback_id=receipt.feedback_id,
        complaint_type=receipt.complaint_type,
        complained_at=receipt.complained_at,
    )


def _as_id(reference: str) -> UUID | None:
    try:
        return UUID(reference)
    except ValueError:
        return None


def _storable(text: str, longest: int) -> str:
    """Return what can be stored of a text that anybody may have sent."""
    return text[:longest].encode(errors="replace").decode().replace("\0", "?")
