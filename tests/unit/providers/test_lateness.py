"""When a provider is slow, and when everybody's texts are late."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from attrs import evolve

from notify_core.providers.defaults import DEFAULT_PROVIDERS
from notify_core.providers.lateness import (
    SMALLEST_SAMPLE,
    Figures,
    Lateness,
    breaches_in_a_row,
    is_breach,
    slow_providers,
)
from notify_core.vocabulary import Channel, ProviderName

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MMG, FIRETEXT = ProviderName.MMG, ProviderName.FIRETEXT
TEXTS = [provider for provider in DEFAULT_PROVIDERS if provider.channel is Channel.SMS]

FAST, SLOW = Lateness(100, 14), Lateness(100, 15)
IDLE, FEW = Lateness(), Lateness(SMALLEST_SAMPLE - 1, SMALLEST_SAMPLE - 1)


@pytest.mark.parametrize(
    ("mmg", "firetext", "slow"),
    [
        (SLOW, FAST, [MMG]),
        (FAST, SLOW, [FIRETEXT]),
        (FAST, FAST, []),
        (SLOW, SLOW, []),  # the networks, then, or the recipients
        (SLOW, IDLE, []),  # an idle provider looks fast, and tells nothing
        (FEW, FAST, []),
        (SLOW, FEW, []),
        (Lateness(SMALLEST_SAMPLE, SMALLEST_SAMPLE), Lateness(SMALLEST_SAMPLE, 0), [MMG]),
    ],
)
def test_a_provider_is_slow_when_another_is_not(mmg: Lateness, firetext: Lateness, slow: list[ProviderName]) -> None:
    assert slow_providers(TEXTS, {MMG: mmg, FIRETEXT: firetext}) == slow


def test_who_had_no_texts_at_all_is_no_reason_to_shift() -> None:
    assert slow_providers(TEXTS, {MMG: SLOW}) == []


def test_who_is_switched_off_is_not_asked() -> None:
    switched_off = [evolve(one, active=one.name is MMG) for one in TEXTS]
    assert slow_providers(switched_off, {MMG: SLOW, FIRETEXT: FAST}) == []


def minute(judged: int, late: int) -> list[Figures]:
    halves = (Lateness(judged - judged // 2, late - late // 2), Lateness(judged // 2, late // 2))
    return [
        Figures(provider=name, measured_at=NOON, within={5: half})
        for name, half in zip((MMG, FIRETEXT), halves, strict=True)
    ]


@pytest.mark.parametrize(
    ("judged", "late", "breach"),
    [(100, 10, True), (100, 9, False), (SMALLEST_SAMPLE, 3, True), (SMALLEST_SAMPLE - 1, 29, False), (0, 0, False)],
)
def test_a_minute_is_a_breach_from_a_tenth_on(judged: int, late: int, breach: bool) -> None:
    assert is_breach(minute(judged, late)) is breach


def test_breaches_are_counted_back_to_the_last_good_minute() -> None:
    bad, good = minute(100, 50), minute(100, 0)
    assert breaches_in_a_row([bad, bad, good, bad]) == 2
    assert breaches_in_a_row([good, bad]) == 0
    assert breaches_in_a_row([bad] * 3) == 3
    assert breaches_in_a_row([]) == 0
