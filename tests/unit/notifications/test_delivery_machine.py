"""Delivery under every kind of trouble at once, in any order: what must be so all the time, and what in the end.

A queue that delivers twice, late, in any order or never; workers that die anywhere; providers that fail in every way;
receipts that come before their time, late, and twice. The core is the real one, what is around it is in memory, and
the clock is moved by hand.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from attrs import define, field
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from notify_adapters.memory import (
    FixedClock,
    MemoryDatabase,
    MemoryDocuments,
    MemoryUnsubscribeTokens,
    SequentialIds,
)
from notify_adapters.memory.files import MemoryFiles
from notify_adapters.memory.limiter import MemoryLimiter
from notify_core.application import Options, Ports, build
from notify_core.notifications.model import Notification
from notify_core.notifications.prepare import SmsRequest
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.notifications.status import COMPLETED, HANDED_OVER, Status
from notify_core.outbox.model import Task, TaskMessage
from notify_core.providers.model import (
    OutgoingSms,
    ProviderFailed,
    ProviderSilent,
    ProviderThrottled,
    ProviderUnreachable,
    ProviderUnwell,
)
from notify_core.services.create import NewService
from notify_core.services.model import WhenInDoubt
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType, ProviderName

# Behaviours of a provider, call by call.
TAKES = "takes it"
TAKES_AND_IS_SILENT = "takes it, and its answer is lost"
IS_SILENT = "does not take it, and does not answer"
KILLS_AFTER = "takes it, and the worker dies"
KILLS_BEFORE = "the worker dies before it is called"
STALLS = "takes it, but so slowly that another worker has come and gone meanwhile"
CONFIRMS_FIRST = "takes it, and its receipt comes before its answer"
FAILURES: dict[str, type[ProviderFailed]] = {
    "fails": ProviderFailed,
    "is broken": ProviderUnwell,
    "throttles": ProviderThrottled,
    "is unreachable": ProviderUnreachable,
}
behaviours = st.sampled_from(
    [TAKES, TAKES_AND_IS_SILENT, IS_SILENT, KILLS_AFTER, KILLS_BEFORE, STALLS, CONFIRMS_FIRST, *FAILURES]
)


class Killed(BaseException):
    """What happens to a worker."""


@define
class Queued:
    """A message on the queue, seen by nobody until `visible_at`."""

    message: TaskMessage
    visible_at: datetime


@define
class Broker:
    """Implements `Publisher`: a queue that can be told to do anything a queue may."""

    clock: FixedClock
    waiting: list[Queued] = field(factory=list)

    def publish(self, messages: Sequence[TaskMessage]) -> Sequence[TaskMessage]:
        self.waiting.extend(Queued(message, self.clock() + message.delay) for message in messages)
        return []

    def visible(self) -> list[Queued]:
        return [queued for queued in self.waiting if queued.visible_at <= self.clock()]


@define
class Flight:
    """Implements `InFlight`: a worker that may die before its calls, or between them and its record."""

    dies: str | None = None

    def __call__(self, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        dies, self.dies = self.dies, None
        if dies == "after the claim":
            raise Killed
        results = [work(item) for item in items]
        if dies == "before the record":
            raise Killed
        return results


@define
class Line:
    """Implements `SmsProvider`. What it took is counted where everybody can see it."""

    name: ProviderName
    machine: DeliveryMachine

    def send(self, message: OutgoingSms) -> None:
        plan = self.machine.plan
        self.machine.behave(plan.popleft() if plan else TAKES, self.name, message.reference)


class DeliveryMachine(RuleBasedStateMachine):
    """Two services, one of which would rather lose a message than send it twice."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock()
        self.database = MemoryDatabase(self.clock)
        self.broker, self.flight = Broker(self.clock), Flight()
        self.plan: deque[str] = deque()
        self.taken: Counter[UUID] = Counter()
        self.carriers: dict[UUID, ProviderName] = {}
        self.told: dict[UUID, Status] = {}
        self.accepted: dict[UUID, WhenInDoubt] = {}
        chances = iter(range(10**9))
        self.notify = build(
            Ports(
                database=self.database,
                publisher=self.broker,
                limiter=MemoryLimiter(),
                sms_providers={name: Line(name, self) for name in (ProviderName.MMG, ProviderName.FIRETEXT)},
                email_providers={},
                documents=MemoryDocuments(),
                files=MemoryFiles(),
                contact_list_files=MemoryFiles(),
                in_flight=self.flight,
                clock=self.clock,
                new_id=SequentialIds(self.clock),
                new_secret=lambda: f"secret {next(chances)}",
                chance=lambda: next(chances) * 0.37 % 1,
                unsubscribe_tokens=MemoryUnsubscribeTokens(),
            ),
            Options(email_domain="notify.example", sms_sender="NOTIFY", rate_limit_enabled=False),
        )
        self.senders = {choice: self._sender(choice) for choice in WhenInDoubt}

    def _sender(self, when_in_doubt: WhenInDoubt) -> SmsRequest:
        service = self.notify.create_service(NewService(name=when_in_doubt.value, when_in_doubt=when_in_doubt))
        template = self.notify.create_template(
            NewTemplate(service_id=service.id, name="Text", channel=Channel.SMS, content="Hi")
        )
        key = self.notify.create_api_key(service.id, "key", KeyType.NORMAL)
        return SmsRequest(key=key, template_id=template.id, phone_number="07700 900123", personalisation={})

    # What happens

    @initialize()
    def begin(self) -> None:
        for choice in WhenInDoubt:
            self.accept(choice)
        self.relay()

    @precondition(lambda self: len(self.accepted) < 4)
    @rule(when_in_doubt=st.sampled_from(WhenInDoubt))
    def accept(self, when_in_doubt: WhenInDoubt) -> None:
        self.accepted[self.notify.send_sms(self.senders[when_in_doubt]).id] = when_in_doubt

    @rule()
    def relay(self) -> None:
        self.notify.relay_outbox()

    @rule(seconds=st.sampled_from([1, 13, 29, 31, 60, 119, 121, 300, 900]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @precondition(lambda self: self.broker.visible())
    @rule(
        data=st.data(),
        plan=st.lists(behaviours, max_size=4),
        dies=st.sampled_from([None, None, None, "after the claim", "before the record"]),
        twice=st.booleans(),
    )
    def work(self, data: st.DataObject, plan: list[str], dies: str | None, twice: bool) -> None:
        """A worker takes any of the messages. The queue may keep it although its task is done."""
        queued = data.draw(st.sampled_from(self.broker.visible()), label="queued")
        if twice:
            self.broker.waiting.append(Queued(queued.message, self.clock()))
        self._work(queued, plan, dies)

    @precondition(lambda self: self.broker.waiting)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """A queue is purged by mistake, or its message ends in the dead-letter queue."""
        self.broker.waiting.remove(data.draw(st.sampled_from(self.broker.waiting), label="lost"))

    @precondition(lambda self: self.taken)
    @rule(
        data=st.data(),
        status=st.sampled_from(["delivered", "failed", "pending"]),
        times=st.integers(1, 2),
    )
    def receive(self, data: st.DataObject, status: str, times: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.taken)), label="of")
        for _ in range(times):
            self._receive(key, status)

    # What is around the core

    def behave(self, behaviour: str, name: ProviderName, key: UUID) -> None:
        """Do with a message what the plan says."""
        if behaviour in FAILURES:
            raise FAILURES[behaviour](behaviour)
        if behaviour == KILLS_BEFORE:
            raise Killed
        if behaviour == IS_SILENT:
            raise ProviderSilent(behaviour)
        if behaviour == STALLS:
            self._overtake(key)
        self.taken[key] += 1
        self.carriers[key] = name
        if behaviour == CONFIRMS_FIRST:
            self._receive(key, "delivered")
        if behaviour == TAKES_AND_IS_SILENT:
            raise ProviderSilent(behaviour)
        if behaviour == KILLS_AFTER:
            raise Killed

    def _overtake(self, key: UUID) -> None:
        """Let the lease run out, and then the doubt, with other workers at each point."""
        for seconds in (31, 121):
            self.clock.advance(timedelta(seconds=seconds))
            self.notify.perform(Task.DELIVER_SMS, [key])

    def _work(self, queued: Queued, plan: Sequence[str] = (), dies: str | None = None) -> None:
        queued.visible_at = self.clock() + timedelta(seconds=60)
        self.plan, self.flight.dies = deque(plan), dies
        try:
            self.notify.perform(queued.message.task, queued.message.subject_ids)
        except Killed:
            return  # it comes back when it becomes visible again
        finally:
            self.plan, self.flight.dies = deque(), None
        if queued in self.broker.waiting:
            self.broker.waiting.remove(queued)

    def _receive(self, key: UUID, status: str) -> None:
        before = self._facts(key).status
        codes = {"delivered": "0", "failed": "1", "pending": "2"}
        after = self.notify.record_sms_receipt(
            SmsReceipt(provider=ProviderName.FIRETEXT, reference=str(key), status=codes[status])
        )
        assert after is not None
        if after.status is not before:
            self.told[key] = after.status

    def _facts(self, key: UUID) -> Notification:
        with self.database.statement() as work:
            found = work.notifications.find_for_receipt(notification_id=key)
        assert found is not None
        return found

    # What must be so

    @invariant()
    def nothing_is_taken_more_often_than_doubts_allow(self) -> None:
        for key, when_in_doubt in self.accepted.items():
            facts = self._facts(key)
            assert self.taken[key] <= 1 + facts.doubts
            if when_in_doubt is WhenInDoubt.FAIL:
                assert self.taken[key] <= 1, "no doubles where none are wanted"

    @invariant()
    def what_a_receipt_said_last_is_so(self) -> None:
        for key, status in self.told.items():
            assert self._facts(key).status is status

    @invariant()
    def what_has_left_us_is_not_being_attempted(self) -> None:
        for key in self.accepted:
            facts = self._facts(key)
            if facts.status is not Status.CREATED:
                assert (facts.attempting_with, facts.in_doubt_until, facts.leased_until) == (None, None, None)
            if facts.in_doubt_until is not None:
                assert facts.doubts > 0

    def teardown(self) -> None:
        """Once nothing goes wrong any more and time passes, nothing is left."""
        for _ in range(40):
            if all(self._is_done(key) for key in self.accepted):
                break
            self.clock.advance(timedelta(minutes=5))
            self.notify.replay_undelivered()
            self.notify.relay_outbox()
            for queued in self.broker.visible():
                self._work(queued)
                self.nothing_is_taken_more_often_than_doubts_allow()
        for key, when_in_doubt in self.accepted.items():
            facts = self._facts(key)
            assert self._is_done(key), f"lost in {facts}"
            if facts.status is not Status.TECHNICAL_FAILURE:
                assert self.taken[key] >= 1
            elif self.told.get(key) is not Status.TECHNICAL_FAILURE:
                assert when_in_doubt is WhenInDoubt.FAIL, "nothing else ends a message that could be sent"
                assert facts.doubts > 0
        self.what_a_receipt_said_last_is_so()

    def _is_done(self, key: UUID) -> bool:
        return self._facts(key).status in COMPLETED | HANDED_OVER | {Status.PENDING}


TestDelivery = DeliveryMachine.TestCase
TestDelivery.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
