"""The places of many messages at once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from notify_adapters.memory import FixedClock, MemoryLimiter, SequentialIds
from notify_core.limits.admit import DailyLimitExceeded
from notify_core.limits.daily import INTERNATIONAL_SMS
from notify_core.limits.reserve import Places, ReservePlaces
from notify_core.limits.standing import Standing
from notify_core.services.model import MessageLimits, Service
from notify_core.vocabulary import KeyType

NORMAL, TEST = KeyType.NORMAL, KeyType.TEST
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def service(clock: FixedClock) -> Service:
    limits = MessageLimits(sms=10, email=5, international_sms=2)
    return Service(id=UUID(int=1), name="Bins", created_at=clock(), limits=limits)


@pytest.fixture
def reserve(clock: FixedClock) -> ReservePlaces:
    return ReservePlaces(MemoryLimiter(), clock, SequentialIds(clock))


def sms(reserve: ReservePlaces, service: Service, amount: int, abroad: int = 0) -> Places:
    return reserve(service, NORMAL, {"sms": amount, INTERNATIONAL_SMS: abroad})


def left(reserve: ReservePlaces, service: Service, what: str = "sms") -> int:
    return next(amount for amount in range(100) if not reserve.would_fit(service, NORMAL, what, amount + 1))


def test_all_places_are_taken_or_none(reserve: ReservePlaces, service: Service) -> None:
    sms(reserve, service, 7)
    told = r"^Exceeded send limits \(sms: 10\) for today: there is room for 3 more, and these are 4$"
    with pytest.raises(DailyLimitExceeded, match=told) as refused:
        sms(reserve, service, 4)
    assert [quota.left for quota in refused.value.standing.quotas()] == [3]
    sms(reserve, service, 3)
    assert left(reserve, service) == 0


def test_places_are_given_back_unless_they_were_kept(reserve: ReservePlaces, service: Service) -> None:
    places = sms(reserve, service, 10, abroad=2)
    places.give_back()
    places.give_back()
    assert (left(reserve, service), left(reserve, service, INTERNATIONAL_SMS)) == (10, 2)
    with sms(reserve, service, 10, abroad=2) as places:
        places.confirm()
        places.keep()
    places.give_back()
    assert (left(reserve, service), left(reserve, service, INTERNATIONAL_SMS)) == (0, 0)


@pytest.mark.parametrize("confirmed", [False, True])
def test_who_leaves_without_keeping_them_gives_them_back(
    reserve: ReservePlaces, service: Service, confirmed: bool
) -> None:
    with sms(reserve, service, 10) as places:
        if confirmed:
            places.confirm()
    assert left(reserve, service) == 10


def test_who_dies_with_them_has_not_taken_them(reserve: ReservePlaces, service: Service, clock: FixedClock) -> None:
    sms(reserve, service, 6, abroad=2)
    clock.advance(TEN_MINUTES - timedelta(seconds=1))
    assert (left(reserve, service), left(reserve, service, INTERNATIONAL_SMS)) == (4, 0)
    clock.advance(timedelta(seconds=1))
    assert (left(reserve, service), left(reserve, service, INTERNATIONAL_SMS)) == (10, 2)


def test_who_has_confirmed_them_has_taken_them(reserve: ReservePlaces, service: Service, clock: FixedClock) -> None:
    sms(reserve, service, 6).confirm()
    clock.advance(2 * TEN_MINUTES)
    assert left(reserve, service) == 4


def test_who_is_slower_than_ten_minutes_takes_them_again(
    reserve: ReservePlaces, service: Service, clock: FixedClock
) -> None:
    places, failed = sms(reserve, service, 6), sms(reserve, service, 3)
    clock.advance(TEN_MINUTES)
    assert left(reserve, service) == 10
    places.confirm()
    failed.give_back()
    assert left(reserve, service) == 4


def test_too_many_texts_abroad_take_no_place_of_any_kind(reserve: ReservePlaces, service: Service) -> None:
    with pytest.raises(DailyLimitExceeded, match="international_sms: 2"):
        sms(reserve, service, 3, abroad=3)
    assert left(reserve, service) == 10


def test_channels_are_counted_apart(reserve: ReservePlaces, service: Service) -> None:
    sms(reserve, service, 10)
    assert left(reserve, service, "email") == 5


def test_test_keys_are_compared_and_never_counted(
    reserve: ReservePlaces, service: Service, clock: FixedClock
) -> None:
    for _ in range(3):
        with reserve(service, TEST, {"sms": 10}) as places:
            places.confirm()
            places.keep()
    with pytest.raises(DailyLimitExceeded):
        reserve(service, TEST, {"sms": 11})
    clock.advance(TEN_MINUTES)
    assert left(reserve, service) == 10


def test_the_first_limit_is_told_beside_what_was_known(
    reserve: ReservePlaces, service: Service, clock: FixedClock
) -> None:
    so_far = Standing(3000, None, 5.0, None, 0, clock())
    places = reserve(service, NORMAL, {"sms": 4, INTERNATIONAL_SMS: 1}, so_far)
    assert (places.standing.tokens, places.standing.daily_limit, places.standing.count) == (5.0, 10, 4)
    assert reserve(service, NORMAL, {"sms": 0}, so_far).standing == so_far
