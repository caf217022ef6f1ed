"""Notifications, waiting receipts and complaints in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from attrs import evolve

from notify_adapters.memory.answers import MemoryAnswers
from notify_adapters.memory.outbox import MemoryOutbox
from notify_adapters.memory.retention import GONE
from notify_adapters.memory.table import Table
from notify_adapters.memory.timelines import MemoryTimelines
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.errors import Conflict
from notify_core.idempotency.model import Answered
from notify_core.identifiers import first_id_at
from notify_core.jobs.model import Job
from notify_core.notifications.model import (
    Attempted,
    CancelledRows,
    Claim,
    Complaint,
    Doubts,
    Message,
    Notification,
    PageOfMessages,
    RowsOfJob,
    WaitingReceipt,
)
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Event, EventKind, Timeline, outcome_of, redirected
from notify_core.outbox.model import OutboxEntry
from notify_core.providers.model import Choice, first_of_each
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

    def accept_many(self, messages: Sequence[Message], due: Sequence[OutboxEntry]) -> frozenset[UUID]:
        """Store messages and the promises to deliver them, and return the ids that were new."""
        new = {message.notification.id: message for message in messages if message.notification.id not in self._table}
        for key, message in new.items():
            self._table.put(key, message)
        self._outbox.add([entry for entry in due if entry.subject_id in new])
        return frozenset(new)

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

    def cancel_rows(self, job: Job, *, now: datetime) -> CancelledRows:
        """Cancel the job's messages that nobody has begun to deliver."""
        cancelled = [
            facts
            for message in self._of_job(job)
            if (facts := self.cancel(job.service_id, message.notification.id, now=now)) is not None
        ]
        abroad = sum(facts.channel is Channel.SMS and facts.country_prefix != "44" for facts in cancelled)
        return CancelledRows(messages=len(cancelled), abroad=abroad)

    def list_rows(self, job: Job, *, first_row: int, row_count: int) -> list[Message]:
        """Return those of these rows of the job that are messages, in order."""
        wanted = range(first_row, first_row + row_count)
        today = london_date(self._clock())
        found = [
            message
            for message in self._of_job(job)
            if message.notification.job_row_number in wanted and message.notification.expires_on > today
        ]
        return sorted(found, key=lambda message: message.notification.id)

    def _of_job(self, job: Job) -> list[Message]:
        return [message for message in self._table.rows() if message.notification.job_id == job.id]

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

    def page_of_job(self, rows: RowsOfJob) -> list[Message]:
        """Return a job's messages whose contents have not expired, in the order of its rows."""
        found = [
            message for message in self._rows_of(rows) if rows.after is None or message.notification.id > rows.after
        ]
        return sorted(found, key=lambda message: message.notification.id)[rows.skip :][: rows.limit]

    def count_rows(self, rows: RowsOfJob) -> int:
        """Return how many of them there are on all pages."""
        return len(self._rows_of(rows))

    def _rows_of(self, rows: RowsOfJob) -> list[Message]:
        today = london_date(self._clock())
        return [
            message
            for message in self._table.rows()
            if message.notification.service_id == rows.service_id
            and rows.first <= message.notification.id <= rows.last
            and message.notification.expires_on > today
            and (rows.statuses is None or message.notification.status in rows.statuses)
        ]

    def claim(
        self,
        ids: Sequence[UUID],
        *,
        now: datetime,
        until: datetime,
        choices: Sequence[Choice] = (),
        doubt_until: datetime | None = None,
    ) -> Claim:
        """Take the right to send these, where they are `created` and nobody else has it."""
        mine: list[Message] = []
        busy: dict[UUID, datetime] = {}
        in_doubt: dict[UUID, datetime] = {}
        for notification_id, choice in first_of_each(ids, choices).items():
            message = self._table.get(notification_id)
            if message is None or message.notification.status is not Status.CREATED:
                continue
            facts = message.notification
            if facts.leased_until is not None and facts.leased_until > now:
                busy[notification_id] = facts.leased_until
            elif facts.attempting_with is not None and not _awaits_receipt(facts):
                self._doubt(facts, now, doubt_until or until)
                if message.contents != GONE:
                    in_doubt[notification_id] = doubt_until or until
            else:
                claimed = self._attempt(facts, choice, now, until)
                if claimed.contents != GONE:
                    mine.append(claimed)
        return Claim(mine=tuple(mine), busy=busy, in_doubt=in_doubt)

    def _attempt(self, facts: Notification, choice: Choice, now: datetime, until: datetime) -> Message:
        carrier = choice.carrier(international=facts.international)
        taken = evolve(facts, attempts=facts.attempts + 1, leased_until=until, attempting_with=carrier)
        self._timelines.add(
            facts.id, Event(at=now, kind=EventKind.ATTEMPTED, attempt=taken.attempts, provider=carrier)
        )
        return self._put(taken)

    def _doubt(self, facts: Notification, now: datetime, until: datetime) -> None:
        self._put(evolve(facts, leased_until=until, in_doubt_until=until, doubts=facts.doubts + 1))
        self._timelines.add(
            facts.id,
            Event(at=now, kind=EventKind.IN_DOUBT, attempt=facts.attempts, provider=facts.attempting_with),
        )

    def redirect(
        self, notification: Notification, to: ProviderName, *, now: datetime, because: str | None = None
    ) -> bool:
        """Write down that the claimed attempt goes on with another provider."""
        message = self._table.get(notification.id)
        if message is None:
            return False
        facts = message.notification
        if facts.status is not Status.CREATED or facts.leased_until is None or facts.leased_until <= now:
            return False
        claimed = (notification.attempts, notification.attempting_with)
        if (facts.attempts, facts.attempting_with) != claimed or _awaits_receipt(facts):
            return False
        self._put(evolve(facts, attempting_with=to))
        self._timelines.add(facts.id, redirected(facts.attempts, to, now, because))
        return True

    def record(self, outcomes: Sequence[Attempted]) -> None:
        """Record how attempts ended, and end their leases."""
        for outcome in outcomes:
            message = self._table.get(outcome.notification_id)
            if message is not None:
                self._put(_after(message.notification, outcome))
                self._timelines.add(outcome.notification_id, outcome_of(outcome))

    def count_doubts(self, *, since: datetime) -> Doubts:
        """Count the messages that are in doubt, and those accepted after `since` that ever were."""
        facts = [message.notification for message in self._table.rows()]
        return Doubts(
            now=sum(each.in_doubt_until is not None for each in facts),
            ever=sum(each.doubts > 0 and each.id >= first_id_at(since) for each in facts),
        )

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

    def time_out(
        self, *, from_id: UUID, before_id: UUID, created_before: datetime, now: datetime, limit: int
    ) -> list[Notification]:
        """Make texts and emails that still wait for their receipt temporary failures, and return them."""
        due = [
            facts
            for facts in (message.notification for message in self._table.rows())
            if from_id <= facts.id < before_id
            and facts.created_at < created_before
            and facts.channel is not Channel.LETTER
            and facts.status in (Status.SENDING, Status.PENDING)
        ]
        status = Status.TEMPORARY_FAILURE
        timed_out = [
            self._put(evolve(facts, status=status, updated_at=now, leased_until=None)).notification
            for facts in sorted(due, key=lambda facts: facts.id)[:limit]
        ]
        for facts in timed_out:
            self._timelines.add(facts.id, Event(at=now, kind=EventKind.TIMED_OUT, status=status))
        return timed_out

    def find_unclaimed(self, ids: Collection[UUID], *, now: datetime) -> set[UUID]:
        """Return those of the ids that a claim would get."""
        found = [message.notification for one in ids if (message := self._table.get(one)) is not None]
        return {
            facts.id
            for facts in found
            if facts.status is Status.CREATED and (facts.leased_until is None or facts.leased_until <= now)
        }

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
        and (page.include_jobs or facts.job_id is None or facts.api_key_id is not None)
    )


def _awaits_receipt(facts: Notification) -> bool:
    """Whether its lease is the wait for a receipt. Who claims it after that has a lease that ends later."""
    return facts.in_doubt_until is not None and facts.in_doubt_until == facts.leased_until


def _after(facts: Notification, outcome: Attempted) -> Notification:
    open_still = facts.status is Status.CREATED
    current = outcome.attempt is None or outcome.attempt >= facts.attempts
    if not current and not (open_still and outcome.was_taken):
        return _completed(facts, outcome)
    handed_over = outcome.sent_by is not None
    doubtful = outcome.in_doubt and open_still
    after = evolve(
        facts,
        leased_until=outcome.retry_at if open_still else None,
        attempting_with=facts.attempting_with if doubtful else None,
        in_doubt_until=outcome.retry_at if doubtful else None,
        doubts=facts.doubts + (doubtful and not _awaits_receipt(facts)),
        billable_units=outcome.billable_units or facts.billable_units,
        reference=outcome.reference or facts.reference,
        sent_by=outcome.sent_by or facts.sent_by,
        sent_at=outcome.at if handed_over and facts.sent_at is None else facts.sent_at,
    )
    if outcome.status is None or not open_still:
        return after
    return evolve(after, status=outcome.status, updated_at=outcome.at)


def _completed(facts: Notification, outcome: Attempted) -> Notification:
    """What an earlier attempt knows, and nobody else has said."""
    facts = evolve(facts, billable_units=facts.billable_units or outcome.billable_units)
    if not outcome.was_taken:
        return facts
    return evolve(
        facts,
        reference=facts.reference or outcome.reference,
        sent_by=facts.sent_by or outcome.sent_by,
        sent_at=facts.sent_at or outcome.at,
    )


class MemoryReceipts:
    """Implements `ReceiptRepository`."""

    def __init__(
        self,
        waiting: Table[UUID, WaitingReceipt],
        tried: Table[UUID, datetime],
        complaints: Table[tuple[UUID, str | None], Complaint],
        messages: MemoryNotifications,
    ) -> None:
        self._waiting = waiting
        self._tried = tried
        self._complaints = complaints
        self._messages = messages

    def keep_waiting(self, receipt: WaitingReceipt) -> None:
        """Keep a receipt until it is applied."""
        if all(other.said != receipt.said for other in self._waiting.rows()):
            self._waiting.put(receipt.id, receipt)

    def waiting_among(self, provider: ProviderName, references: Collection[str]) -> frozenset[str]:
        """Return those of these references under which any receipt waits."""
        wanted = frozenset(references)
        return frozenset(
            each.reference for each in self._waiting.rows() if each.provider is provider and each.reference in wanted
        )

    def take_waiting(self, notification: Notification) -> list[WaitingReceipt]:
        """Remove and return all receipts that wait for this message, in order of arrival."""
        of_email = notification.channel is Channel.EMAIL
        taken = [
            receipt
            for receipt in self._waiting.rows()
            if (receipt.provider is ProviderName.SES) is of_email
            and (
                receipt.notification_id == notification.id
                or (receipt.provider is notification.sent_by and receipt.reference == notification.reference)
            )
        ]
        for receipt in taken:
            self._waiting.remove(receipt.id)
        return sorted(taken, key=_arrival)

    def take(self, receipt_id: UUID) -> WaitingReceipt | None:
        """Remove and return one receipt."""
        return self._waiting.remove(receipt_id)

    def try_again(self, *, now: datetime, tried_before: datetime, limit: int) -> list[WaitingReceipt]:
        """Return waiting receipts whose message is known by now, longest untried first."""
        due = [
            receipt
            for receipt in self._waiting.rows()
            if self._last_tried(receipt) < tried_before and self._is_known(receipt)
        ]
        tried = sorted(due, key=lambda receipt: (self._last_tried(receipt), *_arrival(receipt)))[:limit]
        for receipt in tried:
            self._tried.put(receipt.id, now)
        return tried

    def drop(self, *, received_before: datetime) -> Mapping[ProviderName, int]:
        """Remove what has waited since before then."""
        old = [receipt for receipt in self._waiting.rows() if receipt.received_at < received_before]
        for receipt in old:
            self._waiting.remove(receipt.id)
        return Counter(receipt.provider for receipt in old)

    def _last_tried(self, receipt: WaitingReceipt) -> datetime:
        return self._tried.get(receipt.id) or receipt.received_at

    def _is_known(self, receipt: WaitingReceipt) -> bool:
        by_id = receipt.notification_id
        return (
            by_id is not None and self._messages.find_for_receipt(notification_id=by_id) is not None
        ) or self._messages.find_by_reference(receipt.provider, receipt.reference) is not None

    def add_complaint(self, complaint: Complaint) -> bool:
        """Store a complaint, once."""
        key = (complaint.notification_id, complaint.feedback_id)
        if key in self._complaints:
            return False
        self._complaints.put(key, complaint)
        return True


def _arrival(receipt: WaitingReceipt) -> tuple[datetime, UUID]:
    return receipt.received_at, receipt.id
