"""Deliver messages: claim them, let the database go, call the providers, record what came of it.

At least once: every step is safe to repeat, and to run twice at the same time on two machines. A claim holds
for the length of its lease; only a crash between a provider's answer and our record of it can send twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import field, frozen

from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.notifications.compose import Composer, TestMessage
from notify_core.notifications.model import Attempted, Claim, Message, Notification
from notify_core.notifications.record_receipt import apply_waiting
from notify_core.notifications.status import Status, after_handover
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.providers.model import OutgoingEmail, OutgoingSms, ProviderFailed, ProviderRefused
from notify_core.providers.ports import EmailProvider, InFlight, SmsProvider
from notify_core.retries import RetryAfter, RetryPolicy
from notify_core.unit_of_work import Database
from notify_core.vocabulary import ProviderName

# Longer than any one batch can take (25 calls of 10 seconds, all in flight), shorter than the queues'
# visibility timeout, so that a message redelivered after a crash finds its lease gone.
DEFAULT_LEASE = timedelta(seconds=30)


@frozen(kw_only=True)
class Delivered:
    """How one message fared. `problem` says, without personal data, why it was not handed over."""

    notification_id: UUID
    provider: ProviderName | None
    attempt: int
    outcome: Status | None
    retry_at: datetime | None = None
    problem: str | None = None


class DeliveryLog:
    """Where outcomes are told. This one keeps silent; a shell brings one that writes."""

    def delivered(self, result: Delivered) -> None:
        """Hear how one message fared."""


@frozen
class _Result:
    """One message after its attempt, and what to record of it."""

    message: Message
    attempted: Attempted
    problem: str | None = None
    simulate: bool = False


@frozen
class Carriers:
    """The providers that can be called, by name."""

    sms: dict[ProviderName, SmsProvider] = field(factory=dict)
    email: dict[ProviderName, EmailProvider] = field(factory=dict)

    def hand_over(self, provider: ProviderName, outgoing: OutgoingSms | OutgoingEmail) -> str | None:
        """Call the provider, and return its own id for the message if it gives one.

        Raises ProviderFailed or ProviderRefused.
        """
        if isinstance(outgoing, OutgoingEmail):
            return self.email[provider].send(outgoing)
        self.sms[provider].send(outgoing)
        return None


@frozen(kw_only=True)
class Deliver:
    """Deliver messages of one channel, as many at once as one task names. `task` is that task."""

    task: Task
    database: Database
    composer: Composer
    carriers: Carriers
    retries: RetryPolicy
    in_flight: InFlight
    clock: Clock
    new_id: NewId
    lease: timedelta = DEFAULT_LEASE
    log: DeliveryLog = field(factory=DeliveryLog)

    def __call__(self, ids: Sequence[UUID]) -> list[Delivered]:
        """Attempt each of these that is due, and return how each fared; the others need nothing.

        Whatever happens to one message happens to it alone.
        """
        claim = self._claim(ids)
        results = self.in_flight(self._attempt, claim.mine)
        if results:
            self._record(results)
        return [self._told(result) for result in results]

    def _claim(self, ids: Sequence[UUID]) -> Claim:
        now = self.clock()
        with self.database.statement() as work:
            claim = work.notifications.claim(ids, now=now, until=now + self.lease)
            if claim.busy:
                # Somebody else is at it. Should they have died, this makes sure that it is looked at again.
                work.outbox.add(self._look_again(busy, until) for busy, until in claim.busy.items())
        return claim

    def _look_again(self, notification_id: UUID, at: datetime) -> OutboxEntry:
        return OutboxEntry(
            id=self.new_id(), task=self.task, queue=Queue.RETRY, subject_id=notification_id, available_at=at
        )

    def _attempt(self, message: Message) -> _Result:
        try:
            return self._hand_over(message)
        except ProviderFailed as error:
            return self._failed(message, str(error))
        except Exception as error:  # noqa: BLE001 - one bad message must not take its batch down with it
            return self._failed(message, f"unexpected {type(error).__name__}")

    def _hand_over(self, message: Message) -> _Result:
        composed = self.composer(message)
        if composed is None:
            return self._ended(message, Status.TECHNICAL_FAILURE, problem="service is not active")
        if isinstance(composed, TestMessage):
            return self._ended(
                message,
                Status.SENDING,
                sent_by=composed.provider,
                reference=composed.reference,
                simulate=True,
                detail="simulated: sent with a test key",
            )
        try:
            reference = self.carriers.hand_over(composed.provider, composed.outgoing)
        except ProviderRefused as error:
            return self._ended(message, Status.TECHNICAL_FAILURE, tried=composed.provider, problem=str(error))
        except ProviderFailed as error:
            return self._failed(message, str(error), composed.provider, composed.fragments)
        return self._ended(
            message,
            after_handover(international=message.notification.international),
            sent_by=composed.provider,
            reference=reference,
            billable_units=composed.fragments,
        )

    def _ended(
        self,
        message: Message,
        status: Status,
        *,
        sent_by: ProviderName | None = None,
        reference: str | None = None,
        billable_units: int = 0,
        tried: ProviderName | None = None,
        problem: str | None = None,
        simulate: bool = False,
        detail: str | None = None,
    ) -> _Result:
        attempted = Attempted(
            notification_id=message.notification.id,
            status=status,
            at=self.clock(),
            sent_by=sent_by,
            reference=reference,
            billable_units=billable_units,
            attempt=message.notification.attempts,
            tried=tried,
            detail=detail or problem,
        )
        return _Result(message, attempted, problem=problem, simulate=simulate)

    def _failed(
        self, message: Message, problem: str, provider: ProviderName | None = None, fragments: int = 0
    ) -> _Result:
        now = self.clock()
        decision = self.retries.after(message.notification.attempts)
        again = isinstance(decision, RetryAfter)
        attempted = Attempted(
            notification_id=message.notification.id,
            status=None if again else Status.TECHNICAL_FAILURE,
            at=now,
            sent_by=None if again else provider,
            billable_units=fragments,
            retry_at=now + decision.delay if isinstance(decision, RetryAfter) else None,
            attempt=message.notification.attempts,
            tried=provider,
            detail=problem,
        )
        return _Result(message, attempted, problem=problem)

    def _record(self, results: Sequence[_Result]) -> None:
        follow_ups = [entry for result in results for entry in self._follow_ups(result)]
        with self.database.begin() if follow_ups else self.database.statement() as work:
            work.notifications.record([result.attempted for result in results])
            work.outbox.add(follow_ups)
            work.commit()
        for result in results:
            if result.attempted.reference is not None and result.attempted.sent_by is not None:
                apply_waiting(self.database, result.attempted.sent_by, result.attempted.reference, self.clock)

    def _follow_ups(self, result: _Result) -> list[OutboxEntry]:
        notification = result.message.notification
        if result.simulate:
            return [self._entry(notification, Task.SIMULATE_RECEIPT, Queue.RESEARCH_MODE, result.attempted.at)]
        if result.attempted.retry_at is not None:
            return [self._entry(notification, self.task, Queue.RETRY, result.attempted.retry_at)]
        return []

    def _entry(self, notification: Notification, task: Task, queue: Queue, at: datetime) -> OutboxEntry:
        return OutboxEntry(
            id=self.new_id(),
            task=task,
            queue=queue,
            subject_id=notification.id,
            available_at=at,
            group=notification.service_id,
        )

    def _told(self, result: _Result) -> Delivered:
        notification = result.message.notification
        told = Delivered(
            notification_id=notification.id,
            provider=result.attempted.sent_by,
            attempt=notification.attempts,
            outcome=result.attempted.status,
            retry_at=result.attempted.retry_at,
            problem=result.problem,
        )
        self.log.delivered(told)
        return told
