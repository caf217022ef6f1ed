"""Every minute it is measured how soon texts are delivered, and an alarm is raised once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import field, frozen

from notify_adapters.memory import FixedClock, MemoryDatabase, MemoryErrorRates
from notify_core.providers.lateness import Figures, Lateness
from notify_core.providers.log import ProviderLog
from notify_core.providers.measure import MeasureSmsDelivery
from notify_core.vocabulary import ProviderName
from tests.unit.conftest import Town
from tests.unit.providers.conftest import hand_over

MMG, FIRETEXT = ProviderName.MMG, ProviderName.FIRETEXT
MINUTE = timedelta(minutes=1)


@frozen
class Alarms(ProviderLog):
    """Notes the alarms, and what was measured."""

    raised: list[tuple[Lateness, int]] = field(factory=list)
    heard: list[Figures] = field(factory=list)

    def measured(self, figures: Figures) -> None:
        self.heard.append(figures)

    def texts_are_late(self, all_providers: Lateness, breaches: int) -> None:
        self.raised.append((all_providers, breaches))


def measure_for(town: Town, alarms: Alarms, *, alarm: bool = True) -> MeasureSmsDelivery:
    return MeasureSmsDelivery(
        database=town.platform.database, clock=town.clock, rates=MemoryErrorRates(), alarm=alarm, log=alarms
    )


def bad_minutes(town: Town, measure: MeasureSmsDelivery, minutes: int) -> None:
    """Let time pass in which some texts are never delivered, and measure every minute."""
    for _ in range(minutes):
        hand_over(town, 10, MMG, late=2)
        town.clock.advance(MINUTE)
        measure()


def test_the_tenth_breach_in_a_row_is_told_and_no_other(town: Town) -> None:
    alarms = Alarms()
    measure = measure_for(town, alarms)
    bad_minutes(town, measure, 7)  # the last of these is the first with texts enough that are old enough
    assert alarms.raised == []
    bad_minutes(town, measure, 8)
    assert alarms.raised == []
    bad_minutes(town, measure, 1)
    assert [breaches for _, breaches in alarms.raised] == [10]
    bad_minutes(town, measure, 15)
    assert len(alarms.raised) == 1


def test_a_good_minute_begins_the_count_anew(town: Town) -> None:
    alarms = Alarms()
    measure = measure_for(town, alarms)
    bad_minutes(town, measure, 15)
    town.clock.advance(timedelta(minutes=20))
    assert all(one.slowness == Lateness() for one in measure())
    bad_minutes(town, measure, 15)
    assert alarms.raised == []


def test_the_alarm_can_be_switched_off(town: Town) -> None:
    alarms = Alarms()
    bad_minutes(town, measure_for(town, alarms, alarm=False), 40)
    assert alarms.raised == []
    assert len(alarms.heard) == 80, "it is measured all the same"


def test_a_minute_is_measured_once(town: Town) -> None:
    alarms = Alarms()
    measure = measure_for(town, alarms)
    assert [one.provider for one in measure()] == [FIRETEXT, MMG]
    town.clock.advance(timedelta(seconds=59))
    assert measure() == []
    town.clock.advance(timedelta(seconds=1))
    assert len(measure()) == 2
    assert len(alarms.heard) == 4


def test_errors_of_the_last_minute_are_among_the_figures(clock: FixedClock) -> None:
    rates = MemoryErrorRates()
    rates.add(MMG, 7, now=clock.now)
    figures = MeasureSmsDelivery(database=MemoryDatabase(clock), clock=clock, rates=rates)()
    assert {one.provider: one.errors for one in figures} == {FIRETEXT: 0, MMG: 7}


def test_figures_are_kept_for_a_week(town: Town) -> None:
    measure = measure_for(town, Alarms())
    measure()
    town.clock.advance(timedelta(days=7))
    measure()
    minutes = town.platform.notify.list_sms_delivery_statistics(minutes=8 * 24 * 60)
    assert len(minutes) == 2
    town.clock.advance(MINUTE)
    measure()
    assert len(town.platform.notify.list_sms_delivery_statistics(minutes=8 * 24 * 60)) == 2


@pytest.mark.parametrize("minutes_ago", [0, 4, 6])
def test_a_list_of_providers_tells_their_shares_and_their_latest_figures(town: Town, minutes_ago: int) -> None:
    hand_over(town, 3, MMG)
    hand_over(town, 1, FIRETEXT)
    town.clock.advance(MINUTE)
    figures = {one.provider: one for one in town.platform.notify.measure_sms_delivery()}
    town.clock.advance(minutes_ago * MINUTE)
    standings = {one.provider.name: one for one in town.platform.notify.list_providers()}
    assert list(standings) == [FIRETEXT, MMG, ProviderName.SES, ProviderName.DVLA]
    assert (standings[MMG].share, standings[FIRETEXT].share) == (0.75, 0.25)
    assert standings[ProviderName.SES].share is None
    assert standings[MMG].figures == (figures[MMG] if minutes_ago < 5 else None)


def test_without_texts_there_are_no_shares(town: Town) -> None:
    assert {one.share for one in town.platform.notify.list_providers()} == {None}
