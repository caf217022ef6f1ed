"""Texts move away from a provider that fails often, or delivers late."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from attrs import define

from notify_adapters.memory import MemoryErrorRates
from notify_core.directory import Directory
from notify_core.providers.log import ProviderLog
from notify_core.providers.model import ProviderFailed
from notify_core.providers.shift import ReducePriority, WatchErrors
from notify_core.unit_of_work import Database, DatabaseUnavailable, UnitOfWork
from notify_core.vocabulary import Channel, ProviderName
from tests.unit.conftest import Town
from tests.unit.providers.conftest import hand_over

MMG, FIRETEXT = ProviderName.MMG, ProviderName.FIRETEXT


@define
class Counted:
    """Another database, whose transactions are counted."""

    other: Database
    begun: int = 0

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        self.begun += 1
        return self.other.begin()

    def statement(self) -> AbstractContextManager[UnitOfWork]:
        return self.other.statement()


class Away:
    """A database that does not answer."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        raise DatabaseUnavailable("away")

    def statement(self) -> AbstractContextManager[UnitOfWork]:
        raise DatabaseUnavailable("away")


def priorities(town: Town) -> dict[ProviderName, int]:
    with town.platform.database.statement() as work:
        return {provider.name: provider.priority for provider in work.providers.list_for(Channel.SMS)}


def test_failures_of_a_minute_reduce_a_priority(town: Town) -> None:
    fail(town, 50)
    assert priorities(town) == {MMG: 51, FIRETEXT: 49}
    fail(town, 1)
    assert priorities(town) == {MMG: 41, FIRETEXT: 59}
    fail(town, 20)
    assert priorities(town) == {MMG: 41, FIRETEXT: 59}, "one step a minute"
    town.clock.advance(timedelta(minutes=1))
    fail(town, 51)
    assert priorities(town) == {MMG: 31, FIRETEXT: 69}


def test_failures_that_are_far_apart_change_nothing(town: Town) -> None:
    for _ in range(4):
        fail(town, 30)
        town.clock.advance(timedelta(minutes=1))
    assert priorities(town) == {MMG: 51, FIRETEXT: 49}


def fail(town: Town, times: int) -> None:
    """Have so many texts fail at MMG: they go abroad, where no other goes."""
    town.platform.phones.failures.extend(ProviderFailed("no") for _ in range(times))
    ids = [town.text("+1 202 555 0123").id for _ in range(times)]
    town.platform.notify.deliver_sms(ids)


@pytest.mark.parametrize(
    ("mmg", "firetext", "expected"), [(9, 0, {MMG: 41, FIRETEXT: 59}), (9, 9, {MMG: 51, FIRETEXT: 49})]
)
def test_the_slower_of_two_gets_fewer_texts(
    town: Town, mmg: int, firetext: int, expected: dict[ProviderName, int]
) -> None:
    hand_over(town, 30, MMG, late=mmg)
    hand_over(town, 30, FIRETEXT, late=firetext)
    assert town.platform.notify.switch_on_slow_delivery() == [], "too early to judge"
    town.clock.advance(timedelta(minutes=5))
    town.platform.notify.switch_on_slow_delivery()
    assert priorities(town) == expected
    town.clock.advance(timedelta(minutes=4))
    assert town.platform.notify.switch_on_slow_delivery() == [], "the first change has not had its time"


def test_one_process_asks_the_database_only_when_a_change_is_possible(town: Town) -> None:
    database = Counted(town.platform.database)
    directory = Directory(town.platform.database, town.clock)
    rates = MemoryErrorRates()
    watch = WatchErrors(rates, directory, town.clock, ReducePriority(database, town.clock))
    watch({MMG: 51})
    assert database.begun == 1
    directory.forget()
    for _ in range(20):
        watch({MMG: 51})
    assert database.begun == 1


def test_a_database_that_does_not_answer_is_no_matter(town: Town) -> None:
    told: list[str] = []

    class Log(ProviderLog):
        def left_alone(self, name: ProviderName, why: str) -> None:
            told.append(f"{name}: {why}")

    directory = Directory(town.platform.database, town.clock)
    reduce_priority = ReducePriority(Away(), town.clock)
    WatchErrors(MemoryErrorRates(), directory, town.clock, reduce_priority, Log())({MMG: 51})
    assert told == ["mmg: the database does not answer"]
