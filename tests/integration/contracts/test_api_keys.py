from __future__ import annotations

from datetime import timedelta

import pytest

from notify_adapters.memory import FixedClock
from notify_core.errors import Conflict
from notify_core.identifiers import NewId
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import KeyType
from tests.integration.contracts.conftest import MakeKey


@pytest.mark.parametrize("key_type", list(KeyType))
def test_a_key_comes_back_with_its_secret(database: Database, make_key: MakeKey, key_type: KeyType) -> None:
    key = make_key(key_type=key_type, secret="gehèim")
    with database.statement() as work:
        work.api_keys.add(key)
        assert work.api_keys.find(key.id) == key


def test_there_is_no_unknown_key(database: Database, new_id: NewId) -> None:
    with database.statement() as work:
        assert work.api_keys.find(new_id()) is None
        assert work.api_keys.list_for(new_id()) == []


def test_live_keys_of_a_service_have_different_names(database: Database, make_key: MakeKey) -> None:
    with database.begin() as work:
        work.api_keys.add(make_key(name="main"))
        with pytest.raises(Conflict) as refusal:
            work.api_keys.add(make_key(name="main"))
        assert str(refusal.value) == "name: the service has a live API key called 'main' already"
        work.api_keys.add(make_key(name="Main"))
        work.commit()


def test_a_revoked_keys_name_is_free(database: Database, make_key: MakeKey, clock: FixedClock) -> None:
    old, new = make_key(name="main"), make_key(name="main")
    with database.statement() as work:
        work.api_keys.add(old)
        work.api_keys.revoke(old.id, clock())
        work.api_keys.add(new)
        keys = work.api_keys.list_for(old.service_id)
    assert [(key.id, key.revoked) for key in keys] == [(old.id, True), (new.id, False)]


def test_a_key_is_revoked_once(database: Database, make_key: MakeKey, clock: FixedClock) -> None:
    key = make_key()
    with database.statement() as work:
        work.api_keys.add(key)
        work.api_keys.revoke(key.id, clock())
        work.api_keys.revoke(key.id, clock() + timedelta(days=1))
        found = work.api_keys.find(key.id)
    assert found is not None
    assert found.revoked_at == clock()


def test_revoking_an_unknown_key_does_nothing(database: Database, new_id: NewId, clock: FixedClock) -> None:
    with database.statement() as work:
        work.api_keys.revoke(new_id(), clock())


def test_keys_are_listed_oldest_first(
    database: Database, stored_service: Service, make_key: MakeKey, clock: FixedClock
) -> None:
    first = make_key()
    second = make_key()
    clock.advance(timedelta(seconds=1))
    third = make_key()
    with database.statement() as work:
        for key in (third, first, second):
            work.api_keys.add(key)
        assert work.api_keys.list_for(stored_service.id) == [first, second, third]


def test_a_key_can_be_stored_revoked(database: Database, make_key: MakeKey, clock: FixedClock) -> None:
    live, revoked = make_key(name="main"), make_key(name="main", revoked_at=clock())
    with database.statement() as work:
        work.api_keys.add(live)
        work.api_keys.add(revoked)
        assert work.api_keys.list_for(live.service_id) == [live, revoked]


def test_no_two_keys_have_the_same_secret(database: Database, make_key: MakeKey, clock: FixedClock) -> None:
    with database.statement() as work:
        work.api_keys.add(make_key(secret="the same", revoked_at=clock()))
        with pytest.raises(Conflict, match=r"^api_keys: there is one of that identity already$"):
            work.api_keys.add(make_key(secret="the same"))
