"""Where services are called back, what waits to be told there, and how each call went."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.callbacks.model import (
    Answer,
    Attempt,
    Callback,
    CallbackKind,
    CallbackSearch,
    CallbackState,
    Endpoint,
    Health,
    Lease,
    Outcome,
    Subscription,
)
from notify_core.errors import Conflict
from notify_core.identifiers import NewId
from notify_core.notifications.model import Message
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Event, EventKind
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel
from tests.integration.contracts.conftest import LEASE, Accept

MakeEndpoint = Callable[..., Endpoint]
MakeCallback = Callable[..., Callback]


@pytest.fixture
def make_endpoint(database: Database, stored_service: Service, clock: FixedClock, new_id: NewId) -> MakeEndpoint:
    def make(**more: Any) -> Endpoint:
        endpoint_id = new_id()
        values: dict[str, Any] = {
            "id": endpoint_id,
            "service_id": stored_service.id,
            "url": f"https://bins.example/{endpoint_id}",
            "bearer_token": f"token of {endpoint_id}",
            "secrets": ("whsec_bmV3", "whsec_b2xk"),
            "kinds": frozenset(CallbackKind),
            "created_at": clock(),
        } | more
        endpoint = Endpoint(**values)
        with database.statement() as work:
            work.callbacks.save_endpoint(endpoint)
        return endpoint

    return make


@pytest.fixture
def endpoint(make_endpoint: MakeEndpoint) -> Endpoint:
    return make_endpoint()


@pytest.fixture
def make_callback(database: Database, endpoint: Endpoint, clock: FixedClock, new_id: NewId) -> MakeCallback:
    def make(**more: Any) -> Callback:
        values: dict[str, Any] = {
            "id": new_id(),
            "endpoint_id": endpoint.id,
            "service_id": endpoint.service_id,
            "kind": CallbackKind.DELIVERY_STATUS,
            "subject_id": new_id(),
            "body": b'{"to": "07700 900123"}',
            "created_at": clock(),
            "queued_at": clock(),
            "next_attempt_at": clock(),
            "expires_on": clock().date() + timedelta(days=8),
        } | more
        callback = Callback(**values)
        with database.statement() as work:
            work.callbacks.add([callback])
        return callback

    return make


def take(database: Database, clock: FixedClock, *endpoints: Endpoint, ailing: bool = True) -> list[Lease]:
    with database.statement() as work:
        ids = [endpoint.id for endpoint in endpoints]
        return list(work.callbacks.lease(ids, now=clock(), until=clock() + LEASE, ailing=ailing).mine)


def due(database: Database, clock: FixedClock, lease: Lease, limit: int = 25) -> list[Callback]:
    with database.statement() as work:
        return work.callbacks.due(lease, now=clock(), until=lease.until, limit=limit)


def found(database: Database, **more: Any) -> list[Callback]:
    values: dict[str, Any] = {"limit": 100} | more
    with database.statement() as work:
        return work.callbacks.search(CallbackSearch(**values))


def outcome(callback: Callback, clock: FixedClock, state: CallbackState, **more: Any) -> Outcome:
    answer = Answer(status=200 if state is CallbackState.DELIVERED else 500, milliseconds=7)
    attempt = Attempt(callback_id=callback.id, number=callback.attempts + 1, at=clock(), answer=answer)
    return Outcome(callback=callback, attempt=attempt, state=state, **more)


def record(database: Database, *outcomes: Outcome) -> None:
    with database.statement() as work:
        work.callbacks.record(outcomes)


def promise(database: Database, clock: FixedClock, endpoint: Endpoint) -> Any:
    with database.statement() as work:
        return work.callbacks.promise(endpoint.id, now=clock())


def test_endpoints_come_back(database: Database, make_endpoint: MakeEndpoint, service: Service, clock: Any) -> None:
    first = make_endpoint(
        statuses=frozenset({Status.DELIVERED}),
        channels=frozenset({Channel.SMS}),
        health=Health(consecutive_failures=7, paused_until=clock(), slow_until=clock() + LEASE),
    )
    second = make_endpoint(kinds=frozenset({CallbackKind.COMPLAINT}), active=False)
    with database.statement() as work:
        assert work.callbacks.list_endpoints(service.id) == [first, second]
        assert work.callbacks.list_endpoints() == [first, second]
        assert work.callbacks.list_endpoints(UUID(int=9)) == []
        assert work.callbacks.find_endpoint(second.id) == second
        assert work.callbacks.find_endpoint(UUID(int=9)) is None
        assert work.callbacks.subscriptions(service.id) == (first.subscription,)
        assert isinstance(first.subscription, Subscription)


def test_an_endpoint_is_replaced_and_a_url_is_a_services_once(
    database: Database, make_endpoint: MakeEndpoint, new_id: NewId
) -> None:
    endpoint = make_endpoint()
    changed = evolve(
        endpoint, bearer_token="another", secrets=("whsec_bmV3",), kinds=frozenset({CallbackKind.COMPLAINT})
    )
    with database.statement() as work:
        work.callbacks.save_endpoint(changed)
        assert work.callbacks.find_endpoint(endpoint.id) == changed
        with pytest.raises(Conflict):
            work.callbacks.save_endpoint(evolve(endpoint, id=new_id()))


def test_an_endpoint_is_one_callers_at_a_time(
    database: Database, endpoint: Endpoint, make_callback: MakeCallback, clock: FixedClock
) -> None:
    callback = make_callback()
    [lease] = take(database, clock, endpoint)
    assert take(database, clock, endpoint) == []
    assert due(database, clock, lease) == [callback]
    clock.advance(LEASE)
    [second] = take(database, clock, endpoint)
    assert due(database, clock, lease) == []
    with database.statement() as work:
        work.callbacks.give_back(lease, Health(consecutive_failures=3))
    assert take(database, clock, endpoint) == []
    with database.statement() as work:
        work.callbacks.give_back(second, Health())
    assert len(take(database, clock, endpoint)) == 1


def test_of_many_who_ask_at_once_one_gets_it(database: Database, endpoint: Endpoint, clock: FixedClock) -> None:
    with ThreadPoolExecutor(8) as threads:
        leases = list(threads.map(lambda _: take(database, clock, endpoint), range(16)))
    assert sum(map(len, leases)) == 1


def test_who_has_the_lease_can_make_it_longer(
    database: Database, endpoint: Endpoint, make_callback: MakeCallback, clock: FixedClock
) -> None:
    make_callback()
    [lease] = take(database, clock, endpoint)
    clock.advance(LEASE / 2)
    with database.statement() as work:
        assert work.callbacks.due(lease, now=clock(), until=clock() + LEASE, limit=1)
    clock.advance(LEASE / 2)
    assert take(database, clock, endpoint) == []


def test_ailing_endpoints_are_left_to_others_and_paused_ones_to_nobody(
    database: Database, make_endpoint: MakeEndpoint, clock: FixedClock
) -> None:
    well = make_endpoint(health=Health(slow_until=clock()))
    failing = make_endpoint(health=Health(consecutive_failures=1))
    slow = make_endpoint(health=Health(slow_until=clock() + LEASE))
    back = make_endpoint(health=Health(consecutive_failures=5, paused_until=clock()))
    paused = make_endpoint(health=Health(consecutive_failures=5, paused_until=clock() + LEASE))
    off = make_endpoint(active=False)
    every = [well, failing, slow, back, paused, off]
    with database.statement() as work:
        asked = [one.id for one in every]
        leases = work.callbacks.lease(asked, now=clock(), until=clock() + LEASE, ailing=False)
    assert [lease.endpoint for lease in leases.mine] == [well]
    assert {one.id for one in leases.ailing} == {failing.id, slow.id, back.id}
    assert {lease.endpoint.id for lease in take(database, clock, *every)} == {failing.id, slow.id, back.id}


def test_what_is_due_comes_oldest_first(
    database: Database, endpoint: Endpoint, make_callback: MakeCallback, clock: FixedClock, new_id: NewId
) -> None:
    later = make_callback()
    longest = make_callback(next_attempt_at=clock() - timedelta(minutes=1))
    make_callback(next_attempt_at=clock() + timedelta(microseconds=1))
    make_callback(state=CallbackState.FAILED)
    make_callback(expires_on=clock().date())
    [lease] = take(database, clock, endpoint)
    assert due(database, clock, lease) == [longest, later]
    assert due(database, clock, lease, limit=1) == [longest]


def test_calls_are_recorded_and_told_in_the_timeline(
    database: Database,
    endpoint: Endpoint,
    make_callback: MakeCallback,
    accept: Accept,
    clock: FixedClock,
) -> None:
    message: Message = accept()
    facts = message.notification
    callback = make_callback(subject_id=facts.id, notification_id=facts.id)
    other = make_callback()
    retry = clock() + timedelta(seconds=5)
    failed = outcome(callback, clock, CallbackState.WAITING, next_attempt_at=retry)
    record(database, failed, outcome(other, clock, CallbackState.FAILED, detail="failed"))
    [second, first] = found(database)
    assert (first.state, first.attempts, first.tries, first.next_attempt_at) == (CallbackState.WAITING, 1, 1, retry)
    assert (second.state, second.attempts) == (CallbackState.FAILED, 1)
    clock.advance(timedelta(seconds=5))
    delivered = outcome(first, clock, CallbackState.DELIVERED, detail="delivered")
    record(database, delivered)
    # Somebody whose lease ran out comes late: what was delivered stays so.
    late = outcome(first, clock, CallbackState.WAITING, next_attempt_at=retry)
    record(database, late)
    with database.statement() as work:
        assert work.callbacks.attempts(callback.id)[:2] == [failed.attempt, delivered.attempt]
        assert len(work.callbacks.attempts(callback.id)) == 3
        assert work.callbacks.attempts(facts.id) == []
        timeline = work.notifications.find_timeline(facts.service_id, facts.id)
    assert timeline is not None
    assert timeline.stored == (Event(at=clock(), kind=EventKind.CALLBACK, detail="delivered"),)
    assert [one.state for one in found(database, states=frozenset({CallbackState.DELIVERED}))] == ["delivered"]


def test_health_is_stored_when_the_lease_is_given_back(
    database: Database, endpoint: Endpoint, clock: FixedClock
) -> None:
    [lease] = take(database, clock, endpoint)
    health = Health(consecutive_failures=2, paused_until=clock() + LEASE, slow_until=clock())
    with database.statement() as work:
        work.callbacks.give_back(lease, health)
        assert work.callbacks.list_endpoints()[0].health == health


def test_a_promise_is_asked_for_once(
    database: Database, endpoint: Endpoint, make_callback: MakeCallback, clock: FixedClock
) -> None:
    assert promise(database, clock, endpoint) is None
    later = clock() + timedelta(hours=6)
    make_callback(next_attempt_at=later)
    assert promise(database, clock, endpoint) == later
    assert promise(database, clock, endpoint) is None
    sooner = clock() + timedelta(minutes=1)
    make_callback(next_attempt_at=sooner)
    assert promise(database, clock, endpoint) == sooner
    assert promise(database, clock, endpoint) is None
    clock.advance(timedelta(minutes=2))
    # That time is past, so the promise has been kept: what still waits needs another.
    assert promise(database, clock, endpoint) == clock()


def test_nothing_is_promised_while_somebody_is_at_it_nor_before_a_pause_ends(
    database: Database, endpoint: Endpoint, make_callback: MakeCallback, clock: FixedClock
) -> None:
    make_callback()
    [lease] = take(database, clock, endpoint)
    assert promise(database, clock, endpoint) is None
    paused_until = clock() + timedelta(minutes=15)
    with database.statement() as work:
        work.callbacks.give_back(lease, Health(consecutive_failures=5, paused_until=paused_until))
    assert promise(database, clock, endpoint) == paused_until


def test_what_was_forgotten_is_found(
    database: Database, make_endpoint: MakeEndpoint, make_callback: MakeCallback, clock: FixedClock
) -> None:
    ago = clock() - timedelta(minutes=3)
    forgotten, leased = make_endpoint(), make_endpoint()
    paused = make_endpoint(health=Health(consecutive_failures=5, paused_until=clock() + LEASE))
    recent, done = make_endpoint(), make_endpoint()
    for one in (forgotten, leased, paused):
        make_callback(endpoint_id=one.id, next_attempt_at=ago)
    make_callback(endpoint_id=recent.id)
    make_callback(endpoint_id=done.id, next_attempt_at=ago, state=CallbackState.DELIVERED)
    take(database, clock, leased)
    with database.statement() as work:
        before = clock() - timedelta(minutes=2)
        assert [one.id for one in work.callbacks.overdue(before=before, now=clock(), limit=9)] == [forgotten.id]
        assert work.callbacks.overdue(before=before, now=clock(), limit=0) == []


def test_switching_off_abandons_what_waits_and_what_is_to_come(
    database: Database, endpoint: Endpoint, make_callback: MakeCallback, clock: FixedClock
) -> None:
    make_callback()
    make_callback(state=CallbackState.DELIVERED)
    [lease] = take(database, clock, endpoint)
    with database.statement() as work:
        assert work.callbacks.switch_off(endpoint.id) == 1
        assert work.callbacks.subscriptions(endpoint.service_id) == ()
    make_callback()
    assert due(database, clock, lease) == []
    clock.advance(LEASE)
    assert take(database, clock, endpoint) == []
    assert [one.state for one in found(database)] == ["abandoned", "delivered", "abandoned"]


def test_callbacks_are_found_newest_first_without_what_they_say(
    database: Database, make_endpoint: MakeEndpoint, make_callback: MakeCallback, clock: FixedClock
) -> None:
    other = make_endpoint()
    first = make_callback(state=CallbackState.FAILED)
    clock.advance(timedelta(hours=1))
    second = make_callback(endpoint_id=other.id)
    third = make_callback(expires_on=clock().date() + timedelta(days=20))
    without = [evolve(one, body=b"") for one in (third, second, first)]
    assert found(database) == without
    assert found(database, limit=2) == without[:2]
    assert found(database, endpoint_id=other.id) == without[1:2]
    assert found(database, service_id=first.service_id, since=clock()) == without[:2]
    assert found(database, states=frozenset({CallbackState.FAILED})) == without[2:]
    assert found(database, service_id=UUID(int=9)) == []
    clock.advance(timedelta(days=8))
    assert found(database) == without[:1]


def test_replaying_makes_a_callback_due_again(
    database: Database, endpoint: Endpoint, make_callback: MakeCallback, clock: FixedClock, new_id: NewId
) -> None:
    callback = make_callback(state=CallbackState.DELIVERED, attempts=3, tries=3)
    gone = make_callback(expires_on=clock().date())
    clock.advance(timedelta(hours=1))
    with database.statement() as work:
        [replayed] = work.callbacks.replay([callback.id, gone.id, new_id()], now=clock())
    again = evolve(
        callback, state=CallbackState.WAITING, queued_at=clock(), next_attempt_at=clock(), tries=0, body=b""
    )
    assert replayed == again
    assert found(database) == [again]
    with database.statement() as work:
        work.callbacks.switch_off(endpoint.id)
        assert work.callbacks.replay([callback.id], now=clock()) == []


def test_recovering_takes_what_failed_oldest_first(
    database: Database, make_endpoint: MakeEndpoint, endpoint: Endpoint, make_callback: MakeCallback, clock: Any
) -> None:
    other, off = make_endpoint(), make_endpoint(active=False)
    make_callback(state=CallbackState.FAILED)
    clock.advance(timedelta(hours=1))
    since = clock()
    make_callback(endpoint_id=off.id, state=CallbackState.FAILED)
    wanted = [
        make_callback(state=CallbackState.FAILED),
        make_callback(state=CallbackState.ABANDONED),
        make_callback(endpoint_id=other.id, state=CallbackState.FAILED),
    ]
    make_callback(state=CallbackState.DELIVERED)
    make_callback()

    def recover(limit: int = 9, **of: Any) -> list[UUID]:
        asked: dict[str, Any] = {"endpoint_id": None, "service_id": None} | of
        with database.begin() as work:
            return [one.id for one in work.callbacks.recover(since=since, now=clock(), limit=limit, **asked)]

    assert recover(endpoint_id=endpoint.id) == [one.id for one in wanted[:2]]
    assert recover(service_id=endpoint.service_id) == [one.id for one in wanted]
    assert recover(service_id=endpoint.service_id, limit=1) == [wanted[0].id]
    assert recover(service_id=UUID(int=9)) == []
