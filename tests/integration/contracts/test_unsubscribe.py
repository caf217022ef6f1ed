"""Tokens of unsubscribe links, and the wishes that come of them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from notify_adapters.encryption import AesGcmCipher
from notify_adapters.memory import FixedClock, MemoryUnsubscribeTokens
from notify_adapters.unsubscribe_tokens import SealedUnsubscribeTokens
from notify_core.identifiers import NewId
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.unsubscribe.model import Token, UnsubscribeRequest
from notify_core.unsubscribe.ports import UnsubscribeTokens
from tests.integration.contracts.conftest import CIPHER

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture(params=["memory", "sealed"])
def tokens(request: pytest.FixtureRequest) -> UnsubscribeTokens:
    return MemoryUnsubscribeTokens() if request.param == "memory" else SealedUnsubscribeTokens(CIPHER)


@pytest.mark.parametrize("address", ["jo@example.com", "Jo O'Neil+x@exämple.com", "a" * 300 + "@b.uk"])
def test_a_token_comes_back_as_it_was_and_fits_into_a_link(
    tokens: UnsubscribeTokens, clock: FixedClock, address: str
) -> None:
    token = Token(email_address=address, made_at=clock())
    clock.advance(timedelta(microseconds=5))
    for made in (token, Token(email_address=address, made_at=clock())):
        sealed = tokens.seal(ONE, made)
        assert re.fullmatch(r"[A-Za-z0-9_-]+", sealed)
        assert tokens.open(ONE, sealed) == token


def test_a_token_is_good_for_its_message_only(tokens: UnsubscribeTokens, clock: FixedClock) -> None:
    sealed = tokens.seal(ONE, Token(email_address="jo@example.com", made_at=clock()))
    assert tokens.open(OTHER, sealed) is None


@pytest.mark.parametrize("sealed", ["", "x", "a-_b", "AAAA" * 30, "é", "=" * 9, "a b", "%00"])
def test_what_we_did_not_make_is_nothing(tokens: UnsubscribeTokens, sealed: str) -> None:
    assert tokens.open(ONE, sealed) is None


def test_no_character_of_a_token_can_be_changed_or_left_out(clock: FixedClock) -> None:
    tokens = SealedUnsubscribeTokens(CIPHER)
    sealed = tokens.seal(ONE, Token(email_address="jo@example.com", made_at=clock()))
    for place in range(len(sealed) - 1):  # the last may hold bits that say nothing
        changed = "A" if sealed[place] != "A" else "B"
        assert tokens.open(ONE, sealed[:place] + changed + sealed[place + 1 :]) is None
        assert tokens.open(ONE, sealed[:place] + sealed[place + 1 :]) is None
    assert SealedUnsubscribeTokens(AesGcmCipher({"2026-11": b"x" * 32})).open(ONE, sealed) is None


def test_a_request_is_stored_once_for_each_message(
    database: Database, stored_service: Service, clock: FixedClock, new_id: NewId
) -> None:
    def request(notification_id: UUID, **more: Any) -> UnsubscribeRequest:
        values: dict[str, Any] = {
            "id": new_id(),
            "notification_id": notification_id,
            "service_id": stored_service.id,
            "template_id": ONE,
            "template_version": 3,
            "email_address": "Jo@Example.com",
            "created_at": clock(),
        }
        return UnsubscribeRequest(**values | more)

    first, second = request(ONE, created_at=clock() + timedelta(seconds=1)), request(OTHER)
    with database.statement() as work:
        assert work.unsubscribe_requests.add(first)
        assert not work.unsubscribe_requests.add(request(ONE))
        assert work.unsubscribe_requests.add(second)
        assert work.unsubscribe_requests.list_for(stored_service.id) == [second, first]
        assert work.unsubscribe_requests.list_for(ONE) == []


def test_old_requests_are_archived_a_few_at_a_time_and_may_come_again(
    database: Database, stored_service: Service, clock: FixedClock, new_id: NewId
) -> None:
    def request(message: int, age: timedelta) -> UnsubscribeRequest:
        return UnsubscribeRequest(
            id=new_id(),
            notification_id=UUID(int=message),
            service_id=stored_service.id,
            template_id=ONE,
            template_version=3,
            email_address=f"{message}@example.com",
            created_at=clock() - age,
        )

    day = timedelta(days=1)
    requests = [request(number, number * day) for number in range(1, 6)]
    with database.statement() as work:
        for one in requests:
            assert work.unsubscribe_requests.add(one)
        before = clock() - 2 * day
        assert work.unsubscribe_requests.archive(created_before=before, limit=2) == 2
        assert work.unsubscribe_requests.list_for(stored_service.id) == requests[2::-1]
        assert work.unsubscribe_requests.archive(created_before=before, limit=2) == 1
        assert work.unsubscribe_requests.archive(created_before=before, limit=2) == 0
        assert work.unsubscribe_requests.list_for(stored_service.id) == requests[1::-1]
        again = request(5, 4 * day)
        assert work.unsubscribe_requests.add(again)
        assert not work.unsubscribe_requests.add(request(5, 4 * day))
        assert work.unsubscribe_requests.archive(created_before=before, limit=2) == 1
        assert work.unsubscribe_requests.add(request(5, 0 * day))
