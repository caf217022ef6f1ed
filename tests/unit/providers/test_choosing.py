"""Who carries a message: by weight, never who is down while another is up, and one at a time to find out."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock, MemoryDatabase
from notify_adapters.memory.table import Table
from notify_core.directory import Directory
from notify_core.providers.choosing import Choosing
from notify_core.providers.defaults import DEFAULT_PROVIDERS
from notify_core.providers.model import Choice, NoProvider
from notify_core.vocabulary import Channel, ProviderName

MMG, FIRETEXT, SES = ProviderName.MMG, ProviderName.FIRETEXT, ProviderName.SES


@pytest.fixture
def database(clock: FixedClock) -> MemoryDatabase:
    return MemoryDatabase(clock)


@pytest.fixture
def choosing(database: MemoryDatabase, clock: FixedClock) -> Choosing:
    return Choosing(directory=Directory(database, clock), chance=random.Random(20261121).random, clock=clock)


def bring_down(choosing: Choosing, *names: ProviderName) -> None:
    for name in names:
        for _ in range(5):
            choosing.circuits[name].failed(choosing.clock())


def test_texts_are_spread_by_weight_and_go_abroad_with_who_can(choosing: Choosing) -> None:
    choices = choosing.for_messages(Channel.SMS, 1000)
    counts = Counter(choice.home for choice in choices)
    assert 400 < counts[FIRETEXT] < 600
    assert {choice.abroad for choice in choices} == {MMG}
    assert choosing.for_messages(Channel.EMAIL, 2) == [Choice(home=SES)] * 2


def test_who_is_down_is_not_chosen_while_another_can_carry_it(choosing: Choosing) -> None:
    bring_down(choosing, MMG)
    assert choosing.for_messages(Channel.SMS, 50) == [Choice(home=FIRETEXT, abroad=None)] * 50


def test_when_all_are_down_nobody_is_chosen_and_that_is_said(choosing: Choosing) -> None:
    bring_down(choosing, MMG, FIRETEXT)
    assert choosing.for_messages(Channel.SMS, 3) == [Choice()] * 3
    assert "down at present" in str(choosing.nobody(Channel.SMS, international=False))
    assert "No active provider" in str(choosing.nobody(Channel.LETTER, international=True))


def test_after_the_pause_one_message_of_many_finds_out(choosing: Choosing, clock: FixedClock) -> None:
    bring_down(choosing, SES)
    clock.advance(timedelta(seconds=30))
    assert Counter(choosing.for_messages(Channel.EMAIL, 25)) == {Choice(home=SES): 1, Choice(): 24}
    choosing.circuits[SES].answered()
    assert choosing.for_messages(Channel.EMAIL, 25) == [Choice(home=SES)] * 25


def test_who_is_chosen_to_find_out_and_not_called_lets_another(choosing: Choosing, clock: FixedClock) -> None:
    bring_down(choosing, SES)
    clock.advance(timedelta(seconds=30))
    choices = choosing.for_messages(Channel.EMAIL, 1)
    choosing.unused(choices, [SES])
    assert choosing.for_messages(Channel.EMAIL, 1) == [Choice()]
    choosing.unused(choices, [])
    assert choosing.for_messages(Channel.EMAIL, 1) == choices == [Choice(home=SES)]


def test_another_is_found_where_there_is_one(choosing: Choosing) -> None:
    assert choosing.instead_of({MMG}, Channel.SMS, international=False) is FIRETEXT
    assert choosing.instead_of({FIRETEXT}, Channel.SMS, international=True) is MMG
    assert choosing.instead_of({MMG}, Channel.SMS, international=True) is None
    assert choosing.instead_of({SES}, Channel.EMAIL, international=False) is None
    bring_down(choosing, FIRETEXT)
    assert choosing.instead_of({MMG}, Channel.SMS, international=False) is None


def test_messages_that_nobody_carries_have_a_name_even_when_all_are_down(
    choosing: Choosing, database: MemoryDatabase
) -> None:
    bring_down(choosing, MMG, FIRETEXT)
    assert choosing.for_test(Channel.SMS, international=True) is MMG
    database._work.providers = type(database._work.providers)(
        Table([]), tuple(evolve(provider, active=False) for provider in DEFAULT_PROVIDERS)
    )
    choosing.directory.forget()
    with pytest.raises(NoProvider):
        choosing.for_test(Channel.SMS, international=True)
