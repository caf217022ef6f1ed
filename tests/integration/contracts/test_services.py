from __future__ import annotations

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.errors import Conflict
from notify_core.identifiers import NewId
from notify_core.services.model import MessageLimits, Permission, ReplyTo, Service, SmsSender
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel


def with_everything(service: Service, new_id: NewId) -> Service:
    return evolve(
        service,
        active=False,
        restricted=True,
        prefix_sms=True,
        permissions=frozenset({Permission.EMAIL, Permission.SMS_TO_UK_LANDLINES}),
        custom_email_sender_name="Badges & co",
        contact_link="https://example.com/badge",
        rate_limit=1,
        limits=MessageLimits(sms=1, email=2, letter=3, international_sms=4),
        retention_days={Channel.SMS: 3, Channel.LETTER: 90},
        guest_list=frozenset({"447700900123", "jo@example.com"}),
        sms_senders=tuple(SmsSender(id=new_id(), text=f"S{n}", is_default=n == 1) for n in (2, 1, 3)),
        reply_tos=tuple(ReplyTo(id=new_id(), address=f"{n}@example.com", is_default=n == 3) for n in (2, 3, 1)),
    )


def test_a_service_comes_back_whole(database: Database, service: Service, new_id: NewId) -> None:
    whole = with_everything(service, new_id)
    with database.statement() as work:
        work.services.add(whole)
        assert work.services.find(whole.id) == whole


def test_a_plain_service_comes_back_plain(database: Database, stored_service: Service) -> None:
    with database.statement() as work:
        assert work.services.find(stored_service.id) == stored_service


def test_there_is_no_unknown_service(database: Database, new_id: NewId) -> None:
    with database.statement() as work:
        assert work.services.find(new_id()) is None


@pytest.mark.parametrize("name", ["Blue Badge", "blue  badge", "Blué Badge", "blue.badge"])
def test_two_services_may_not_read_the_same(
    database: Database, stored_service: Service, new_id: NewId, clock: FixedClock, name: str
) -> None:
    other = with_everything(Service(id=new_id(), name=name, created_at=clock()), new_id)
    with database.begin() as work:
        with pytest.raises(Conflict) as refusal:
            work.services.add(other)
        assert str(refusal.value) == (f"name: there is a service called {name!r} already, or one that reads the same")
        assert work.services.find(other.id) is None
        assert work.services.find(stored_service.id) == stored_service
        work.commit()


def test_services_are_listed_by_name(database: Database, new_id: NewId, clock: FixedClock) -> None:
    names = ["b", "a", "Z", "é", "_", "ab"]
    with database.begin() as work:
        for name in names:
            work.services.add(Service(id=new_id(), name=name, created_at=clock()))
        work.commit()
    with database.statement() as work:
        assert [service.name for service in work.services.list_all()] == sorted(names)
