"""Notifications, waiting receipts and complaints in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from attrs import evolve

from notify_adapters.memory.answers import MemoryAnswers
from notify_adapters.memory.outbox import MemoryOutbox
from notify_adapters.memory.table import Table
from notify_adapters.memory.timelines import MemoryTimelines
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.errors import Conflict
from notify_core.idempotency.model import Answered
from notify_core.identifiers import first_id_at
from notify_core.notifications.model import (
    Attempted,
    Claim,
    Complaint,
    Message,
    Notification,
    PageOfMessages,
    WaitingReceipt,
)
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Event, EventKind, Timeline, outcome_of
from notify_core.outbox.model import OutboxEntry
from notify_core.vocabulary import Channel, ProviderName


class MemoryNotifications:
    """Implements `NotificationRepository`."""

    def __init__(
        self,
        table: Table[UUID, Message],
        outbox: MemoryOutbox,
        timelines: MemoryTimelines,
        answers: MemoryAnswers,
        clock: Clock,
    ) -> None:
        self._table = table
        self._outbox = outbox
        self._timelines = timelines
        self._answers = answers
        self._clock = clock

    def accept(self, message: Message, due: OutboxEntry, answered: Answered | None = None) -> None:
        """Store facts, contents and the promise to deliver them, together."""
        if message.notification.id in self._table:
            raise Conflict("notifications: there is one of that identity already")
        if answered is not None:
            self._answers.remember(answered)
        self._table.put(message.notification.id, message)
        self._outbox.add([due])

    def find(
        self,
        service_id: UUID,
        notification_id: UUID,
        *,
        likely_expiry: date | None = None,  # noqa: ARG002 - it is all the same here
    ) -> Message | None:
        """Return the service's message, or None when there is none or its contents have expired."""
        message = self._table.get(notification_id)
        if message is None or message.notification.service_id != service_id:
            return None
        return None if message.notification.expires_on <= london_date(self._clock()) else message

    def cancel(self, service_id: UUID, notification_id: UUID, *, now: datetime) -> Notification | None:
        """Cancel the service's message, unless somebody has begun to deliver it."""
        message = self.find(service_id, notification_id)
        if message is None or message.notification.status is not Status.CREATED or message.notification.attempts:
            return None
        cancelled = evolve(message.notification, status=Status.CANCELLED, updated_at=now, leased_until=None)
        return self._put(cancelled).notification

    def list_page(self, page: PageOfMessages) -> list[Message]:
        """Return the service's messages whose contents have not expired, newest first."""
        if page.older_than is not None:
            last = self._table.get(page.older_than)
            if last is None or last.notification.service_id != page.service_id:
                return []
        now = self._clock()
        lowest = first_id_at(page.oldest(now))
        found = [
            message
            for message in self._table.rows()
            if message.notification.id >= lowest
            and message.notification.expires_on > london_date(now)
            and _is_on(page, message)
        ]
        return sorted(found, key=lambda message: message.notification.id, reverse=True)[: page.limit]

    def claim(self, ids: Sequence[UUID], *, now: datetime, until: datetime) -> Claim:
        """Take the right to send these, where they are `created` and nobody else has it."""
        mine: list[Message] = []
        busy: dict[UUID, datetime] = {}
        for notification_id in dict.fromkeys(ids):
            message = self._table.get(notification_id)
            if message is None or message.notification.status is not Status.CREATED:
                continue
            leased_until = message.notification.leased_until
            if leased_until is not None and leased_until > now:
                busy[notification_id] = leased_until
                continue
            facts = message.notification
            attempt = facts.attempts + 1
            mine.append(self._put(evolve(facts, attempts=attempt, leased_until=until)))
            self._timelines.add(notification_id, Event(at=now, kind=EventKind.ATTEMPTED, attempt=attempt))
        return Claim(mine=tuple(mine), busy=busy)

    def record(self, outcomes: Sequence[Attempted]) -> None:
        """Record how attempts ended, and end their leases."""
        for outcome in outcomes:
            message = self._table.get(outcome.notification_id)
            if message is not None:
                self._put(_after(message.notification, outcome))
                self._timelines.add(outcome.notification_id, outcome_of(outcome))

    def find_for_receipt(self, *, notification_id: UUID) -> Notification | None:
        """Return the facts of a message, or None."""
        message = self._table.get(notification_id)
        return None if message is None else message.notification

    def find_by_reference(self, provider: ProviderName, reference: str) -> Notification | None:
        """Return the facts of the message the provider knows by that id, or None."""
        for message in self._table.rows():
            if message.notification.reference == reference and message.notification.sent_by is provider:
                return message.notification
        return None

    def save(self, notification: Notification, event: Event | None = None) -> None:
        """Store changed facts, and what happened."""
        self._put(notification)
        if event is not None:
            self._timelines.add(notification.id, event)

    def add_event(self, notification: Notification, event: Event, *, at_most: int) -> None:
        """Add to the message's timeline, unless it holds enough of that kind."""
        if sum(known.kind is event.kind for known in self._timelines.of(notification.id)) < at_most:
            self._timelines.add(notification.id, event)

    def find_timeline(self, service_id: UUID, notification_id: UUID) -> Timeline | None:
        """Return what happened to the service's message, or None."""
        message = self.find(service_id, notification_id)
        return None if message is None else Timeline(message.notification, self._timelines.of(notification_id))

    def find_undelivered(self, *, after: datetime, before: datetime, limit: int) -> list[Notification]:
        """Return texts and emails made in [after, before), still `created` and leased to nobody."""
        found = [
            facts
            for facts in (message.notification for message in self._table.rows())
            if facts.status is Status.CREATED
            and facts.channel is not Channel.LETTER
            and after <= facts.created_at < before
            and (facts.leased_until is None or facts.leased_until <= before)
        ]
        return sorted(found, key=lambda facts: facts.id)[:limit]

    def _put(self, notification: Notification) -> Message:
        before = self._table.get(notification.id)
        assert before is not None, "saved before it was accepted"
        message = Message(notification=notification, contents=before.contents)
        self._table.put(notification.id, message)
        return message


def _is_on(page: PageOfMessages, message: Message) -> bool:
    facts = message.notification
    return (
        facts.service_id == page.service_id
        and facts.key_type is page.key_type
        and (page.statuses is None or facts.status in page.statuses)
        and (page.channels is None or facts.channel in page.channels)
        and (page.reference is None or message.contents.client_reference == page.reference)
        and (page.older_than is None or facts.id < page.older_than)
    )


def _after(facts: Notification, outcome: Attempted) -> Notification:
    overtaken = facts.status is not Status.CREATED
    handed_over = outcome.sent_by is not None
    facts = evolve(
        facts,
        leased_until=outcome.retry_at,
        billable_units=outcome.billable_units or facts.billable_units,
        reference=outcome.reference or facts.reference,
        sent_by=outcome.sent_by or facts.sent_by,
        sent_at=outcome.at if handed_over and facts.sent_at is None else facts.sent_at,
    )
    if outcome.status is None or overtaken:
        return facts
    return evolve(facts, status=outcome.status, updated_at=outcome.at)


class MemoryReceipts:
    """Implements `ReceiptRepository`."""

    def __init__(
        self,
        waiting: Table[tuple[ProviderName, str, Status], WaitingReceipt],
        complaints: Table[tuple[UUID, str | None], Complaint],
    ) -> None:
        self._waiting = waiting
        self._complaints = complaints

    def keep_waiting(self, receipt: WaitingReceipt) -> None:
        """Keep a receipt whose message is not known yet."""
        key = (receipt.provider, receipt.reference, receipt.status)
        if key not in self._waiting:
            self._waiting.put(key, receipt)

    def take_waiting(self, provider: ProviderName, references: Sequence[str]) -> list[WaitingReceipt]:
        """Remove and return the receipts waiting under these references, oldest first."""
        wanted = set(references)
        taken = [
            receipt
            for receipt in self._waiting.rows()
            if receipt.provider is provider and receipt.reference in wanted
        ]
        for receipt in taken:
            self._waiting.remove((receipt.provider, receipt.reference, receipt.status))
        return sorted(taken, key=lambda receipt: receipt.received_at)

    def add_complaint(self, complaint: Complaint) -> bool:
        """Store a complaint, once."""
        key = (complaint.notification_id, complaint.feedback_id)
        if key in self._complaints:
            return False
        self._complaints.put(key, complaint)
        return True
