from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from notify_adapters.memory import FixedClock
from notify_core.notifications.status import Status
from notify_core.providers.lateness import Figures, Lateness
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.contracts.conftest import Accept

MMG, FIRETEXT = ProviderName.MMG, ProviderName.FIRETEXT
MINUTE = timedelta(minutes=1)

HandedOver = Callable[..., None]


@pytest.fixture
def handed_over(accept: Accept, clock: FixedClock) -> HandedOver:
    """Store a text that was accepted and handed over at once, so many minutes ago."""

    def hand_over(minutes_ago: float, *, delivered_after: float | None = None, **more: Any) -> None:
        now, sent_at = clock.now, clock.now - minutes_ago * MINUTE
        facts: dict[str, Any] = {"status": Status.SENDING, "sent_by": MMG, "sent_at": sent_at}
        if delivered_after is not None:
            facts |= {"status": Status.DELIVERED, "updated_at": sent_at + delivered_after * MINUTE}
        clock.now = sent_at  # its id is of that time
        accept(**facts | more)
        clock.now = now

    return hand_over


def measured(database: Database, clock: FixedClock) -> dict[ProviderName, dict[int, Lateness]]:
    with database.statement() as work:
        return {name: dict(within) for name, within in work.sms_statistics.measure(clock.now).items()}


def test_without_texts_there_is_nothing_to_measure(database: Database, clock: FixedClock) -> None:
    assert measured(database, clock) == {}


@pytest.mark.parametrize(
    ("minutes_ago", "delivered_after", "expected"),
    [
        (0.5, None, None),
        (0.5, 0.2, None),
        (1, None, {1: (1, 1), 5: (0, 0), 10: (0, 0)}),
        (4, 3, {1: (1, 1), 5: (0, 0), 10: (0, 0)}),
        (4, 0.5, {1: (1, 0), 5: (0, 0), 10: (0, 0)}),
        (5, 4.99, {1: (1, 1), 5: (1, 0), 10: (0, 0)}),
        (5, 5, {1: (1, 1), 5: (1, 1), 10: (0, 0)}),
        (9.9, None, {1: (1, 1), 5: (1, 1), 10: (0, 0)}),
        (14.9, 6, {1: (1, 1), 5: (1, 1), 10: (1, 0)}),
        (14.9, None, {1: (1, 1), 5: (1, 1), 10: (1, 1)}),
        (15.1, None, None),
    ],
)
def test_a_text_is_judged_when_it_has_had_its_time(
    database: Database,
    clock: FixedClock,
    handed_over: HandedOver,
    minutes_ago: float,
    delivered_after: float | None,
    expected: dict[int, tuple[int, int]] | None,
) -> None:
    handed_over(minutes_ago, delivered_after=delivered_after)
    wanted = None if expected is None else {minutes: Lateness(*counts) for minutes, counts in expected.items()}
    assert measured(database, clock).get(MMG) == wanted


@pytest.mark.parametrize("status", sorted(Status))
def test_only_what_was_delivered_or_may_still_be_is_judged(
    database: Database, clock: FixedClock, handed_over: HandedOver, status: Status
) -> None:
    handed_over(6, status=status, updated_at=clock.now)
    judged = status in (Status.SENDING, Status.PENDING, Status.DELIVERED)
    assert (MMG in measured(database, clock)) is judged


@pytest.mark.parametrize(
    "more",
    [
        {"key_type": KeyType.TEST},
        {"international": True},
        {"channel": Channel.EMAIL, "sent_by": ProviderName.SES},
        {"sent_at": None},
        {"sent_by": None, "sent_at": None},
    ],
)
def test_what_says_nothing_of_a_provider_is_left_out(
    database: Database, clock: FixedClock, handed_over: HandedOver, more: dict[str, Any]
) -> None:
    handed_over(6, **more)
    assert measured(database, clock) == {}


def test_each_provider_is_measured_by_its_own_texts(
    database: Database, clock: FixedClock, handed_over: HandedOver
) -> None:
    for number in range(5):
        handed_over(11, delivered_after=1 + number * 2)
    handed_over(6, sent_by=FIRETEXT, key_type=KeyType.TEAM)
    assert measured(database, clock) == {
        MMG: {1: Lateness(5, 5), 5: Lateness(5, 3), 10: Lateness(5, 0)},
        FIRETEXT: {1: Lateness(1, 1), 5: Lateness(1, 1), 10: Lateness(0, 0)},
    }


def test_texts_are_counted_by_who_took_them(database: Database, clock: FixedClock, handed_over: HandedOver) -> None:
    for minutes_ago in (0.1, 5, 9.9, 10, 10.1):
        handed_over(minutes_ago)
    handed_over(3, sent_by=FIRETEXT, status=Status.PERMANENT_FAILURE, international=True)
    handed_over(3, key_type=KeyType.TEST)
    handed_over(3, sent_by=None, sent_at=None, status=Status.CREATED)
    handed_over(3, channel=Channel.EMAIL, sent_by=ProviderName.SES)
    with database.statement() as work:
        taken = work.sms_statistics.count_handed_over(since=clock.now - 10 * MINUTE, now=clock.now)
    assert taken == {MMG: 4, FIRETEXT: 1}


def minute_at(moment: datetime, late: int = 1) -> list[Figures]:
    return [
        Figures(
            provider=name,
            measured_at=moment,
            within={1: Lateness(9, 8), 5: Lateness(7, late), 10: Lateness(3, 0)},
            errors=late * 2,
        )
        for name in (FIRETEXT, MMG)
    ]


def test_figures_are_kept_minute_by_minute(database: Database, clock: FixedClock) -> None:
    minutes = [minute_at(clock.now - number * MINUTE, late=number) for number in range(5)]
    with database.statement() as work:
        for minute in reversed(minutes):
            assert work.sms_statistics.store(list(reversed(minute)))
        assert work.sms_statistics.list_minutes(since=clock.now - 3 * MINUTE, limit=10) == minutes[:4]
        assert work.sms_statistics.list_minutes(since=clock.now - 3 * MINUTE, limit=2) == minutes[:2]
        assert work.sms_statistics.list_minutes(since=clock.now + MINUTE, limit=2) == []
        assert work.sms_statistics.remove_before(clock.now - 3 * MINUTE) == 2
        assert work.sms_statistics.remove_before(clock.now - 3 * MINUTE) == 0
        assert work.sms_statistics.list_minutes(since=clock.now - 9 * MINUTE, limit=10) == minutes[:4]


def test_a_minute_is_stored_once(database: Database, clock: FixedClock) -> None:
    first = minute_at(clock.now)
    with database.statement() as work:
        assert not work.sms_statistics.store([])
        assert work.sms_statistics.store(first[:1])
        assert not work.sms_statistics.store(minute_at(clock.now, late=4))
        assert work.sms_statistics.list_minutes(since=clock.now, limit=1) == [first[:1]]


def test_of_many_who_measure_at_once_one_stores(database: Database, clock: FixedClock) -> None:
    def store(late: int) -> bool:
        with database.begin() as work:
            stored = work.sms_statistics.store(minute_at(clock.now, late))
            work.commit()
        return stored

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(store, range(8)))
    assert outcomes.count(True) == 1
    with database.statement() as work:
        [stored] = work.sms_statistics.list_minutes(since=clock.now, limit=2)
    assert stored == minute_at(clock.now, outcomes.index(True))
