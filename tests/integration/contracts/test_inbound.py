"""Numbers that people can text, and the texts that came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.errors import Conflict
from notify_core.identifiers import NewId
from notify_core.inbound.model import InboundNumber, PageOfTexts, ReceivedText
from notify_core.notifications.model import expiry_date
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import ProviderName


@pytest.fixture
def number(stored_service: Service, new_id: NewId) -> InboundNumber:
    return InboundNumber(id=new_id(), number="07900900500", provider=ProviderName.MMG, service_id=stored_service.id)


@pytest.fixture
def receive(database: Database, service: Service, clock: FixedClock, new_id: NewId) -> Any:
    def receive(**more: Any) -> ReceivedText:
        values: dict[str, Any] = {
            "id": new_id(),
            "service_id": service.id,
            "notify_number": "07900900500",
            "user_number": "447900900123",
            "content": "Zoë 🐈\0",
            "provider": ProviderName.MMG,
            "provider_date": clock(),
            "created_at": clock(),
            "expires_on": expiry_date(clock(), 7),
        } | more
        text = ReceivedText(**values)
        with database.statement() as work:
            assert work.inbound.add(text)
        return text

    return receive


def listed(database: Database, service: Service, **more: Any) -> list[ReceivedText]:
    wanted: dict[str, Any] = {"service_id": service.id, "days_kept": 7, "limit": 250} | more
    with database.statement() as work:
        return work.inbound.list_page(PageOfTexts(**wanted))


def test_a_number_comes_back(database: Database, number: InboundNumber, new_id: NewId) -> None:
    spare = InboundNumber(id=new_id(), number="07900900501", provider=ProviderName.FIRETEXT, active=False)
    with database.statement() as work:
        work.inbound.add_number(number)
        work.inbound.add_number(spare)
        assert work.inbound.find_number(number.number) == number
        assert work.inbound.find_number(spare.number) == spare
        assert work.inbound.find_number("447900900500") is None


def test_a_number_is_known_once_and_a_service_has_one(
    database: Database, number: InboundNumber, new_id: NewId
) -> None:
    with database.statement() as work:
        work.inbound.add_number(number)
        work.inbound.add_number(evolve(number, id=new_id(), number="07900900502", service_id=None))
        for twin in (
            evolve(number, id=new_id(), service_id=None),
            evolve(number, id=new_id(), number="07900900503"),
        ):
            with pytest.raises(Conflict):
                work.inbound.add_number(twin)


def test_texts_come_back_newest_first(database: Database, service: Service, receive: Any) -> None:
    texts = [
        receive(),
        receive(provider_reference="1", user_number="PARKING", content=""),
        receive(provider_date=None),
    ]
    assert listed(database, service) == texts[::-1]
    assert listed(database, service, limit=2) == texts[:0:-1]


def test_a_page_begins_after_the_text_named_whoever_has_it(
    database: Database, service: Service, receive: Any, new_id: NewId
) -> None:
    texts = [receive() for _ in range(3)]
    foreign = receive(service_id=new_id())
    assert listed(database, service, older_than=texts[1].id) == [texts[0]]
    assert listed(database, service, older_than=foreign.id) == texts[::-1]
    for unknown in (new_id(), UUID(int=(1 << 128) - 1)):
        assert listed(database, service, older_than=unknown) == []


def test_a_repeated_text_is_kept_once(
    database: Database, service: Service, receive: Any, clock: FixedClock, new_id: NewId
) -> None:
    text = receive(provider_reference="one")
    again = evolve(text, id=new_id(), content="changed")
    with database.statement() as work:
        assert not work.inbound.add(again)
        assert not work.inbound.add(evolve(again, expires_on=text.expires_on + timedelta(days=1)))
        assert work.inbound.add(evolve(again, provider=ProviderName.FIRETEXT))
        assert work.inbound.add(evolve(again, id=new_id(), provider_reference=None))
        assert work.inbound.add(evolve(again, id=new_id(), provider_reference=None))
    assert text in listed(database, service)
    assert len(listed(database, service)) == 4


def test_texts_go_on_the_london_day_they_expire_on(
    database: Database, service: Service, receive: Any, clock: FixedClock
) -> None:
    text = receive()
    clock.now = clock.now.replace(day=28, hour=23, minute=59)
    assert listed(database, service) == [text]
    clock.advance(timedelta(minutes=1))
    assert listed(database, service) == []
    newer = receive()
    assert listed(database, service, older_than=text.id) == []
    assert listed(database, service) == [newer]
