"""Deliver messages: claim them, let the database go, call the providers, record what came of it.

At least once: every step is safe to repeat, and to run twice at the same time on two machines. A claim holds
for the length of its lease, and says with whom the attempt is made before anybody is called. Where nobody can
tell how an attempt ended, because we died or the provider did not answer, the message is in doubt: its receipt
is waited for, and then the service decides whether it is sent again. Nothing else can send twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from attrs import evolve, field, frozen

from notify_core.callbacks.announce import Announcer
from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.notifications.compose import Composed, Composer, NotToBeSent, TestMessage
from notify_core.notifications.model import Attempted, Claim, Message, Notification
from notify_core.notifications.record_receipt import FollowUp, apply_waiting
from notify_core.notifications.status import Status, after_handover
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.providers.choosing import Choosing
from notify_core.providers.model import (
    OutgoingEmail,
    OutgoingSms,
    ProviderFailed,
    ProviderRefused,
    ProviderSilent,
    ProviderThrottled,
    ProviderUnreachable,
    ProviderUnwell,
    QuotaSpent,
)
from notify_core.providers.ports import EmailProvider, InFlight, SmsProvider
from notify_core.providers.shift import FailureWatch
from notify_core.retries import QUOTA_SPENT, THROTTLED, GiveUp, RetryPolicy
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType, ProviderName

_Answer = TypeVar("_Answer")

# Longer than any one batch can take (30 calls of 10 seconds, all in flight), shorter than the queues'
# visibility timeout, so that a message redelivered after a crash finds its lease gone.
DEFAULT_LEASE = timedelta(seconds=30)
# Nearly every receipt comes within two minutes. Longer, and a code to log in with is of no use any more.
DEFAULT_DOUBT_WAIT = timedelta(seconds=120)
# Another provider is only called where this part of the lease is left: its call takes up to 10 seconds too.
_ENOUGH_OF_THE_LEASE = 0.6

TOO_OFTEN = "attempted too often"
IN_DOUBT_TOO_OFTEN = "attempted too often: a provider may have taken it, but no receipt came"

_CHANNELS: Mapping[Task, Channel] = {Task.DELIVER_SMS: Channel.SMS, Task.DELIVER_EMAIL: Channel.EMAIL}


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

    def in_doubt(self, notification_id: UUID, until: datetime) -> None:
        """Hear that nobody told how a message's last attempt ended, and that a receipt is waited for."""


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

        Raises ProviderFailed or ProviderRefused; what breaks unexpectedly is ProviderSilent, for nobody knows how far
        it got.
        """
        if isinstance(outgoing, OutgoingEmail):
            return _answer_of(partial(self.email[provider].send, outgoing))
        return _answer_of(partial(self.sms[provider].send, outgoing))


def _answer_of(call: Callable[[], _Answer]) -> _Answer:
    try:
        return call()
    except (ProviderFailed, ProviderRefused):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the provider may have been told before
        raise ProviderSilent(f"unexpected {type(error).__name__}") from None


@frozen(kw_only=True)
class Deliver:
    """Deliver messages of one channel, as many at once as one task names. `task` is that task."""

    task: Task
    database: Database
    composer: Composer
    choosing: Choosing
    carriers: Carriers
    retries: RetryPolicy
    in_flight: InFlight
    clock: Clock
    new_id: NewId
    lease: timedelta = DEFAULT_LEASE
    doubt_wait: timedelta = DEFAULT_DOUBT_WAIT
    log: DeliveryLog = field(factory=DeliveryLog)
    watch_failures: FailureWatch = field(factory=FailureWatch)
    announcer: Announcer = field(factory=Announcer)

    def __call__(self, ids: Sequence[UUID]) -> list[Delivered]:
        """Attempt each of these that is due, and return how each fared; the others need nothing.

        Whatever happens to one message happens to it alone.
        """
        claim = self._claim(ids)
        results = self.in_flight(self._attempt, claim.mine)
        if results:
            self._record(results)
            self.watch_failures(Counter(result.attempted.tried for result in results if result.attempted.tried))
        return [self._told(result) for result in results]

    def _claim(self, ids: Sequence[UUID]) -> Claim:
        choices = self.choosing.for_messages(_CHANNELS[self.task], len(ids))
        now = self.clock()
        with self.database.statement() as work:
            claim = work.notifications.claim(
                ids, now=now, until=now + self.lease, choices=choices, doubt_until=now + self.doubt_wait
            )
            # Somebody else is at it, or was. Should they have died, this makes sure that it is looked at again.
            later = {**claim.busy, **claim.in_doubt}
            if later:
                work.outbox.add(self._look_again(each, until) for each, until in later.items())
        self.choosing.unused(choices, map(_to_be_called, claim.mine))
        for doubted, until in claim.in_doubt.items():
            self.log.in_doubt(doubted, until)
        return claim

    def _look_again(self, notification_id: UUID, at: datetime) -> OutboxEntry:
        return OutboxEntry(
            id=self.new_id(), task=self.task, queue=Queue.RETRY, subject_id=notification_id, available_at=at
        )

    def _attempt(self, message: Message) -> _Result:
        try:
            return self._hand_over(message)
        except ProviderFailed as error:
            return self._failed(message, error)
        except Exception as error:  # noqa: BLE001 - one bad message must not take its batch down with it
            return self._failed(message, ProviderFailed(f"unexpected {type(error).__name__}"))

    def _hand_over(self, message: Message) -> _Result:
        if isinstance(self.retries.after(message.notification.attempts - 1), GiveUp):
            # Attempts of which nobody told how they ended come to an end here.
            in_doubt = message.notification.in_doubt_until is not None
            return self._ended(
                message, Status.TECHNICAL_FAILURE, problem=IN_DOUBT_TOO_OFTEN if in_doubt else TOO_OFTEN
            )
        composed = self.composer(message)
        if isinstance(composed, NotToBeSent):
            return self._ended(message, Status.TECHNICAL_FAILURE, problem=composed.because)
        if isinstance(composed, TestMessage):
            return self._ended(
                message,
                Status.SENDING,
                sent_by=composed.provider,
                reference=composed.reference,
                simulate=True,
                detail="simulated: sent with a test key",
            )
        return self._call(message, composed)

    def _call(self, message: Message, composed: Composed, tried: frozenset[ProviderName] = frozenset()) -> _Result:
        tried |= {composed.provider}
        try:
            reference = self._tell(composed)
        except ProviderUnreachable as error:
            other = self._redirect(message.notification, tried, error)
            if other is not None:
                return self._call(_with(message, other), evolve(composed, provider=other), tried)
            return self._failed(message, error, composed.provider, composed.fragments)
        except ProviderRefused as error:
            return self._ended(message, Status.TECHNICAL_FAILURE, tried=composed.provider, problem=str(error))
        except ProviderFailed as error:
            return self._failed(message, error, composed.provider, composed.fragments)
        return self._ended(
            message,
            after_handover(international=message.notification.international),
            sent_by=composed.provider,
            reference=reference,
            billable_units=composed.fragments,
        )

    def _tell(self, composed: Composed) -> str | None:
        """Hand the message over, and remember whether the provider is there."""
        circuit = self.choosing.circuits[composed.provider]
        try:
            reference = self.carriers.hand_over(composed.provider, composed.outgoing)
        except ProviderUnwell:
            circuit.failed(self.clock())
            raise
        except (ProviderFailed, ProviderRefused):
            circuit.answered()
            raise
        circuit.answered()
        return reference

    def _redirect(
        self, notification: Notification, tried: frozenset[ProviderName], error: ProviderUnreachable
    ) -> ProviderName | None:
        """Write another provider down for the attempt, and return it; None when the message has to wait."""
        now, failed = self.clock(), notification.attempting_with
        enough = now + self.lease * _ENOUGH_OF_THE_LEASE
        if failed is None or notification.leased_until is None or notification.leased_until < enough:
            return None
        to = self.choosing.instead_of(tried, notification.channel, international=notification.international)
        if to is None:
            return None
        with self.database.statement() as work:
            if work.notifications.redirect(notification, to, now=now, because=f"instead of {failed}: {error}"):
                return to
        self.choosing.circuits[to].release(now)
        return None

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
        self, message: Message, error: ProviderFailed, provider: ProviderName | None = None, fragments: int = 0
    ) -> _Result:
        now = self.clock()
        delay = self._delay(message.notification.attempts, error)
        attempted = Attempted(
            notification_id=message.notification.id,
            status=Status.TECHNICAL_FAILURE if delay is None else None,
            at=now,
            sent_by=provider if delay is None else None,
            billable_units=fragments,
            retry_at=None if delay is None else now + delay,
            attempt=message.notification.attempts,
            tried=provider,
            detail=str(error),
            in_doubt=isinstance(error, ProviderSilent),
        )
        return _Result(message, attempted, problem=str(error))

    def _delay(self, attempts: int, error: ProviderFailed) -> timedelta | None:
        """Return how long to wait before the next attempt, or None when there is none."""
        if isinstance(error, ProviderSilent):
            return self.doubt_wait
        decision = self.retries.after(attempts)
        if isinstance(decision, GiveUp):
            return None
        if isinstance(error, QuotaSpent):
            return QUOTA_SPENT.delay(attempts, self.choosing.chance())
        if isinstance(error, ProviderThrottled):
            return THROTTLED.delay(attempts, self.choosing.chance())
        return decision.delay

    def _record(self, results: Sequence[_Result]) -> None:
        follow_ups = [entry for result in results for entry in self._follow_ups(result)]
        failed = any(result.attempted.status is Status.TECHNICAL_FAILURE for result in results)
        with self.database.begin() if follow_ups or failed else self.database.statement() as work:
            work.notifications.record([result.attempted for result in results])
            work.outbox.add(follow_ups)
            self.announcer.failed(work, [(result.message, result.attempted) for result in results])
            work.commit()
        for provider, references in _recorded(results).items():
            apply_waiting(self.database, provider, references, self.clock, FollowUp(self.announcer))

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


def _recorded(results: Sequence[_Result]) -> dict[ProviderName, list[str]]:
    """Return the references that are known now, by the provider whose they are."""
    recorded: dict[ProviderName, list[str]] = {}
    for result in results:
        if result.attempted.reference is not None and result.attempted.sent_by is not None:
            recorded.setdefault(result.attempted.sent_by, []).append(result.attempted.reference)
    return recorded


def _to_be_called(message: Message) -> ProviderName | None:
    facts = message.notification
    return None if facts.key_type is KeyType.TEST else facts.attempting_with


def _with(message: Message, provider: ProviderName) -> Message:
    return evolve(message, notification=evolve(message.notification, attempting_with=provider))
