"""How priorities move away from trouble, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from notify_core.providers.balance import (
    ERRORS_THRESHOLD,
    RESTING_POINTS,
    SLOW_THRESHOLD,
    reduce_priority,
    tend_back,
)
from notify_core.providers.defaults import DEFAULT_PROVIDERS
from notify_core.providers.model import Provider
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel, ProviderName

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MMG, FIRETEXT = ProviderName.MMG, ProviderName.FIRETEXT


def providers(mmg: int, firetext: int, *, changed: datetime | None = None) -> list[Provider]:
    texts = {one.name: one for one in DEFAULT_PROVIDERS if one.channel is Channel.SMS}
    return [
        evolve(texts[FIRETEXT], priority=firetext, updated_at=changed),
        evolve(texts[MMG], priority=mmg, updated_at=changed),
    ]


def priorities(before: list[Provider], changes: list[Provider]) -> tuple[int, int]:
    """Return the priorities of MMG and Firetext after the changes."""
    after = {one.name: one.priority for one in [*before, *changes]}
    return after[MMG], after[FIRETEXT]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((50, 50), (40, 60)),
        ((0, 20), (0, 30)),
        ((50, 100), (40, 100)),
        ((150, 50), (140, 60)),
        ((-100, 50), (0, 60)),
        ((5, 95), (0, 100)),
        ((0, 100), (0, 100)),
    ],
)
def test_a_step_goes_from_the_one_in_trouble_to_the_other(before: tuple[int, int], after: tuple[int, int]) -> None:
    texts = providers(*before)
    assert priorities(texts, reduce_priority(texts, MMG, now=NOON, threshold=SLOW_THRESHOLD)) == after


def test_a_change_says_when_who_and_why() -> None:
    firetext, mmg = reduce_priority(providers(51, 49), MMG, now=NOON, threshold=SLOW_THRESHOLD)
    assert (mmg.version, mmg.updated_at, mmg.created_by_id) == (2, NOON, NOTIFY_USER_ID)
    assert mmg.reason == "Reduced due to reduced reliability"
    assert firetext.reason == "Increased due to reduced reliability in other provider"


@pytest.mark.parametrize("threshold", [SLOW_THRESHOLD, ERRORS_THRESHOLD])
def test_a_change_has_time_to_show(threshold: timedelta) -> None:
    long_ago = providers(50, 50, changed=NOON - threshold)
    lately = providers(50, 50, changed=NOON - threshold + timedelta(seconds=1))
    assert reduce_priority(lately, MMG, now=NOON, threshold=threshold) == []
    assert len(reduce_priority(long_ago, MMG, now=NOON, threshold=threshold)) == 2


def test_what_was_changed_by_hand_just_now_is_left_alone_too() -> None:
    firetext, mmg = providers(50, 50)
    texts = [evolve(firetext, updated_at=NOON), mmg]
    assert reduce_priority(texts, MMG, now=NOON, threshold=ERRORS_THRESHOLD) == []


def test_nothing_is_moved_when_nobody_can_take_over() -> None:
    firetext, mmg = providers(50, 50)
    alone = [evolve(firetext, active=False), mmg]
    assert reduce_priority(alone, MMG, now=NOON, threshold=SLOW_THRESHOLD) == []
    assert reduce_priority(alone, FIRETEXT, now=NOON, threshold=SLOW_THRESHOLD) == []
    assert reduce_priority([mmg], FIRETEXT, now=NOON, threshold=SLOW_THRESHOLD) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [((50, 50), (60, 40)), ((65, 35), (60, 40)), ((0, 100), (10, 90)), ((100, 100), (90, 90)), ((60, 40), (60, 40))],
)
def test_priorities_go_back_a_step_at_a_time_and_not_too_far(before: tuple[int, int], after: tuple[int, int]) -> None:
    texts = providers(*before)
    changes = tend_back(texts, now=NOON, resting_points={MMG: 60, FIRETEXT: 40})
    assert priorities(texts, changes) == after
    assert {change.reason for change in changes} <= {"Adjusted back to resting point"}


def test_priorities_go_back_only_when_they_were_left_alone() -> None:
    quarter = timedelta(minutes=15)
    assert tend_back(providers(0, 100, changed=NOON - quarter + timedelta(seconds=1)), now=NOON) == []
    assert len(tend_back(providers(0, 100, changed=NOON - quarter), now=NOON)) == 2


def test_what_rests_nowhere_and_what_is_switched_off_stays() -> None:
    firetext, mmg = providers(10, 10)
    assert tend_back([firetext, mmg], now=NOON, resting_points={}) == []
    assert [one.name for one in tend_back([evolve(firetext, active=False), mmg], now=NOON)] == [MMG]


def test_they_rest_where_a_new_platform_begins() -> None:
    assert RESTING_POINTS == {MMG: 51, FIRETEXT: 49}


@given(st.integers(0, 100), st.integers(0, 100))
def test_whatever_happened_they_are_at_rest_again_in_the_end(mmg: int, firetext: int) -> None:
    texts, now = {one.name: one for one in providers(mmg, firetext)}, NOON
    for _ in range(10):
        now += timedelta(minutes=15)
        texts |= {one.name: one for one in tend_back(texts.values(), now=now)}
    assert {name: one.priority for name, one in texts.items()} == RESTING_POINTS


@given(st.lists(st.sampled_from([MMG, FIRETEXT]), max_size=40))
def test_priorities_stay_between_0_and_100(troubled: list[ProviderName]) -> None:
    texts, now = {one.name: one for one in providers(51, 49)}, NOON
    for name in troubled:
        now += SLOW_THRESHOLD
        texts |= {one.name: one for one in reduce_priority(texts.values(), name, now=now, threshold=SLOW_THRESHOLD)}
        assert all(0 <= one.priority <= 100 for one in texts.values())
