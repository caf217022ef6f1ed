"""What stays in a message's timeline: the whole way of a message on memory and on PostgreSQL, row by row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import (
    FixedClock,
    MemoryDocuments,
    MemoryEmailProvider,
    MemoryFiles,
    MemoryPublisher,
    MemorySmsProvider,
    MemoryUnsubscribeTokens,
)
from notify_adapters.memory.limiter import MemoryLimiter
from notify_adapters.memory.platform import one_after_the_other
from notify_core.application import Notify, Options, Ports, build
from notify_core.errors import NotFound
from notify_core.identifiers import NewId
from notify_core.notifications.model import Message
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Event, EventKind, received
from notify_core.outbox.model import Task
from notify_core.providers.model import OutgoingEmail, OutgoingSms, ProviderFailed, ProviderRefused
from notify_core.providers.ses_events import SesEvent
from notify_core.retries import RetryPolicy
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.contracts.conftest import LEASE, Accept, MakeTemplate

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DUPLICATE = SmsReceipt(provider=ProviderName.MMG, reference="", status="3", code="5")


class World:
    """A whole platform on one of the databases, in which every step takes a second."""

    def __init__(self, database: Database, clock: FixedClock, new_id: NewId, template: Template) -> None:
        self.database, self.clock, self.template = database, clock, template
        self.phones, self.inboxes = MemorySmsProvider(), MemoryEmailProvider()
        self.publisher = MemoryPublisher(clock)
        with database.begin() as work:
            work.templates.save(template)
            work.commit()
        retries = RetryPolicy(retries=2, delay=MINUTE, first_delay=MINUTE)
        self.notify: Notify = build(
            Ports(
                database=database,
                publisher=self.publisher,
                limiter=MemoryLimiter(),
                sms_providers={ProviderName.MMG: self.phones},
                email_providers={ProviderName.SES: self.inboxes},
                documents=MemoryDocuments(),
                files=MemoryFiles(),
                contact_list_files=MemoryFiles(),
                in_flight=one_after_the_other,
                clock=clock,
                new_id=new_id,
                new_secret=lambda: "secret",
                chance=lambda: 0.99,  # the last by name: MMG
                unsubscribe_tokens=MemoryUnsubscribeTokens(),
            ),
            Options(email_domain="notify.example", sms_sender="NOTIFY", sms_retries=retries, email_retries=retries),
        )

    def relay(self) -> None:
        self.clock.advance(SECOND)
        self.notify.relay_outbox()

    def work(self) -> None:
        """Do what is on the queues now."""
        self.clock.advance(SECOND)
        while (message := self.publisher.receive()) is not None:
            self.notify.perform(message.task, message.subject_ids)

    def receive(self, key: UUID, status: str = "3", code: str | None = "5") -> None:
        self.clock.advance(SECOND)
        self.notify.record_sms_receipt(evolve(DUPLICATE, reference=str(key), status=status, code=code))

    def told(self, message: Message) -> list[tuple[float, str, int | None, str | None, str | None, str | None]]:
        """Return the timeline: seconds since it was accepted, then what the event says."""
        start = message.notification.created_at
        events = self.notify.find_timeline(message.notification.service_id, message.notification.id)
        return [
            (
                (event.at - start).total_seconds(),
                event.kind.value,
                event.attempt,
                event.provider and event.provider.value,
                event.status and event.status.value,
                event.detail,
            )
            for event in events
        ]


AcceptFor = Callable[..., Message]


@pytest.fixture
def world(database: Database, clock: FixedClock, new_id: NewId, make_template: MakeTemplate) -> World:
    return World(database, clock, new_id, make_template())


@pytest.fixture
def send(world: World, accept: Accept) -> AcceptFor:
    return lambda **more: accept(template_id=world.template.id, template_version=1, **more)


ACCEPTED = (0, "accepted", None, None, None, None)
QUEUED = (1, "queued", None, None, None, None)


def test_a_text_is_accepted_queued_attempted_handed_over_and_delivered(world: World, send: AcceptFor) -> None:
    message = send()
    world.relay()
    world.work()
    world.receive(message.notification.id)
    assert world.told(message) == [
        ACCEPTED,
        QUEUED,
        (2, "attempted", 1, "mmg", None, None),
        (2, "handed-over", 1, "mmg", "sending", None),
        (3, "receipt", None, "mmg", "delivered", "Delivered to handset"),
    ]


def test_an_attempt_that_fails_is_postponed_and_the_next_one_succeeds(world: World, send: AcceptFor) -> None:
    message = send()
    world.phones.failures.append(ProviderFailed("SMS client error (Request failed)"))
    world.relay()
    world.work()
    world.relay()
    world.clock.advance(MINUTE)
    world.work()
    assert world.told(message) == [
        ACCEPTED,
        QUEUED,
        (2, "attempted", 1, "mmg", None, None),
        (2, "postponed", 1, "mmg", None, "SMS client error (Request failed)"),
        (64, "attempted", 2, "mmg", None, None),
        (64, "handed-over", 2, "mmg", "sending", None),
    ]


def test_a_message_is_given_up_after_its_last_attempt(world: World, send: AcceptFor) -> None:
    message = send()
    world.phones.failures.extend(ProviderFailed("no") for _ in range(3))
    for _ in range(4):
        world.relay()
        world.clock.advance(MINUTE - 2 * SECOND)
        world.work()
    assert world.told(message) == [
        ACCEPTED,
        QUEUED,
        (60, "attempted", 1, "mmg", None, None),
        (60, "postponed", 1, "mmg", None, "no"),
        (120, "attempted", 2, "mmg", None, None),
        (120, "postponed", 2, "mmg", None, "no"),
        (180, "attempted", 3, "mmg", None, None),
        (180, "failed", 3, "mmg", "technical-failure", "no"),
    ]


def test_what_a_provider_refuses_has_failed_at_once(world: World, send: AcceptFor) -> None:
    message = send()
    world.phones.failures.append(ProviderRefused("x" * 300))
    world.notify.perform(Task.DELIVER_SMS, [message.notification.id])
    assert world.told(message)[-1] == (0, "failed", 1, "mmg", "technical-failure", "x" * 200)


def test_a_second_claim_of_what_is_being_sent_is_no_attempt(world: World, send: AcceptFor) -> None:
    message = send()
    ids = [message.notification.id]
    with world.database.statement() as work:
        for _ in range(2):
            work.notifications.claim(ids, now=world.clock(), until=world.clock() + LEASE)
    world.notify.perform(Task.DELIVER_SMS, ids)  # finds it busy, and promises to look again
    world.relay()
    assert world.told(message) == [ACCEPTED, (0, "attempted", 1, None, None, None), QUEUED]
    world.clock.advance(LEASE)
    world.work()
    assert [event[1:3] for event in world.told(message)[3:]] == [("attempted", 2), ("handed-over", 2)]


def test_a_receipt_can_come_before_the_record_of_the_handover(world: World, send: AcceptFor) -> None:
    message = send()

    def confirm(message: OutgoingSms) -> None:
        world.receive(message.reference)
        world.clock.advance(SECOND)

    world.phones.send = confirm  # type: ignore[method-assign]
    world.notify.perform(Task.DELIVER_SMS, [message.notification.id])
    assert world.told(message) == [
        ACCEPTED,
        (0, "attempted", 1, "mmg", None, None),
        (1, "receipt", None, "mmg", "delivered", "Delivered to handset"),
        (2, "handed-over", 1, "mmg", "sending", None),
    ]


def test_a_receipt_that_waited_is_told_when_it_came(world: World, send: AcceptFor) -> None:
    message = send(channel=Channel.EMAIL)
    put = world.inboxes.send

    def confirm(message: OutgoingEmail) -> str:
        reference = put(message)
        world.clock.advance(SECOND)
        event = SesEvent(reference=reference, status=Status.DELIVERED, occurred_at=None)
        assert world.notify.record_email_receipt(event) is None
        world.clock.advance(SECOND)
        return reference

    world.inboxes.send = confirm  # type: ignore[method-assign]
    world.notify.perform(Task.DELIVER_EMAIL, [message.notification.id])
    assert world.told(message) == [
        ACCEPTED,
        (0, "attempted", 1, "ses", None, None),
        (1, "receipt", None, "ses", "delivered", None),
        (2, "handed-over", 1, "ses", "sending", None),
    ]


def test_receipts_that_change_nothing_are_shown_as_such_and_not_without_end(world: World, send: AcceptFor) -> None:
    message = send()
    world.notify.perform(Task.DELIVER_SMS, [message.notification.id])
    world.receive(message.notification.id)
    world.receive(message.notification.id)
    world.receive(message.notification.id, "4", "6")
    assert world.told(message)[3:] == [
        (1, "receipt", None, "mmg", "delivered", "Delivered to handset"),
        (2, "receipt-ignored", None, "mmg", "delivered", "Delivered to handset"),
        (3, "receipt-ignored", None, "mmg", "temporary-failure", "Absent Subscriber"),
    ]
    for _ in range(30):
        world.receive(message.notification.id)
    assert len(world.told(message)) == 4 + 20


def test_a_test_keys_message_is_told_to_be_simulated(world: World, send: AcceptFor) -> None:
    message = send(key_type=KeyType.TEST)
    world.notify.perform(Task.DELIVER_SMS, [message.notification.id])
    for _ in range(2):
        world.clock.advance(SECOND)
        world.notify.perform(Task.SIMULATE_RECEIPT, [message.notification.id])
    assert world.told(message) == [
        ACCEPTED,
        (0, "attempted", 1, "mmg", None, None),
        (0, "handed-over", 1, "mmg", "sending", "simulated: sent with a test key"),
        (1, "receipt", None, "mmg", "delivered", "simulated: sent with a test key"),
    ]


def test_facts_tell_of_schedules_and_of_being_cancelled(world: World, send: AcceptFor) -> None:
    now = world.clock()
    message = send(scheduled_for=now + MINUTE, status=Status.CANCELLED, updated_at=now + SECOND)
    assert world.told(message) == [
        ACCEPTED,
        (0, "scheduled", None, None, None, "for 2026-11-21T12:01:00.000000Z"),
        (1, "cancelled", None, None, "cancelled", None),
    ]


def test_every_field_of_an_event_comes_back(world: World, send: AcceptFor) -> None:
    message = send()
    events = [
        Event(at=world.clock() + SECOND, kind=kind, attempt=2, provider=provider, status=Status.SENT, detail="é")
        for kind in EventKind
        for provider in ProviderName
    ]
    with world.database.begin() as work:
        for event in events:
            work.notifications.save(message.notification, event)
        work.commit()
        found = work.notifications.find_timeline(message.notification.service_id, message.notification.id)
    assert found is not None
    assert found.notification == message.notification
    assert set(found.stored) == set(events)


def test_a_timeline_is_its_services_alone_and_goes_with_the_contents(
    world: World, send: AcceptFor, new_id: NewId
) -> None:
    message = send()
    key, service = message.notification.id, message.notification.service_id
    for unknown in ((service, new_id()), (new_id(), key)):
        with pytest.raises(NotFound):
            world.notify.find_timeline(*unknown)
    world.clock.now = world.clock.now.replace(day=29, hour=0)
    with pytest.raises(NotFound):
        world.notify.find_timeline(service, key)


def test_nothing_is_added_once_the_contents_have_expired(world: World, send: AcceptFor) -> None:
    message = send()
    accepted = world.clock.now
    world.clock.now = accepted.replace(day=29, hour=0)
    event = received(Status.DELIVERED, at=world.clock(), provider=ProviderName.MMG)
    with world.database.begin() as work:
        work.notifications.save(message.notification, event)
        work.notifications.add_event(message.notification, event, at_most=9)
        work.commit()
    world.relay()
    world.work()
    world.clock.now = accepted
    assert world.told(message) == [ACCEPTED]


def test_what_is_rolled_back_did_not_happen(world: World, send: AcceptFor) -> None:
    message = send()
    with world.database.begin() as work:
        event = received(Status.DELIVERED, at=world.clock(), provider=ProviderName.MMG)
        work.notifications.save(message.notification, event)
        work.notifications.add_event(message.notification, event, at_most=9)
    assert world.told(message) == [ACCEPTED]
