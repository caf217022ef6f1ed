"""The places of many messages at once."""

from __future__ import annotations

from uuid import UUID

import pytest

from notify_adapters.memory import FixedClock, MemoryLimiter
from notify_core.limits.reserve import ReservePlaces
from notify_core.services.model import MessageLimits, Service
from notify_core.vocabulary import Channel, KeyType

SMS, NORMAL, TEST = Channel.SMS, KeyType.NORMAL, KeyType.TEST


@pytest.fixture
def service(clock: FixedClock) -> Service:
    limits = MessageLimits(sms=10, email=5, international_sms=2)
    return Service(id=UUID(int=1), name="Bins", created_at=clock(), limits=limits)


@pytest.fixture
def reserve(clock: FixedClock) -> ReservePlaces:
    return ReservePlaces(MemoryLimiter(), clock)


def test_all_places_are_taken_or_none(reserve: ReservePlaces, service: Service) -> None:
    assert reserve(service, NORMAL, SMS, amount=7) is not None
    assert not reserve.would_fit(service, NORMAL, SMS, 4)
    assert reserve(service, NORMAL, SMS, amount=4) is None
    assert reserve(service, NORMAL, SMS, amount=3) is not None


def test_places_are_given_back_unless_they_were_kept(reserve: ReservePlaces, service: Service) -> None:
    places = reserve(service, NORMAL, SMS, amount=10, abroad=2)
    assert places is not None
    places.give_back()
    places.give_back()
    again = reserve(service, NORMAL, SMS, amount=10, abroad=2)
    assert again is not None
    again.keep()
    again.give_back()
    assert not reserve.would_fit(service, NORMAL, SMS, 1)


def test_too_many_texts_abroad_take_no_place_of_any_kind(reserve: ReservePlaces, service: Service) -> None:
    assert reserve(service, NORMAL, SMS, amount=3, abroad=3) is None
    assert reserve.would_fit(service, NORMAL, SMS, 10)


def test_channels_are_counted_apart(reserve: ReservePlaces, service: Service) -> None:
    assert reserve(service, NORMAL, SMS, amount=10) is not None
    assert reserve(service, NORMAL, Channel.EMAIL, amount=5) is not None


def test_test_keys_are_compared_and_never_counted(reserve: ReservePlaces, service: Service) -> None:
    for _ in range(3):
        assert reserve(service, TEST, SMS, amount=10) is not None
    assert reserve(service, TEST, SMS, amount=11) is None
    assert reserve.would_fit(service, NORMAL, SMS, 10)
