"""A platform on a real PostgreSQL, with providers that are told what to do and count what they took.

Every worker has a platform of its own, as each process has. They share the database, the clock and the queue.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from uuid import UUID

from attrs import define, field

from notify_adapters.encryption import AesGcmCipher
from notify_adapters.memory import FixedClock, MemoryDocuments, MemoryPublisher, MemoryUnsubscribeTokens
from notify_adapters.memory.files import MemoryFiles
from notify_adapters.memory.limiter import MemoryLimiter
from notify_adapters.postgres import PostgresDatabase, ensure_partitions_now, make_engine
from notify_adapters.system import Threads
from notify_core.application import Notify, Options, Ports, build
from notify_core.identifiers import uuid7
from notify_core.notifications.model import Notification
from notify_core.notifications.prepare import SmsRequest
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.providers.model import OutgoingSms
from notify_core.services.create import NewService
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType, ProviderName

CIPHER = AesGcmCipher({"2026-11": b"k" * 32})
MMG, FIRETEXT = ProviderName.MMG, ProviderName.FIRETEXT


def _nothing(_: OutgoingSms) -> None:
    pass


@define
class Phones:
    """Implements `SmsProvider`. `before` is called with each text first, and may raise."""

    calls: int = 0
    taken: Counter[UUID] = field(factory=Counter)
    before: Callable[[OutgoingSms], None] = _nothing
    _lock: Lock = field(factory=Lock)

    def send(self, message: OutgoingSms) -> None:
        """Take the text, unless `before` raises."""
        with self._lock:
            self.calls += 1
        self.before(message)
        with self._lock:
            self.taken[message.reference] += 1


@define
class PostOffice:
    """One database and queue, and as many workers as are asked for."""

    url: str
    clock: FixedClock = field(factory=FixedClock)
    phones: Phones = field(factory=Phones)
    publisher: MemoryPublisher = field(init=False)
    _closers: list[Callable[[], None]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.publisher = MemoryPublisher(self.clock)

    def worker(self) -> Notify:
        """Return the platform of another process."""
        engine = make_engine(self.url, pool_size=5, statement_timeout_ms=20_000, application_name="incident")
        threads = Threads(25)
        self._closers += [threads.close, engine.dispose]
        ensure_partitions_now(engine, self.clock.now)
        return build(
            Ports(
                database=PostgresDatabase(engine, CIPHER, self.clock),
                publisher=self.publisher,
                limiter=MemoryLimiter(),
                sms_providers={MMG: self.phones, FIRETEXT: self.phones},
                email_providers={},
                documents=MemoryDocuments(),
                files=MemoryFiles(),
                contact_list_files=MemoryFiles(),
                in_flight=threads,
                clock=self.clock,
                new_id=lambda: uuid7(self.clock(), int.from_bytes(os.urandom(9)) >> 1),
                new_secret=lambda: os.urandom(16).hex(),
                chance=lambda: int.from_bytes(os.urandom(4)) / 2**32,
                unsubscribe_tokens=MemoryUnsubscribeTokens(),
            ),
            Options(email_domain="notify.example", sms_sender="NOTIFY", rate_limit_enabled=False),
        )

    def accept(self, notify: Notify, how_many: int = 1) -> list[UUID]:
        """Accept so many texts of a new service."""
        service = notify.create_service(NewService(name=f"Service {os.urandom(8).hex()}"))
        template = notify.create_template(
            NewTemplate(service_id=service.id, name="Text", channel=Channel.SMS, content="Hi")
        )
        key = notify.create_api_key(service.id, "key", KeyType.NORMAL)
        request = SmsRequest(key=key, template_id=template.id, phone_number="07700 900123", personalisation={})
        return [notify.send_sms(request).id for _ in range(how_many)]

    def run(self, notify: Notify) -> None:
        """Do all background work that is due."""
        while notify.relay_outbox().published:
            pass
        while (message := self.publisher.receive()) is not None:
            notify.perform(message.task, message.subject_ids)
            while notify.relay_outbox().published:
                pass

    def confirm(self, notify: Notify, key: UUID) -> None:
        """Let the provider report that the text has arrived."""
        assert notify.record_sms_receipt(SmsReceipt(provider=MMG, reference=str(key), status="3", code="5"))

    def facts(self, notify: Notify, key: UUID) -> Notification:
        """Return what is known of a message."""
        with notify.find_notification.database.begin() as work:
            found = work.notifications.find_for_receipt(notification_id=key)
        assert found is not None
        return found

    def close(self) -> None:
        """Let go of everything."""
        for close in self._closers:
            close()


@contextmanager
def a_post_office(url: str) -> Iterator[PostOffice]:
    """Open one that has nothing to do yet, and close it in the end."""
    office = PostOffice(url)
    engine = make_engine(url, pool_size=1, statement_timeout_ms=20_000, application_name="incident")
    with engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM outbox")  # of other tests, which share the database
    engine.dispose()
    try:
        yield office
    finally:
        office.close()
