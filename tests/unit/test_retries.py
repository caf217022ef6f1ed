"""Retries as tables: what is tried again when, and what is given up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_core.retries import (
    BROADCAST_RETRIES,
    CALLBACK_RETRIES,
    EMAIL_RETRIES,
    LETTER_RETRIES,
    QUOTA_SPENT,
    SMS_RETRIES,
    THROTTLED,
    GiveUp,
    RetryAfter,
    RetryPolicy,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
attempts = st.integers(1, 10_000)
chances = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("policy", "retries", "first", "then"),
    [
        (SMS_RETRIES, 48, timedelta(0), 5 * MINUTE),
        (EMAIL_RETRIES, 48, 5 * MINUTE, 5 * MINUTE),
        (LETTER_RETRIES, 55, 3 * MINUTE, 3 * MINUTE),
    ],
)
def test_the_waits_between_attempts(policy: RetryPolicy, retries: int, first: timedelta, then: timedelta) -> None:
    decisions = [policy.after(attempt) for attempt in range(1, retries + 2)]
    assert decisions == [RetryAfter(first), *[RetryAfter(then)] * (retries - 1), GiveUp()]


@given(st.integers(1, 8), chances, chances)
def test_who_throttles_is_left_alone_longer_each_time(attempt: int, one: float, another: float) -> None:
    first, second = THROTTLED.delay(attempt, one), THROTTLED.delay(attempt + 1, another)
    assert first < second or second == 15 * MINUTE


@given(attempts, chances)
def test_throttling_never_waits_longer_than_a_queue_can_hold_a_message(attempt: int, chance: float) -> None:
    assert 45 * timedelta(seconds=1) <= THROTTLED.delay(attempt, chance) <= 15 * MINUTE


@given(attempts, chances)
def test_a_spent_quota_is_looked_at_about_once_an_hour(attempt: int, chance: float) -> None:
    assert 45 * MINUTE <= QUOTA_SPENT.delay(attempt, chance) <= 75 * MINUTE


def test_two_that_were_throttled_together_come_back_apart() -> None:
    assert THROTTLED.delay(3, 0.1) != THROTTLED.delay(3, 0.9)


@given(attempts)
def test_a_broadcast_is_never_given_up(attempt: int) -> None:
    assert BROADCAST_RETRIES.after(attempt) == RetryAfter(timedelta(seconds=min(2**attempt, 240)))


def test_a_callback_is_tried_for_three_days() -> None:
    age = timedelta(0)
    waits: list[timedelta] = []
    while isinstance(decision := CALLBACK_RETRIES.after(len(waits) + 1, age), RetryAfter):
        waits.append(decision.delay)
        age += decision.delay
    seconds = [5, 30, 120, 600, 1800, 3600, 7200, 14400]
    assert waits[:8] == [timedelta(seconds=each) for each in seconds]
    assert set(waits[8:]) == {6 * HOUR}
    assert 3 * DAY < age <= 3 * DAY + 6 * HOUR


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (None, 5),
        (timedelta(0), 5),
        (timedelta(seconds=-3), 5),
        (timedelta(seconds=4), 5),
        (timedelta(seconds=90), 90),
        (DAY, 86400),
        (30 * DAY, 86400),
    ],
)
def test_a_receiver_can_ask_for_more_patience_within_reason(asked: timedelta | None, given: int) -> None:
    assert CALLBACK_RETRIES.after(1, timedelta(0), asked) == RetryAfter(timedelta(seconds=given))


def test_a_callback_is_given_up_by_age_and_not_by_count() -> None:
    assert isinstance(CALLBACK_RETRIES.after(1000, 3 * DAY), RetryAfter)
    assert CALLBACK_RETRIES.after(1, 3 * DAY + timedelta(seconds=1)) == GiveUp()
