"""The arithmetic of what is left, and of when there will be more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from notify_core.limits.admit import bucket_of
from notify_core.limits.ports import LONGEST_WAIT, Bucket
from notify_core.limits.standing import Quota, Standing, seconds_left_today, seconds_until_full
from notify_core.vocabulary import KeyType

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def standing(tokens: float = 999.0, count: int = 1, daily_limit: int = 250_000) -> Standing:
    return Standing(3000, bucket_of(KeyType.NORMAL, 3000), tokens, daily_limit, count, NOON)


@pytest.mark.parametrize(
    ("tokens", "left", "resets_in"),
    [
        (999.0, 999, 1),
        (999.99, 999, 1),
        (1000.0, 1000, 0),
        (950.0, 950, 1),
        (949.5, 949, 2),
        (0.0, 0, 20),
        (0.9, 0, 20),
    ],
)
def test_only_whole_tokens_are_left_and_the_bucket_is_full_when_told(
    tokens: float, left: int, resets_in: int
) -> None:
    minute, _ = standing(tokens).quotas()
    assert minute == Quota("minute", allowed=3000, window=60, left=left, resets_in=resets_in)


@pytest.mark.parametrize(("count", "left"), [(0, 10), (1, 9), (10, 0), (12, 0)])
def test_a_day_that_was_limited_after_the_fact_has_nothing_left(count: int, left: int) -> None:
    _, day = standing(count=count, daily_limit=10).quotas()
    assert day == Quota("day", allowed=10, window=86_400, left=left, resets_in=43_200)


def test_a_bucket_that_does_not_refill_is_not_waited_for_without_end() -> None:
    assert seconds_until_full(Bucket("tokens", 5, 0.0), 4.0) == LONGEST_WAIT
    assert seconds_until_full(Bucket("tokens", 5, 0.0), 5.0) == 0
    assert seconds_until_full(Bucket("tokens", 1000, 0.001), 0.0) == LONGEST_WAIT


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (datetime(2026, 11, 21, tzinfo=UTC), 86_400),
        (datetime(2026, 11, 21, 23, 59, 59, 999_999, tzinfo=UTC), pytest.approx(0.000_001, abs=1e-9)),
        # In a zone where it is already tomorrow.
        (datetime(2026, 6, 2, 0, 30, tzinfo=timezone(timedelta(hours=1))), 1800),
    ],
)
def test_a_day_lasts_until_midnight_utc(now: datetime, seconds: float) -> None:
    assert seconds_left_today(now) == seconds
