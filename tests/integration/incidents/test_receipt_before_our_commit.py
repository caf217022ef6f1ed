"""A provider's receipt comes before we have committed that the provider has the message.

What once happened: receipts often come back within milliseconds, while the worker that called the provider is still
at its batch. A text's receipt found the message `created`, an email's found none by that reference: both were thrown
away, and the messages stayed in `sending` until they timed out, though they had been delivered.

What must be so: the receipt decides, whichever comes first, and even if our own commit never comes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from attrs import define, field, frozen
from sqlalchemy import Engine

from notify_adapters.encryption import AesGcmCipher
from notify_adapters.memory import MemoryDocuments, MemoryLimiter, MemoryPublisher, MemoryUnsubscribeTokens
from notify_adapters.memory.files import MemoryFiles
from notify_adapters.postgres import PostgresDatabase, ensure_partitions_now, make_engine
from notify_adapters.system import SystemClock, SystemIds, Threads
from notify_core.application import Notify, Options, Ports, build
from notify_core.notifications.model import Notification
from notify_core.notifications.prepare import EmailRequest, SmsRequest
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.notifications.status import Status
from notify_core.outbox.model import Task
from notify_core.providers.model import OutgoingEmail, OutgoingSms
from notify_core.providers.ses_events import SesEvent
from notify_core.services.create import NewService
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType, ProviderName


class Killed(BaseException):
    """The process ends here: nothing after this is done, not even what catches every Exception."""


@define
class Hasty:
    """Providers of texts and emails whose receipts come before their answers."""

    when_taken: Callable[[str], object] = field(default=lambda _: None)
    taken: list[str] = field(factory=list)
    kills: bool = False

    def send(self, message: OutgoingSms | OutgoingEmail) -> str:
        reference = str(message.reference)
        self.taken.append(reference)
        self.when_taken(reference)
        if self.kills:
            raise Killed
        return self.name_of(reference)

    @staticmethod
    def name_of(reference: str) -> str:
        """Return the provider's own id of an email."""
        return f"ses-{reference}"


@frozen
class HastyTexts:
    """The same as a provider of texts, which has no ids of its own."""

    hasty: Hasty

    def send(self, message: OutgoingSms) -> None:
        self.hasty.send(message)


@frozen(kw_only=True)
class Scene:
    """The platform on a real database, and a provider that is told when to send receipts."""

    notify: Notify
    database: PostgresDatabase
    provider: Hasty

    def accept(self, channel: Channel) -> uuid.UUID:
        service = self.notify.create_service(NewService(name=f"Bins {uuid.uuid4()}"))
        key = self.notify.create_api_key(service.id, "key", KeyType.NORMAL)
        subject = "Bins" if channel is Channel.EMAIL else None
        template = self.notify.create_template(
            NewTemplate(service_id=service.id, name="Bin day", channel=channel, subject=subject, content="Tomorrow")
        )
        if channel is Channel.EMAIL:
            email = EmailRequest(key=key, template_id=template.id, email_address="jo@example.com", personalisation={})
            return self.notify.send_email(email).id
        text = SmsRequest(key=key, template_id=template.id, phone_number="07700900123", personalisation={})
        return self.notify.send_sms(text).id

    def deliver(self, channel: Channel, notification_id: uuid.UUID) -> None:
        task = Task.DELIVER_EMAIL if channel is Channel.EMAIL else Task.DELIVER_SMS
        self.notify.perform(task, [notification_id])

    def facts(self, notification_id: uuid.UUID) -> Notification:
        with self.database.begin() as work:
            found = work.notifications.find_for_receipt(notification_id=notification_id)
        assert found is not None
        return found

    def text_receipt(self, reference: str) -> None:
        self.notify.record_sms_receipt(SmsReceipt(provider=ProviderName.MMG, reference=reference, status="3"))

    def email_receipt(self, reference: str, *, names_us: bool) -> None:
        event = SesEvent(
            reference=Hasty.name_of(reference),
            status=Status.DELIVERED,
            occurred_at=None,
            notification_id=uuid.UUID(reference) if names_us else None,
        )
        self.notify.record_email_receipt(event)


@pytest.fixture(scope="module")
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = make_engine(postgres_url, pool_size=5, statement_timeout_ms=10_000, application_name="incidents")
    ensure_partitions_now(engine, SystemClock()())
    yield engine
    engine.dispose()


@pytest.fixture
def scene(engine: Engine) -> Iterator[Scene]:
    clock, provider, threads = SystemClock(), Hasty(), Threads(2)
    database = PostgresDatabase(engine, AesGcmCipher({"test": b"k" * 32}), clock)
    ports = Ports(
        database=database,
        publisher=MemoryPublisher(clock),
        limiter=MemoryLimiter(),
        sms_providers={ProviderName.MMG: HastyTexts(provider), ProviderName.FIRETEXT: HastyTexts(provider)},
        email_providers={ProviderName.SES: provider},
        documents=MemoryDocuments(),
        files=MemoryFiles(),
        contact_list_files=MemoryFiles(),
        in_flight=threads,
        clock=clock,
        new_id=SystemIds(clock),
        new_secret=lambda: str(uuid.uuid4()),
        chance=lambda: 0.0,
        unsubscribe_tokens=MemoryUnsubscribeTokens(),
    )
    options = Options(email_domain="notify.example", sms_sender="NOTIFY", api_root="https://api.notify.example")
    yield Scene(notify=build(ports, options), database=database, provider=provider)
    threads.close()


def test_a_text_is_delivered_by_a_receipt_that_overtook_us(scene: Scene) -> None:
    scene.provider.when_taken = scene.text_receipt
    text = scene.accept(Channel.SMS)
    scene.deliver(Channel.SMS, text)
    facts = scene.facts(text)
    assert (facts.status, facts.sent_at is not None, facts.billable_units) == (Status.DELIVERED, True, 1)
    assert facts.sent_by in {ProviderName.MMG, ProviderName.FIRETEXT}


@pytest.mark.parametrize("names_us", [True, False], ids=["names us", "names SES's id alone"])
def test_an_email_is_delivered_by_a_receipt_that_overtook_us(scene: Scene, names_us: bool) -> None:
    scene.provider.when_taken = lambda reference: scene.email_receipt(reference, names_us=names_us)
    email = scene.accept(Channel.EMAIL)
    scene.deliver(Channel.EMAIL, email)
    facts = scene.facts(email)
    assert (facts.status, facts.sent_by, facts.sent_at is not None) == (Status.DELIVERED, ProviderName.SES, True)
    assert facts.reference == Hasty.name_of(str(email))


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
def test_the_receipt_settles_it_when_our_commit_never_comes(scene: Scene, channel: Channel) -> None:
    def receipt(reference: str) -> None:
        if channel is Channel.EMAIL:
            scene.email_receipt(reference, names_us=True)
        else:
            scene.text_receipt(reference)

    scene.provider.when_taken = receipt
    scene.provider.kills = True
    message = scene.accept(channel)
    with pytest.raises(Killed):
        scene.deliver(channel, message)
    assert scene.facts(message).status is Status.DELIVERED
    scene.provider.kills = False
    scene.deliver(channel, message)
    assert scene.provider.taken == [str(message)], "delivered again from the queue, it is not sent again"
    facts = scene.facts(message)
    assert (facts.status, facts.leased_until) == (Status.DELIVERED, None)
    if channel is Channel.EMAIL:
        assert facts.reference == Hasty.name_of(str(message))
