"""A night: its steps in their order, each piece by itself, of the right day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from notify_adapters.memory import FixedClock
from notify_core.nightly.model import Done, NightLog, Piece, PieceOutcome, Step
from notify_core.nightly.run import FIRST_DAY, NightNotOver, NoSuchStep, RunNight
from notify_core.unit_of_work import DatabaseUnavailable

NIGHT = datetime(2026, 11, 21, 0, 5, tzinfo=UTC)
YESTERDAY = date(2026, 11, 20)


class Diary(NightLog):
    """Steps that write down what is done, and what is told of it."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.lines: list[str] = []
        self.told: list[str] = []

    def begun(self, step: Step, pieces: Sequence[Piece]) -> None:
        self.told.append(f"{step.name}: {len(pieces)}")

    def done(self, step: Step, piece: PieceOutcome) -> None:
        self.told.append(f"{step.name} {piece.label}: {piece.problem or 'done'}")

    def step(self, name: str, *pieces: str, fails: Exception | None = None) -> Step:
        """Return a step whose first piece fails, if any is to."""

        def do(label: str, ended: date) -> Done:
            self.clock.advance(timedelta(seconds=2))
            if fails is not None and label == pieces[0]:
                raise fails
            self.lines.append(f"{name} {label} {ended}")
            return {"rows": 3, "days": 1}

        def made_of(ended: date) -> list[Piece]:
            return [Piece(label=label, do=partial(do, label, ended)) for label in pieces]

        return Step(name=name, about="Something.", pieces=made_of)


def night(clock: FixedClock, *steps: Step) -> RunNight:
    return RunNight(lambda: steps, clock)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NIGHT)


@pytest.fixture
def diary(clock: FixedClock) -> Diary:
    return Diary(clock)


def test_steps_are_done_in_their_order_and_told_as_they_go(diary: Diary, clock: FixedClock) -> None:
    outcome = night(clock, diary.step("first", "a", "b"), diary.step("second", "c"))(log=diary)
    assert diary.lines == [f"first a {YESTERDAY}", f"first b {YESTERDAY}", f"second c {YESTERDAY}"]
    assert diary.told == ["first: 2", "first a: done", "first b: done", "second: 1", "second c: done"]
    assert outcome.is_done
    assert outcome.ended == YESTERDAY
    assert [(step.name, step.done, step.seconds) for step in outcome.steps] == [
        ("first", {"rows": 6, "days": 2}, 4.0),
        ("second", {"rows": 3, "days": 1}, 2.0),
    ]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ZeroDivisionError("07700 900123"), "ZeroDivisionError"),
        (NoSuchStep(["x"]), f"NoSuchStep: {NoSuchStep(['x'])}"),
        (DatabaseUnavailable("it is away"), "DatabaseUnavailable: it is away"),
        (DatabaseUnavailable(), "DatabaseUnavailable"),
    ],
)
def test_a_piece_that_fails_stops_nothing_and_its_text_is_only_told_when_it_is_ours(
    diary: Diary, clock: FixedClock, error: Exception, told: str
) -> None:
    outcome = night(clock, diary.step("first", "a", "b", fails=error), diary.step("second", "c"))()
    assert diary.lines == [f"first b {YESTERDAY}", f"second c {YESTERDAY}"]
    first, second = outcome.steps
    assert not outcome.is_done
    assert [(piece.label, piece.problem, piece.done) for piece in first.failed] == [("a", told, {})]
    assert first.seconds == 4.0, "what failed took time, too"
    assert not second.failed


def test_only_some_steps_are_done_in_the_nights_order(diary: Diary, clock: FixedClock) -> None:
    steps = diary.step("first", "a"), diary.step("second", "b"), diary.step("third", "c")
    outcome = night(clock, *steps)(only=["third", "first"])
    assert [step.name for step in outcome.steps] == ["first", "third"]


def test_a_step_that_there_is_not_is_refused_before_anything_is_done(diary: Diary, clock: FixedClock) -> None:
    with pytest.raises(NoSuchStep, match="no step third in the night; `notify nightly list`"):
        night(clock, diary.step("first", "a"))(only=["first", "third"])
    assert diary.lines == []


@pytest.mark.parametrize("day", [date(2026, 11, 21), date.max, FIRST_DAY - timedelta(days=1), date.min])
def test_a_day_that_has_not_ended_is_refused(diary: Diary, clock: FixedClock, day: date) -> None:
    with pytest.raises(NightNotOver, match=f"day: {day} is not one that has ended; .* to 2026-11-20"):
        night(clock, diary.step("first", "a"))(day)
    assert diary.lines == []


@pytest.mark.parametrize(
    ("now", "ended"),
    [
        # Summer time begins on 29 March and ends on 25 October: London is an hour ahead of UTC in between.
        ("2026-03-29T00:05Z", "2026-03-28"),
        ("2026-03-29T22:59Z", "2026-03-28"),
        ("2026-03-29T23:00Z", "2026-03-29"),
        ("2026-03-30T00:05Z", "2026-03-29"),
        ("2026-10-24T22:59Z", "2026-10-23"),
        ("2026-10-24T23:00Z", "2026-10-24"),
        ("2026-10-25T00:05Z", "2026-10-24"),
        ("2026-10-25T23:59Z", "2026-10-24"),
        ("2026-10-26T00:00Z", "2026-10-25"),
    ],
)
def test_the_night_is_that_of_the_day_that_ended_last_in_london(diary: Diary, now: str, ended: str) -> None:
    clock = FixedClock(datetime.fromisoformat(now))
    assert night(clock, diary.step("first", "a"))().ended == date.fromisoformat(ended)
    assert night(clock, diary.step("first", "a"))(date.fromisoformat(ended)).is_done
    with pytest.raises(NightNotOver):
        night(clock, diary.step("first", "a"))(date.fromisoformat(ended) + timedelta(days=1))
