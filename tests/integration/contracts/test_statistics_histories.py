"""The histories of tests/unit/statistics, lived through in PostgreSQL: fewer of them, told the same."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from tests.integration.contracts.conftest import CIPHER, empty
from tests.unit.statistics.histories import SERVICES, Night, Step, counted_plainly, histories, live_through, told


@settings(max_examples=15, deadline=None)
@given(histories, st.sampled_from([None, *SERVICES]))
def test_after_a_night_the_figures_are_those_of_counting_one_by_one(
    postgres_engine: Engine, history: tuple[datetime, list[Step]], service_id: UUID | None
) -> None:
    start, script = history
    clock = FixedClock()
    empty(postgres_engine)
    past = live_through(PostgresDatabase(postgres_engine, CIPHER, clock), start, script, clock)
    Night()(past)
    assert told(past, start, service_id) == counted_plainly(past, service_id)
    Night()(past)
    assert told(past, start, service_id) == counted_plainly(past, service_id)
