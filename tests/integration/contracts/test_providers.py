from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_core.errors import Conflict, NotifyError
from notify_core.providers.balance import ERRORS_THRESHOLD, SLOW_THRESHOLD
from notify_core.providers.defaults import DEFAULT_PROVIDERS
from notify_core.providers.model import Provider, next_version
from notify_core.providers.set import LastProvider, ProviderChange, SetProvider
from notify_core.providers.shift import ReducePriority
from notify_core.providers.tend import TendBack
from notify_core.unit_of_work import Database
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel, ProviderName
from tests.integration.contracts.conftest import CIPHER

MMG, FIRETEXT, SES = ProviderName.MMG, ProviderName.FIRETEXT, ProviderName.SES
AT_ONCE = 8


@pytest.mark.parametrize("channel", list(Channel))
def test_a_new_platform_has_the_default_providers(database: Database, channel: Channel) -> None:
    expected = [provider for provider in DEFAULT_PROVIDERS if provider.channel is channel]
    with database.begin() as work:
        assert work.providers.list_for(channel) == sorted(expected, key=lambda provider: provider.name)
        assert work.providers.lock(channel) == work.providers.list_for(channel)
        assert [work.providers.find(provider.name) for provider in expected] == expected


def test_a_new_platform_has_a_history_of_first_versions(database: Database) -> None:
    with database.statement() as work:
        history = work.providers.list_history(limit=10)
    assert history == sorted(DEFAULT_PROVIDERS, key=lambda provider: provider.name)


def change(database: Database, name: ProviderName, clock: FixedClock, reason: str, **more: Any) -> Provider:
    with database.begin() as work:
        before = work.providers.find(name)
        assert before is not None
        after = evolve(next_version(before, at=clock.now, reason=reason, by=NOTIFY_USER_ID), **more)
        work.providers.save(after)
        work.commit()
    return after


def test_every_version_is_kept_whole(database: Database, clock: FixedClock) -> None:
    second = change(database, MMG, clock, "too slow", priority=7)
    clock.advance(timedelta(minutes=1))
    other = change(database, SES, clock, "a test", priority=8)
    clock.advance(timedelta(minutes=1))
    third = change(database, MMG, clock, "broken", active=False)
    with database.statement() as work:
        assert work.providers.find(MMG) == third
        assert third in work.providers.list_for(Channel.SMS)
        assert work.providers.list_history(limit=3) == [third, other, second]
        assert [one.version for one in work.providers.list_history(MMG, limit=10)] == [3, 2, 1]
        assert work.providers.list_history(MMG, limit=1) == [third]
    assert (third.version, third.priority, third.active) == (3, 7, False)


@pytest.mark.parametrize("version", [1, 3])
def test_a_version_comes_after_the_one_before_it(database: Database, clock: FixedClock, version: int) -> None:
    [mmg] = [provider for provider in DEFAULT_PROVIDERS if provider.name is MMG]
    wrong = evolve(mmg, version=version, priority=1)
    with database.begin() as work, pytest.raises(Conflict, match="saved by somebody else"):
        work.providers.save(wrong)
    with database.statement() as work:
        assert work.providers.list_history(MMG, limit=10) == [mmg]


def test_of_many_who_reduce_at_once_one_does(database: Database, clock: FixedClock) -> None:
    together = Barrier(AT_ONCE)

    def reduce(number: int) -> int:
        together.wait(10)
        threshold = ERRORS_THRESHOLD if number % 2 else SLOW_THRESHOLD
        return len(ReducePriority(database, clock)(MMG if number % 3 else FIRETEXT, threshold))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        changed = list(threads.map(reduce, range(AT_ONCE)))
    assert sorted(changed) == [0] * (AT_ONCE - 1) + [2]
    with database.statement() as work:
        providers = work.providers.list_for(Channel.SMS)
        assert sum(provider.priority for provider in providers) == 100
        assert {provider.version for provider in providers} == {2}
        assert len(work.providers.list_history(limit=100)) == len(DEFAULT_PROVIDERS) + 2


def test_of_many_who_tend_back_at_once_one_does(database: Database, clock: FixedClock) -> None:
    ReducePriority(database, clock)(MMG, SLOW_THRESHOLD)
    clock.advance(timedelta(minutes=15))
    with ThreadPoolExecutor(AT_ONCE) as threads:
        changed = list(threads.map(lambda _: len(TendBack(database, clock)()), range(AT_ONCE)))
    assert sorted(changed) == [0] * (AT_ONCE - 1) + [2]


def test_of_two_who_deactivate_the_last_two_one_is_refused(database: Database, clock: FixedClock) -> None:
    together = Barrier(2)

    def deactivate(name: ProviderName) -> type[NotifyError] | None:
        together.wait(10)
        wanted = ProviderChange(name=name, active=False, reason="both at once")
        try:
            SetProvider(database, clock)(wanted)
        except LastProvider as refused:
            return type(refused)
        return None

    change(database, FIRETEXT, clock, "it can send abroad now", supports_international=True)
    with ThreadPoolExecutor(2) as threads:
        refused = list(threads.map(deactivate, (MMG, FIRETEXT)))
    assert refused.count(LastProvider) == 1
    with database.statement() as work:
        assert [provider.active for provider in work.providers.list_for(Channel.SMS)].count(True) == 1


def test_who_reads_does_not_wait_for_who_changes(postgres_engine: Engine, clock: FixedClock) -> None:
    database = PostgresDatabase(postgres_engine, CIPHER, clock)
    with database.begin() as work:
        locked = work.providers.lock(Channel.SMS)
        with database.statement() as other:
            assert other.providers.list_for(Channel.SMS) == locked
