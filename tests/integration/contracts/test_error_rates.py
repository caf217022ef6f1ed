"""What every ErrorRates does: the one in memory, and Redis's."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from notify_adapters.embedded import free_port
from notify_adapters.memory import MemoryErrorRates
from notify_adapters.redis import RedisErrorRates
from notify_core.providers.ports import ErrorRates
from notify_core.vocabulary import ProviderName
from tests.integration.contracts.conftest import troubled

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MMG, FIRETEXT = ProviderName.MMG, ProviderName.FIRETEXT
KEY = "notify:mmg-error-rate"


@pytest.fixture
def redis_rates(redis_url: str) -> Iterator[RedisErrorRates]:
    with Redis.from_url(redis_url) as client:
        client.delete(KEY, "notify:firetext-error-rate")
    rates = RedisErrorRates(redis_url, MemoryErrorRates(), troubled)
    yield rates
    rates.close()


@pytest.fixture(params=["memory", "redis"])
def rates(request: pytest.FixtureRequest) -> ErrorRates:
    return MemoryErrorRates() if request.param == "memory" else request.getfixturevalue("redis_rates")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_errors_of_the_last_minute_are_counted(rates: ErrorRates) -> None:
    assert rates.add(MMG, 3, now=after(0)) == 3
    assert rates.add(MMG, 2, now=after(0.9)) == 5
    assert rates.add(MMG, 1, now=after(30)) == 6
    assert rates.add(MMG, 1, now=after(59.9)) == 7
    assert rates.add(MMG, 1, now=after(60)) == 3
    assert rates.add(MMG, 1, now=after(200)) == 1


def test_adding_none_only_asks(rates: ErrorRates) -> None:
    assert rates.add(MMG, 0, now=NOON) == 0
    rates.add(MMG, 4, now=NOON)
    assert rates.add(MMG, 0, now=after(1)) == 4
    assert rates.add(MMG, 0, now=after(60)) == 0


def test_each_provider_has_a_count_of_its_own(rates: ErrorRates) -> None:
    rates.add(MMG, 4, now=NOON)
    assert rates.add(FIRETEXT, 1, now=NOON) == 1
    assert rates.add(MMG, 0, now=NOON) == 4


def test_clocks_need_not_agree(rates: ErrorRates) -> None:
    assert rates.add(MMG, 1, now=after(10)) == 1
    assert rates.add(MMG, 1, now=after(8)) == 1, "what is ahead of the clock counts when it is reached"
    assert rates.add(MMG, 0, now=after(10)) == 2


def test_nothing_is_lost_when_many_add_at_once(rates: ErrorRates) -> None:
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda _: rates.add(MMG, 1, now=NOON), range(200)))
    assert sorted(counts) == list(range(1, 201))


def test_what_is_in_redis_is_small_and_has_an_end(redis_url: str, redis_rates: RedisErrorRates) -> None:
    for seconds in range(200):
        redis_rates.add(MMG, 1000, now=after(seconds))
    with Redis.from_url(redis_url) as client:
        assert client.hlen(KEY) == 60
        ends_in = client.ttl(KEY)
        assert isinstance(ends_in, int)
        assert 60 < ends_in <= 120


def test_without_redis_each_process_counts_and_says_so_once() -> None:
    told: list[str] = []
    rates = RedisErrorRates(f"redis://127.0.0.1:{free_port()}", MemoryErrorRates(), told.append)
    assert [rates.add(MMG, 1, now=NOON) for _ in range(3)] == [1, 2, 3]
    assert told == ["Redis cannot be used (ConnectionError): providers' errors are counted in each process"]
    rates.close()
