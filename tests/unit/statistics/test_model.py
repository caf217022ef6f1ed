from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from notify_core.notifications.status import Status
from notify_core.statistics.model import (
    InvalidPeriod,
    Period,
    ProcessingTime,
    StatusCount,
    Totals,
    added_up,
    total,
)
from notify_core.vocabulary import Channel, KeyType


def count(status: Status, messages: int = 1, channel: Channel = Channel.SMS, day: date | None = None) -> StatusCount:
    return StatusCount(channel=channel, key_type=KeyType.NORMAL, status=status, messages=messages, day=day)


@pytest.mark.parametrize(
    ("status", "requested", "delivered", "failed"),
    [
        (Status.CREATED, 1, 0, 0),
        (Status.SENDING, 1, 0, 0),
        (Status.PENDING, 1, 0, 0),
        (Status.PENDING_VIRUS_CHECK, 1, 0, 0),
        (Status.SENT, 1, 1, 0),
        (Status.DELIVERED, 1, 1, 0),
        (Status.FAILED, 1, 0, 1),
        (Status.TECHNICAL_FAILURE, 1, 0, 1),
        (Status.TEMPORARY_FAILURE, 1, 0, 1),
        (Status.PERMANENT_FAILURE, 1, 0, 1),
        (Status.VALIDATION_FAILED, 1, 0, 1),
        (Status.VIRUS_SCAN_FAILED, 1, 0, 1),
        (Status.RETURNED_LETTER, 1, 0, 0),
        (Status.CANCELLED, 0, 0, 0),
    ],
)
def test_what_each_status_counts_as(status: Status, requested: int, delivered: int, failed: int) -> None:
    assert total([count(status, 3)]) == Totals(requested * 3, delivered * 3, failed * 3)


def test_a_failure_rate_needs_messages() -> None:
    assert Totals().failure_rate is None
    assert total([count(Status.FAILED), count(Status.SENDING, 3)]).failure_rate == 0.25
    assert total([count(Status.FAILED), count(Status.SENDING, 3)]).waiting == 3


def test_alike_counts_become_one_and_others_stay_apart() -> None:
    day = date(2026, 11, 21)
    counts = [count(Status.SENT), count(Status.SENT, 2), count(Status.SENT, 4, day=day), count(Status.FAILED)]
    expected = (count(Status.FAILED), count(Status.SENT, 3), count(Status.SENT, 4, day=day))
    assert added_up(counts) == added_up(reversed(counts)) == expected


def test_periods() -> None:
    assert Period.month(2026, 12) == Period(date(2026, 12, 1), date(2026, 12, 31))
    assert len(Period.financial_year(2027).days()) == 366
    assert date(2027, 3, 31) in Period.financial_year(2026)
    assert date(2027, 4, 1) not in Period.financial_year(2026)
    assert Period.last_days(date(2026, 3, 1), 0).days() == [date(2026, 3, 1)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Period(date(2026, 3, 2), date(2026, 3, 1)),
        lambda: Period.month(2026, 13),
        lambda: Period.month(0, 1),
        lambda: Period.month(9999, 12),
        lambda: Period.financial_year(0),
        lambda: Period.financial_year(9999),
        lambda: Period.last_days(date(2026, 3, 1), 10**9),
        lambda: Period.last_days(date(2026, 3, 1), 10**12),
        lambda: Period.last_days(date(2026, 3, 1), -1),
    ],
)
def test_what_is_no_period_is_refused(make: Callable[[], Period]) -> None:
    with pytest.raises(InvalidPeriod):
        make()


def test_all_of_nothing_was_in_time() -> None:
    day = date(2026, 11, 21)
    assert ProcessingTime(day=day, total=0, within_10_seconds=0).percentage == 100
    assert ProcessingTime(day=day, total=8, within_10_seconds=6).percentage == 75
