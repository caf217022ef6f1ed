"""The circuit breaker: who is down is left in peace, and is asked by one at a time whether it is back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from notify_core.providers.circuit import Circuit

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def circuit() -> Circuit:
    return Circuit()


@pytest.fixture
def broken(circuit: Circuit) -> Circuit:
    for _ in range(5):
        circuit.failed(NOW)
    return circuit


def test_four_failures_in_a_row_are_nothing(circuit: Circuit) -> None:
    for _ in range(10):
        for _ in range(4):
            circuit.failed(NOW)
        circuit.answered()
    assert circuit.admit(NOW)
    assert not circuit.is_open


def test_the_fifth_opens_it_for_half_a_minute(broken: Circuit) -> None:
    assert broken.is_open
    assert not broken.admit(after(29.9))
    assert broken.would_admit(after(30))


def test_then_one_alone_finds_out(broken: Circuit) -> None:
    assert [broken.admit(after(30)) for _ in range(3)] == [True, False, False]
    broken.answered()
    assert all(broken.admit(after(30)) for _ in range(3))


def test_the_one_that_finds_out_is_one_among_threads_too(broken: Circuit) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: broken.admit(after(30)), range(200))) == 1


def test_while_it_stays_down_the_pauses_grow_to_five_minutes(broken: Circuit) -> None:
    now, pauses = after(30), []
    for _ in range(6):
        assert broken.admit(now)
        broken.failed(now)
        pause = next(seconds for seconds in range(1000) if broken.would_admit(now + seconds * SECOND))
        pauses.append(pause)
        now += pause * SECOND
    assert pauses == [60, 120, 240, 300, 300, 300]


def test_after_it_was_back_the_first_pause_is_short_again(broken: Circuit) -> None:
    broken.admit(after(30))
    broken.failed(after(30))
    broken.admit(after(90))
    broken.answered()
    for _ in range(5):
        broken.failed(after(100))
    assert broken.would_admit(after(130))


def test_failures_of_calls_that_began_before_it_opened_are_no_news(broken: Circuit) -> None:
    for _ in range(20):
        broken.failed(after(9))
    assert broken.would_admit(after(30))


def test_who_was_let_through_and_never_said_how_it_went_is_forgotten(broken: Circuit) -> None:
    assert broken.admit(after(30))
    assert not broken.admit(after(59))
    assert broken.admit(after(60))


def test_who_was_let_through_and_made_no_call_lets_the_next_one(broken: Circuit) -> None:
    assert broken.admit(after(30))
    broken.release(after(31))
    assert broken.admit(after(31))


def test_nobody_lets_others_through_who_was_not_let_through(broken: Circuit) -> None:
    broken.release(after(5))
    assert not broken.admit(after(6))
