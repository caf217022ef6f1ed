"""What a night is made of: steps, each of pieces, and what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from attrs import frozen

Done = Mapping[str, int]
"""What was done, counted: {"days": 1, "rows": 1200}. Nothing to do is no count, or 0."""


@frozen(kw_only=True)
class Piece:
    """A part of a step that succeeds or fails by itself. `label` says which, such as a day. Safe to repeat."""

    label: str
    do: Callable[[], Done]


@frozen(kw_only=True)
class Step:
    """What one entry of the schedule does. `name` is that entry's.

    `pieces` is asked with the London day that has ended. `heeds_day` is whether that makes a difference: the other
    steps do whatever there is to do now.
    """

    name: str
    about: str
    pieces: Callable[[date], Sequence[Piece]]
    heeds_day: bool = False


@frozen(kw_only=True)
class PieceOutcome:
    """How a piece went. `problem` says why it failed, None when it did not. It took `seconds`."""

    label: str
    done: Done
    seconds: float
    problem: str | None = None


@frozen(kw_only=True)
class StepOutcome:
    """How a step went."""

    name: str
    pieces: tuple[PieceOutcome, ...]

    @property
    def done(self) -> Done:
        """What its pieces did, added up."""
        total: Counter[str] = Counter()
        for piece in self.pieces:
            total.update(piece.done)
        return dict(total)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(piece.seconds for piece in self.pieces)

    @property
    def failed(self) -> tuple[PieceOutcome, ...]:
        """The pieces that failed."""
        return tuple(piece for piece in self.pieces if piece.problem is not None)


@frozen(kw_only=True)
class NightOutcome:
    """How the night after the London day `ended` went."""

    ended: date
    steps: tuple[StepOutcome, ...]

    @property
    def is_done(self) -> bool:
        """Whether every piece succeeded."""
        return not any(step.failed for step in self.steps)


class NightLog:
    """Where it is told how far the night is. This one keeps silent; a shell brings one that shows."""

    def begun(self, step: Step, pieces: Sequence[Piece]) -> None:
        """Hear that a step begins, and of which pieces it is made."""

    def done(self, step: Step, piece: PieceOutcome) -> None:
        """Hear how a piece went."""
