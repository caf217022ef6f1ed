"""A world in PostgreSQL: applying it again changes no byte, and it comes about as it does in memory."""

# ruff: noqa: S608 - tables are named by us

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock, MemoryDatabase, SequentialIds
from notify_adapters.postgres import PostgresDatabase, ensure_partitions_now
from notify_adapters.postgres.tables import metadata
from notify_core.unit_of_work import Database
from notify_core.worlds.applied import Applied, AppliedWorld, Change
from notify_core.worlds.apply import ApplyWorld
from notify_core.worlds.model import World
from notify_core.worlds.read import read_world
from tests.unit.worlds.test_read import WHOLE

ARCHIVED = {"name": "Parking", "archived": True, "api_keys": [{"name": "k"}], "team": ["jo@example.com"]}


@pytest.fixture
def world() -> World:
    return read_world(WHOLE | {"services": [*WHOLE["services"], ARCHIVED, {"name": "Plain"}]})


def apply_to(database: Database, clock: FixedClock) -> ApplyWorld:
    numbers = count(1)
    return ApplyWorld(database, clock, SequentialIds(clock), lambda: str(UUID(int=next(numbers))), "NOTIFY")


def everything(engine: Engine) -> dict[str, Any]:
    """Return all rows of all tables, with the place on disk and the transaction that wrote each."""
    with engine.connect() as connection:
        return {
            table: connection.exec_driver_sql(f"SELECT ctid::text, xmin::text, * FROM {table} ORDER BY 1").fetchall()
            for table in metadata.tables
        }


def test_applying_again_changes_no_byte(
    own_engine: Engine, own_database: PostgresDatabase, clock: FixedClock, world: World
) -> None:
    ensure_partitions_now(own_engine, clock())
    apply = apply_to(own_database, clock)
    first = apply(world)
    assert first.conflicts == ()
    before = everything(own_engine)
    assert {"users", "service_members", "services", "api_keys", "templates"} <= {k for k, v in before.items() if v}
    clock.advance(timedelta(hours=1))
    second = apply(world)
    assert everything(own_engine) == before
    assert {one.change for one in all_of(second)} == {Change.UNCHANGED}
    assert [one.id for one in all_of(second)] == [one.id for one in all_of(first)]


def test_it_comes_about_as_in_memory(own_database: PostgresDatabase, world: World) -> None:
    results = []
    for kind in ("postgres", "memory"):
        clock = FixedClock()
        database: Database = own_database if kind == "postgres" else MemoryDatabase(clock)
        applied = apply_to(database, clock)(world)
        with database.statement() as work:
            services = work.services.list_all()
            results.append(
                [applied, services]
                + [work.api_keys.list_for(one.id) for one in services]
                + [work.templates.list_all_for(one.id) for one in services]
                + [work.users.list_for(one.id) for one in services]
            )
    assert results[0] == results[1]


def test_a_conflict_that_the_database_finds_spares_the_other_services(
    own_database: PostgresDatabase, clock: FixedClock
) -> None:
    def wanted(name: str, sender_id: int) -> dict[str, Any]:
        return {"name": name, "sms_senders": [{"text": "A", "id": str(UUID(int=sender_id))}]}

    apply = apply_to(own_database, clock)
    apply(read_world({"services": [wanted("Bins", 1)]}))
    applied = apply(read_world({"services": [wanted("Parks", 1), wanted("Roads", 2)]}))
    assert applied.conflicts == ("services.0: service_sms_senders: there is one of that identity already",)
    with own_database.statement() as work:
        assert [one.name for one in work.services.list_all()] == ["Bins", "Roads"]


def test_a_rehearsal_changes_no_byte(
    own_engine: Engine, own_database: PostgresDatabase, clock: FixedClock, world: World
) -> None:
    before = everything(own_engine)
    rehearsed = apply_to(own_database, clock)(world, rehearse=True)
    assert everything(own_engine) == before
    assert {one.change for one in all_of(rehearsed)} == {Change.CREATED}


def all_of(applied: AppliedWorld) -> list[Applied]:
    found: list[Applied] = [*applied.users.values()]
    for service in applied.services.values():
        found += [service, *service.sms_senders.values(), *service.reply_tos.values()]
        found += [*service.api_keys.values(), *service.templates.values(), *service.received_texts]
    return found
