"""A provider goes on taking texts, and delivers them late."""

from __future__ import annotations

import heapq
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from attrs import define, field
from celery.schedules import crontab

from notify_adapters.assembly import Platform
from notify_adapters.encryption import AesGcmCipher
from notify_adapters.memory import (
    FixedClock,
    MemoryDocuments,
    MemoryErrorRates,
    MemoryLimiter,
    MemoryPublisher,
    MemoryUnsubscribeTokens,
)
from notify_adapters.memory.files import MemoryFiles
from notify_adapters.memory.platform import one_after_the_other
from notify_adapters.postgres import PostgresDatabase, ensure_partitions_now, make_engine
from notify_adapters.system import SystemIds
from notify_core.application import Notify, Options, Ports, build
from notify_core.notifications.prepare import SmsRequest
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.providers.balance import RESTING_POINTS
from notify_core.providers.model import OutgoingSms
from notify_core.services.create import NewService
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType, ProviderName
from notify_worker.beat import SCHEDULE
from notify_worker.tasks import JOBS
from tests.integration.contracts.conftest import empty

MMG, FIRETEXT = ProviderName.MMG, ProviderName.FIRETEXT
DELIVERED = {MMG: ("3", "5"), FIRETEXT: ("0", None)}
SOON, LATE = timedelta(seconds=20), timedelta(minutes=8)
TEXTS_A_MINUTE = 15
MINUTE = timedelta(minutes=1)


@define
class Town:
    """Two providers, some texts every minute, and what beat has the workers do every minute."""

    notify: Notify
    clock: FixedClock
    slow: set[ProviderName] = field(factory=set)
    due: list[tuple[datetime, str, ProviderName]] = field(factory=list)
    taken: Counter[ProviderName] = field(factory=Counter)

    def provider(self, name: ProviderName) -> SimpleNamespace:
        """Return a provider that takes everything, and confirms it soon or late."""

        def send(message: OutgoingSms) -> None:
            self.taken[name] += 1
            after = LATE if name in self.slow else SOON
            heapq.heappush(self.due, (self.clock.now + after, str(message.reference), name))

        return SimpleNamespace(send=send)

    def live(self, minutes: int, request: SmsRequest) -> None:
        """Let so many minutes pass."""
        for _ in range(minutes):
            ids = [self.notify.send_sms(request).id for _ in range(TEXTS_A_MINUTE)]
            self.notify.deliver_sms(ids)
            end = self.clock.now + MINUTE
            while self.due and self.due[0][0] <= end:
                self.clock.now, reference, name = heapq.heappop(self.due)
                status, code = DELIVERED[name]
                self.notify.record_sms_receipt(
                    SmsReceipt(provider=name, reference=reference, status=status, code=code)
                )
            self.clock.now = end
            self.beat()

    def beat(self) -> None:
        """Do what is due at this minute, by the names under which beat has it done."""
        platform = cast("Platform", SimpleNamespace(notify=self.notify, ensure_partitions=list))
        jobs = {job.name: job for job in JOBS}
        for entry in SCHEDULE:
            when = crontab.from_string(entry.cron)
            if self.clock.now.minute in when.minute and self.clock.now.hour in when.hour:
                jobs[entry.task or entry.name].work(platform)

    def priorities(self) -> dict[ProviderName, int]:
        """Return the SMS providers' priorities."""
        standings = self.notify.list_providers()
        return {one.provider.name: one.provider.priority for one in standings if one.provider.channel is Channel.SMS}


@pytest.fixture
def town(postgres_url: str) -> Iterator[Town]:
    clock = FixedClock()
    engine = make_engine(postgres_url, pool_size=3, statement_timeout_ms=20_000, application_name="incident")
    ensure_partitions_now(engine, clock.now)
    empty(engine)
    providers: dict[ProviderName, SimpleNamespace] = {}
    ports = Ports(
        database=PostgresDatabase(engine, AesGcmCipher({"test": b"k" * 32}), clock),
        publisher=MemoryPublisher(clock),
        limiter=MemoryLimiter(),
        sms_providers={},
        email_providers={},
        documents=MemoryDocuments(),
        files=MemoryFiles(),
        contact_list_files=MemoryFiles(),
        in_flight=one_after_the_other,
        clock=clock,
        new_id=SystemIds(clock),
        new_secret=lambda: str(uuid.uuid4()),
        chance=random.Random(20261121).random,
        unsubscribe_tokens=MemoryUnsubscribeTokens(),
        error_rates=MemoryErrorRates(),
    )
    notify = build(ports, Options(email_domain="notify.example", sms_sender="NOTIFY", rate_limit_enabled=False))
    made = Town(notify, clock)
    providers |= {name: made.provider(name) for name in (MMG, FIRETEXT)}
    notify.deliver_sms.carriers.sms.update(providers)
    yield made
    empty(engine)
    engine.dispose()


@pytest.fixture
def request_for_text(town: Town) -> SmsRequest:
    service = town.notify.create_service(NewService(name="Bins", rate_limit=3000))
    template = town.notify.create_template(
        NewTemplate(service_id=service.id, name="Text", channel=Channel.SMS, content="Bins go out today")
    )
    key = town.notify.create_api_key(service.id, "key", KeyType.NORMAL)
    return SmsRequest(key=key, template_id=template.id, phone_number="07700 900123", personalisation={})


def test_texts_move_away_from_a_slow_provider_and_come_back(town: Town, request_for_text: SmsRequest) -> None:
    """A provider once took eight minutes for each text, without a single error, and kept half of them.

    Within minutes fewer texts must go there, and ever fewer while it lasts. When it has recovered, the shares must go
    back to 51 and 49 by themselves, and the history must tell what happened.
    """
    town.live(16, request_for_text)
    assert town.priorities() == RESTING_POINTS

    town.slow.add(MMG)
    town.live(9, request_for_text)
    assert town.priorities() == {MMG: 41, FIRETEXT: 59}
    town.live(11, request_for_text)
    assert town.priorities() == {MMG: 21, FIRETEXT: 79}
    town.taken.clear()
    town.live(5, request_for_text)
    assert town.taken[MMG] < town.taken[FIRETEXT] / 2

    town.slow.clear()
    town.live(90, request_for_text)
    assert town.priorities() == RESTING_POINTS

    story = [(one.priority, one.reason) for one in town.notify.find_provider_history(MMG)][::-1]
    lowest = min(range(len(story)), key=lambda number: story[number][0])
    assert story[0] == (51, None)
    assert {reason for _, reason in story[1 : lowest + 1]} == {"Reduced due to reduced reliability"}
    assert {reason for _, reason in story[lowest + 1 :]} == {"Adjusted back to resting point"}
    assert [priority for priority, _ in story[: lowest + 1]] == [51 - 10 * step for step in range(lowest + 1)]
    moments = [one.updated_at for one in town.notify.find_provider_history(MMG) if one.updated_at is not None]
    assert moments == sorted(moments, reverse=True)


def test_when_every_provider_is_slow_nothing_moves(town: Town, request_for_text: SmsRequest) -> None:
    """The networks once were slow for everybody: moving texts about would have helped nobody."""
    town.slow |= {MMG, FIRETEXT}
    town.live(20, request_for_text)
    assert town.priorities() == RESTING_POINTS
    [latest, *_] = town.notify.list_sms_delivery_statistics()
    assert all(figures.slowness.share == 1 for figures in latest)


def test_a_night_without_texts_moves_nothing(town: Town, request_for_text: SmsRequest) -> None:
    """A few late texts in a quiet night once made a provider look slow, and the idle one beside it fast."""
    town.slow.add(MMG)
    town.live(1, request_for_text)
    for _ in range(20):
        town.clock.advance(MINUTE)
        town.beat()
    assert town.priorities() == RESTING_POINTS
