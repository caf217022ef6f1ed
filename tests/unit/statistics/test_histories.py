"""Whatever happens on whichever nights: after one of them, what is told is what counting one by one finds."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from notify_adapters.memory import FixedClock, MemoryDatabase
from tests.unit.statistics.histories import SERVICES, Night, Step, counted_plainly, histories, live_through, told


@settings(max_examples=300, deadline=None)
@given(histories, st.sampled_from([None, *SERVICES]))
def test_after_a_night_the_figures_are_those_of_counting_one_by_one(
    history: tuple[datetime, list[Step]], service_id: UUID | None
) -> None:
    start, script = history
    clock = FixedClock()
    past = live_through(MemoryDatabase(clock), start, script, clock)
    Night()(past)
    assert told(past, start, service_id) == counted_plainly(past, service_id)
    Night(times=2)(past)
    assert told(past, start, service_id) == counted_plainly(past, service_id)


@settings(max_examples=100, deadline=None)
@given(histories)
def test_with_no_night_at_all_the_last_days_are_right(history: tuple[datetime, list[Step]]) -> None:
    start, script = history
    clock = FixedClock()
    past = live_through(MemoryDatabase(clock), start, [step for step in script if not isinstance(step, Night)], clock)
    recent = clock.now - timedelta(days=3)
    plainly = counted_plainly(past, None)
    expected = {key: messages for key, messages in plainly.items() if key[0] >= recent.date()}
    assert {key: messages for key, messages in told(past, start, None).items() if key[0] >= recent.date()} == expected
