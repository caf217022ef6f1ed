"""When a callback is tried again, and how long an endpoint is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notify_core.callbacks.model import Answer, Health, health_after
from notify_core.callbacks.retry_after import read_retry_after
from notify_core.retries import CALLBACK_RETRIES, RetryAfter

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DOWN, UP = Answer(failure="timed out", milliseconds=5000), Answer(status=200, milliseconds=20)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("90", 90),
        (" 90 ", 90),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 60),
        ("999999999999999999999", 86400),
        ("Tue, 21 Nov 2028 12:01:00 GMT", 86400),
        ("0", None),
        ("-5", None),
        ("Sat, 21 Nov 2026 11:01:00 GMT", None),
        ("soon", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_an_endpoint_can_ask_for_a_wait_of_a_day_at_most(header: str | None, seconds: int | None) -> None:
    wait = read_retry_after(header, NOW)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


def test_the_longer_wait_counts() -> None:
    assert CALLBACK_RETRIES.after(1, timedelta(0), timedelta(hours=1)) == RetryAfter(timedelta(hours=1))
    assert CALLBACK_RETRIES.after(5, timedelta(0), timedelta(seconds=1)) == RetryAfter(timedelta(minutes=30))


def test_five_failures_in_a_row_bring_a_pause_that_doubles_with_each_probe() -> None:
    health, pauses = Health(), []
    for _ in range(4):
        health = health_after(health, [DOWN], now=NOW)
        assert health.paused_until is None
        assert health.calls_at_once == 25
    for _ in range(8):
        health = health_after(health, [DOWN], now=NOW)
        assert health.paused_until is not None
        assert health.calls_at_once == 1
        pauses.append((health.paused_until - NOW).total_seconds())
    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]
    assert health_after(health, [UP], now=NOW) == Health()


def test_many_that_fail_at_once_bring_the_first_pause() -> None:
    health = health_after(Health(), [DOWN] * 25, now=NOW)
    assert health.paused_until == NOW + timedelta(seconds=30)


def test_any_answer_shows_that_somebody_is_at_home() -> None:
    for answer in (UP, Answer(status=404, milliseconds=1), Answer(status=302, milliseconds=1)):
        assert health_after(Health(consecutive_failures=4), [DOWN, answer], now=NOW).consecutive_failures == 0


def test_a_slow_endpoint_is_ailing_for_five_minutes() -> None:
    health = health_after(Health(), [Answer(status=200, milliseconds=2001)], now=NOW)
    assert health.is_ailing(NOW + timedelta(minutes=4))
    assert not health.is_ailing(NOW + timedelta(minutes=5))


def test_who_asks_for_quiet_gets_it_for_a_quarter_of_an_hour_at_most() -> None:
    slow_down = Answer(status=429, milliseconds=1, retry_after="60")
    health = health_after(Health(), [slow_down, UP], now=NOW, asked_to_wait=timedelta(seconds=60))
    assert (health.consecutive_failures, health.paused_until) == (0, NOW + timedelta(seconds=60))
    health = health_after(Health(), [slow_down], now=NOW, asked_to_wait=timedelta(days=1))
    assert health.paused_until == NOW + timedelta(minutes=15)
