"""A platform on PostgreSQL that calls real servers back; its clock is moved, and its queues are served, by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from attrs import define
from sqlalchemy import Engine

from notify_adapters.callbacks import HttpCaller
from notify_adapters.memory import (
    FixedClock,
    MemoryDocuments,
    MemoryEmailProvider,
    MemoryLimiter,
    MemoryPublisher,
    MemorySmsProvider,
    MemoryUnsubscribeTokens,
)
from notify_adapters.memory.files import MemoryFiles
from notify_adapters.postgres import PostgresDatabase, ensure_partitions_now, make_engine
from notify_adapters.system import SystemIds, Threads
from notify_core.api_keys.model import ApiKey
from notify_core.application import Notify, Options, Ports, build
from notify_core.callbacks.manage import NewEndpoint
from notify_core.callbacks.model import Callback, CallbackKind, CallbackSearch, Endpoint
from notify_core.notifications.prepare import SmsRequest
from notify_core.outbox.model import Queue
from notify_core.services.create import NewService
from notify_core.services.model import Service
from notify_core.templates.model import Template
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.contracts.conftest import CIPHER, empty


@define
class CallingBack:
    """A service that sends with a test key, so that its messages are delivered at once, and hears of it."""

    notify: Notify
    engine: Engine
    clock: FixedClock
    publisher: MemoryPublisher
    service: Service
    template: Template
    key: ApiKey

    def listen(self, url: str) -> Endpoint:
        """Have the service called back there."""
        wanted = NewEndpoint(
            service_id=self.service.id, url=url, bearer_token="long-enough", kinds=frozenset(CallbackKind)
        )
        endpoint = self.notify.add_endpoint(wanted)
        self.notify.directory.forget()
        return endpoint

    def text(self) -> UUID:
        """Send a text."""
        request = SmsRequest(key=self.key, template_id=self.template.id, phone_number="07700 900123")
        return self.notify.send_sms(request).id

    def serve(self, *queues: Queue) -> None:
        """Do all that is on these queues, or on all of them, and what follows from it. The rest stays there."""
        left = []
        while True:
            while self.notify.relay_outbox().published:
                pass
            message = self.publisher.receive()
            if message is None:
                break
            if queues and message.queue not in queues:
                left.append(message)
                continue
            self.notify.perform(message.task, message.subject_ids)
        self.publisher.publish(left)

    def callbacks(self, **more: Any) -> list[Callback]:
        """Return all that the service is to hear."""
        return self.notify.list_callbacks(CallbackSearch(limit=10_000, service_id=self.service.id, **more))


@contextmanager
def calling_back(postgres_url: str, *, pool_size: int = 5, in_flight: int = 25) -> Iterator[CallingBack]:
    """Build it on an empty database, with a pool of so many connections and calls at once."""
    engine = make_engine(postgres_url, pool_size=pool_size, statement_timeout_ms=20_000, application_name="incident")
    clock = FixedClock()
    ensure_partitions_now(engine, clock.now)
    empty(engine)
    database = PostgresDatabase(engine, CIPHER, clock)
    publisher, threads, caller = MemoryPublisher(clock), Threads(in_flight), HttpCaller(loopback_allowed=True)
    notify = build(
        Ports(
            database=database,
            publisher=publisher,
            limiter=MemoryLimiter(),
            sms_providers={ProviderName.MMG: MemorySmsProvider()},
            email_providers={ProviderName.SES: MemoryEmailProvider()},
            documents=MemoryDocuments(),
            files=MemoryFiles(),
            contact_list_files=MemoryFiles(),
            in_flight=threads,
            clock=clock,
            new_id=SystemIds(clock),
            new_secret=lambda: str(uuid4()),
            chance=lambda: 0.5,
            unsubscribe_tokens=MemoryUnsubscribeTokens(),
            caller=caller,
        ),
        Options(
            email_domain="notify.example",
            sms_sender="NOTIFY",
            rate_limit_enabled=False,
            lease=timedelta(seconds=30),
            callbacks_to_loopback=True,
        ),
    )
    service = notify.create_service(NewService(name="Bins"))
    yield CallingBack(
        notify=notify,
        engine=engine,
        clock=clock,
        publisher=publisher,
        service=service,
        template=notify.create_template(
            NewTemplate(service_id=service.id, name="Text", channel=Channel.SMS, content="Bins go out today")
        ),
        key=notify.create_api_key(service.id, "test", KeyType.TEST),
    )
    threads.close()
    caller.close()
    empty(engine)
    engine.dispose()
