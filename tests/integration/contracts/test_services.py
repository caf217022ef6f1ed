from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.errors import Conflict, NotFound
from notify_core.identifiers import NewId
from notify_core.services.model import (
    MessageLimits,
    OrganisationType,
    Permission,
    ReplyTo,
    Service,
    SmsSender,
    WhenInDoubt,
    archived_name,
)
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
        when_in_doubt=WhenInDoubt.FAIL,
        organisation_type=OrganisationType.NHS_GP,
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


def test_a_service_is_replaced(database: Database, stored_service: Service, new_id: NewId) -> None:
    whole = evolve(with_everything(stored_service, new_id), name="Parking")
    with database.statement() as work:
        work.services.save(whole)
        assert work.services.find(whole.id) == whole
        work.services.save(stored_service)
        assert work.services.find(whole.id) == stored_service


def test_senders_keep_their_ids_when_they_change_places(
    database: Database, stored_service: Service, new_id: NewId
) -> None:
    before = with_everything(stored_service, new_id)
    after = evolve(
        before,
        sms_senders=(*before.sms_senders[::-1], SmsSender(id=new_id(), text="New", is_default=False)),
        reply_tos=before.reply_tos[1:],
        guest_list=frozenset({"jo@example.com", "sam@example.com"}),
        retention_days={Channel.SMS: 5, Channel.EMAIL: 3},
    )
    with database.statement() as work:
        work.services.save(before)
        work.services.save(after)
        assert work.services.find(before.id) == after


@pytest.mark.parametrize("name", ["Blue Badge", "blue  badge"])
def test_a_service_is_not_renamed_to_what_another_is_called(
    database: Database, stored_service: Service, new_id: NewId, clock: FixedClock, name: str
) -> None:
    other = with_everything(Service(id=new_id(), name="Parking", created_at=clock()), new_id)
    with database.begin() as work:
        work.services.add(other)
        with pytest.raises(Conflict, match=f"^name: there is a service called {name!r} already"):
            work.services.save(evolve(other, name=name, sms_senders=(), guest_list=frozenset()))
        work.commit()
    with database.statement() as work:
        assert work.services.find(other.id) == other
        assert work.services.find(stored_service.id) == stored_service


def test_what_was_never_added_cannot_be_saved(database: Database, service: Service, new_id: NewId) -> None:
    with database.statement() as work:
        with pytest.raises(NotFound):
            work.services.save(with_everything(service, new_id))
        assert work.services.list_all() == []


def test_services_are_found_by_their_names_archived_ones_too(
    database: Database, stored_service: Service, new_id: NewId, clock: FixedClock
) -> None:
    def archived(days: int, name: str = "Blue Badge", *, active: bool = False) -> Service:
        then = clock() + timedelta(days=days)
        return Service(id=new_id(), name=archived_name(name, then), created_at=clock(), active=active)

    older, newer = archived(1), archived(2)
    others = [
        archived(3, active=True),
        archived(4, "Blue Badge 2"),
        archived(5, "A_Blue Badge"),
        Service(id=new_id(), name="_archived_Blue Badge", created_at=clock(), active=False),
    ]
    with database.statement() as work:
        for service in (older, *others, newer):
            work.services.add(service)
        assert work.services.list_called("Blue Badge") == [stored_service, newer, older]
        assert work.services.list_called("blue badge") == []
        assert work.services.list_called(older.name) == [older]
        assert (older.archived, older.original_name) == (True, "Blue Badge")
        assert (stored_service.archived, stored_service.original_name) == (False, "Blue Badge")


def test_the_longest_name_can_be_archived(database: Database, new_id: NewId, clock: FixedClock) -> None:
    name = archived_name("n" * 255, clock())
    with database.statement() as work:
        work.services.add(Service(id=new_id(), name=name, created_at=clock(), active=False))
        [found] = work.services.list_called("n" * 255)
        assert found.name == name
