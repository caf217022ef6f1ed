from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.errors import Conflict, NotFound
from notify_core.identifiers import NewId
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.users.model import NOTIFY_USER, User

MakeUser = Callable[..., User]


@pytest.fixture
def make_user(clock: FixedClock, new_id: NewId) -> MakeUser:
    def make(email_address: str = "Jo@Example.com", mobile_number: str | None = None) -> User:
        return User(
            id=new_id(), name="Jo", email_address=email_address, mobile_number=mobile_number, created_at=clock()
        )

    return make


def test_a_user_comes_back_however_the_address_is_written(database: Database, make_user: MakeUser) -> None:
    user = make_user(mobile_number="+44 7700 900123")
    with database.statement() as work:
        work.users.add(user)
        assert work.users.find(user.id) == user
        for address in ("Jo@Example.com", "jo@example.com", "JO@EXAMPLE.COM "):
            assert work.users.find_by_email_address(address) == user


def test_there_is_no_unknown_user(database: Database, new_id: NewId) -> None:
    with database.statement() as work:
        assert work.users.find(new_id()) is None
        assert work.users.find_by_email_address("jo@example.com") is None
        assert work.users.list_for(new_id()) == []


def test_the_platforms_own_user_is_always_there(database: Database) -> None:
    with database.statement() as work:
        assert work.users.find(NOTIFY_USER.id) == NOTIFY_USER


def test_two_users_never_share_an_address(database: Database, make_user: MakeUser) -> None:
    jo, sam = make_user(), make_user("sam@example.com")
    with database.begin() as work:
        work.users.add(jo)
        work.users.add(sam)
        with pytest.raises(Conflict, match=r"^email_address: there is another user with that one$"):
            work.users.add(make_user("jo@example.COM"))
        with pytest.raises(Conflict, match=r"^email_address: there is another user with that one$"):
            work.users.save(evolve(sam, email_address="JO@example.com"))
        work.commit()
    with database.statement() as work:
        assert work.users.find(sam.id) == sam


def test_a_user_is_replaced(database: Database, make_user: MakeUser) -> None:
    before = make_user()
    after = evolve(before, name="Joanna", email_address="JOANNA@example.com", mobile_number="07700 900123")
    with database.statement() as work:
        work.users.add(before)
        work.users.save(after)
        assert work.users.find(before.id) == after
        assert work.users.find_by_email_address("jo@example.com") is None
        assert work.users.find_by_email_address("joanna@example.com") == after


def test_who_was_never_added_cannot_be_saved(database: Database, make_user: MakeUser) -> None:
    with database.statement() as work, pytest.raises(NotFound):
        work.users.save(make_user())


def test_members_are_listed_by_address(database: Database, stored_service: Service, make_user: MakeUser) -> None:
    jo, sam = make_user("Sam@example.com"), make_user("jo@example.com")
    with database.statement() as work:
        for user in (jo, sam, make_user("stranger@example.com")):
            work.users.add(user)
        work.users.add_member(stored_service.id, jo.id)
        work.users.add_member(stored_service.id, sam.id)
        work.users.add_member(stored_service.id, sam.id)
        assert work.users.list_for(stored_service.id) == [sam, jo]
        work.users.remove_member(stored_service.id, jo.id)
        work.users.remove_member(stored_service.id, jo.id)
        assert work.users.list_for(stored_service.id) == [sam]


def test_a_services_team_is_where_its_members_can_be_written_to(
    database: Database, stored_service: Service, make_user: MakeUser
) -> None:
    jo, sam = make_user(mobile_number="07700 900123"), make_user("Sam@example.com")
    with database.statement() as work:
        for user in (jo, sam):
            work.users.add(user)
            work.users.add_member(stored_service.id, user.id)
        team = frozenset({"jo@example.com", "447700900123", "sam@example.com"})
        whole = evolve(stored_service, team=team)
        assert work.services.find(stored_service.id) == whole
        assert work.services.list_all() == [whole]
        work.services.save(evolve(stored_service, team=frozenset({"somebody@example.com"})))
        assert work.services.find(stored_service.id) == whole
        work.users.save(evolve(jo, mobile_number=None))
        work.users.remove_member(stored_service.id, sam.id)
        assert work.services.find(stored_service.id) == evolve(whole, team=frozenset({"jo@example.com"}))
