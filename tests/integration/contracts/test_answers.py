"""Remembered answers: one for each key, whoever comes first, until their day."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.idempotency.model import Answered, KeyTaken, Remembered, RequestKey, header_key
from notify_core.identifiers import NewId
from notify_core.notifications.model import Message
from notify_core.notifications.status import Status
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import KeyType
from tests.integration.contracts.conftest import MakeMessage, entry_for

LATER = timedelta(seconds=60)
Answer = Callable[..., Answered]


@pytest.fixture
def key(service: Service) -> RequestKey:
    return header_key(service.id, KeyType.NORMAL, "a key", {"document": 1})


@pytest.fixture
def answer(key: RequestKey, clock: FixedClock) -> Answer:
    def make(**more: Any) -> Answered:
        values: dict[str, Any] = {
            "key": key,
            "answer": '{"body":"Zoë"}\n'.encode(),
            "created_at": clock(),
            "expires_on": (clock() + timedelta(days=8)).date(),
        } | more
        return Answered(**values)

    return make


def find(database: Database, key: RequestKey) -> Remembered | None:
    with database.statement() as work:
        return work.answers.find(key)


def reserve(database: Database, key: RequestKey, clock: FixedClock) -> None:
    with database.statement() as work:
        work.answers.reserve(key, now=clock(), until=clock() + LATER, expires_on=(clock() + timedelta(days=8)).date())


def remember(database: Database, answered: Answered) -> None:
    with database.statement() as work:
        work.answers.remember(answered)


def test_an_answer_is_found_under_its_key_only(database: Database, key: RequestKey, answer: Answer) -> None:
    assert find(database, key) is None
    remember(database, answer())
    found = find(database, key)
    assert found == Remembered(request_hash=key.request_hash, answer=answer().answer, in_flight_until=None)
    assert find(database, evolve(key, key_hash=b"other")) is None
    assert find(database, evolve(key, service_id=UUID(int=1))) is None


def test_a_key_is_taken_once(database: Database, key: RequestKey, answer: Answer, clock: FixedClock) -> None:
    remember(database, answer())
    with pytest.raises(KeyTaken):
        remember(database, answer(answer=b"second"))
    with pytest.raises(KeyTaken):
        reserve(database, key, clock)
    found = find(database, key)
    assert found is not None
    assert found.answer == answer().answer


def test_an_expired_key_is_free(database: Database, key: RequestKey, answer: Answer, clock: FixedClock) -> None:
    remember(database, answer())
    clock.advance(timedelta(days=8))
    assert find(database, key) is None
    remember(database, answer(answer=b"new", expires_on=(clock() + timedelta(days=8)).date()))
    found = find(database, key)
    assert found is not None
    assert found.answer == b"new"


def test_a_reserved_key_is_its_holders_until_the_time_is_over(
    database: Database, key: RequestKey, answer: Answer, clock: FixedClock
) -> None:
    reserve(database, key, clock)
    until = clock() + LATER
    found = find(database, key)
    assert found is not None
    assert (found.answer, found.in_flight_until) == (None, until)
    with pytest.raises(KeyTaken):
        reserve(database, key, clock)
    with pytest.raises(KeyTaken):
        remember(database, answer())
    remember(database, answer(reserved_until=until))
    found = find(database, key)
    assert found is not None
    assert found.answer == answer().answer


def test_an_abandoned_key_is_free_and_lost_to_its_first_holder(
    database: Database, key: RequestKey, answer: Answer, clock: FixedClock
) -> None:
    reserve(database, key, clock)
    first = clock() + LATER
    clock.advance(LATER)
    reserve(database, key, clock)
    with pytest.raises(KeyTaken):
        remember(database, answer(reserved_until=first))
    remember(database, answer(answer=b"of the second", reserved_until=clock() + LATER))


def test_a_key_can_be_given_back_by_its_holder_only(
    database: Database, key: RequestKey, answer: Answer, clock: FixedClock
) -> None:
    reserve(database, key, clock)
    with database.statement() as work:
        work.answers.release(key, reserved_until=clock())
    assert find(database, key) is not None
    with database.statement() as work:
        work.answers.release(key, reserved_until=clock() + LATER)
    assert find(database, key) is None
    remember(database, answer())
    with database.statement() as work:
        work.answers.release(key, reserved_until=clock() + LATER)
    assert find(database, key) is not None


def accept(database: Database, message: Message, entry_id: Any, answered: Answered | None) -> None:
    with database.statement() as work:
        work.notifications.accept(message, entry_for(message.notification.id, message, entry_id), answered)


def test_a_message_and_its_answer_are_stored_together_or_not_at_all(
    database: Database, key: RequestKey, answer: Answer, make_message: MakeMessage, new_id: NewId
) -> None:
    first, second = make_message(), make_message()
    accept(database, first, new_id(), answer())
    with pytest.raises(KeyTaken):
        accept(database, second, new_id(), answer(answer=b"second"))
    with database.statement() as work:
        assert work.notifications.find(first.notification.service_id, first.notification.id) == first
        assert work.notifications.find_for_receipt(notification_id=second.notification.id) is None
        assert work.outbox.count() == 1
    found = find(database, key)
    assert found is not None
    assert found.answer == answer().answer


def test_of_many_at_once_one_is_accepted(
    database: Database, answer: Answer, make_message: MakeMessage, new_id: NewId
) -> None:
    everybody = 16
    barrier = Barrier(everybody)

    def one(number: int) -> bool:
        message, entry_id = make_message(), new_id()
        barrier.wait()
        with suppress(KeyTaken):
            accept(database, message, entry_id, answer(answer=str(number).encode()))
            return True
        return False

    with ThreadPoolExecutor(everybody) as pool:
        won = list(pool.map(one, range(everybody)))
    assert won.count(True) == 1
    with database.statement() as work:
        assert work.outbox.count() == 1


# Cancelling


def cancel(database: Database, message: Message, clock: FixedClock, service: Any = None) -> Any:
    with database.statement() as work:
        return work.notifications.cancel(
            service or message.notification.service_id, message.notification.id, now=clock()
        )


def test_a_message_that_nobody_claimed_is_cancelled(
    database: Database, make_message: MakeMessage, new_id: NewId, clock: FixedClock
) -> None:
    later = clock() + timedelta(hours=1)
    message = make_message(scheduled_for=later, leased_until=later)
    accept(database, message, new_id(), None)
    cancelled = cancel(database, message, clock)
    assert cancelled == evolve(message.notification, status=Status.CANCELLED, updated_at=clock(), leased_until=None)
    assert cancel(database, message, clock) is None
    with database.statement() as work:
        found = work.notifications.find(message.notification.service_id, message.notification.id)
        claim = work.notifications.claim([message.notification.id], now=later, until=later + LATER)
    assert found is not None
    assert found.notification == cancelled
    assert (claim.mine, claim.busy) == ((), {})


def test_what_was_claimed_expired_or_is_anothers_is_not_cancelled(
    database: Database, make_message: MakeMessage, new_id: NewId, clock: FixedClock
) -> None:
    message = make_message()
    accept(database, message, new_id(), None)
    assert cancel(database, message, clock, service=new_id()) is None
    clock.advance(timedelta(days=8))
    assert cancel(database, message, clock) is None
    clock.advance(timedelta(days=-8))
    with database.statement() as work:
        work.notifications.claim([message.notification.id], now=clock(), until=clock())
    assert cancel(database, message, clock) is None


# Forgetting


def test_what_has_expired_is_forgotten_a_few_at_a_time(
    database: Database, service: Service, answer: Answer, clock: FixedClock
) -> None:
    today = clock().date()
    keys = [header_key(service.id, KeyType.NORMAL, f"key {number}", {}) for number in range(5)]
    for number, one in enumerate(keys):
        remember(database, answer(key=one, expires_on=today + timedelta(days=number)))
    tomorrow = today + timedelta(days=1)
    with database.statement() as work:
        assert work.answers.forget(today=today, limit=9) == 1
        assert work.answers.forget(today=tomorrow + timedelta(days=1), limit=1) == 1
        assert work.answers.forget(today=tomorrow, limit=9) == 0
        assert work.answers.forget(today=tomorrow + timedelta(days=1), limit=9) == 1
    clock.advance(timedelta(days=-9))  # to a day on which none had expired
    assert [find(database, one) is None for one in keys] == [True, True, True, False, False]
