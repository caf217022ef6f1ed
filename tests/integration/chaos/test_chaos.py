"""A small storm over the whole system. `nox -s chaos` is the big one; tests/chaos/ is what it is made of."""

from __future__ import annotations

from tests.chaos import report
from tests.chaos.history import Wrong
from tests.chaos.points import Point
from tests.chaos.storm import Plan, run

PLAN = Plan(messages=800, kills=12, seed=20261121, seconds=20.0)


def test_nothing_is_lost_and_nothing_doubled_whoever_dies() -> None:
    """Every message answered 201 is handed over once, or again where a doubt was counted, and ends truthfully."""
    outcome = run(PLAN)
    assert not outcome.verdict.findings, report.findings(outcome)
    assert outcome.verdict.count(Wrong.LOST) == 0
    assert outcome.verdict.answered == PLAN.messages, "clients ask until they are answered"
    assert outcome.verdict.handed_over >= PLAN.messages
    assert outcome.receipts_refused == 0
    # That it was a storm at all.
    assert sum(outcome.deaths.values()) >= PLAN.kills * 2 // 3, outcome.deaths
    assert any(point in outcome.deaths for point in Point), outcome.deaths
    assert outcome.verdict.doubts > 0
