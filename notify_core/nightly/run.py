"""Do a night's work at once, one piece after the other, without queues, workers or beat.

For an installation that was down, an operator who wants a day counted again, and tests. The tasks of the schedule do
the same by the same use cases, a piece at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta

from attrs import frozen

from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.errors import NotFound, NotifyError
from notify_core.files.ports import FilesUnavailable
from notify_core.nightly.model import NightLog, NightOutcome, Piece, PieceOutcome, Step, StepOutcome
from notify_core.unit_of_work import DatabaseUnavailable

_ONE_DAY = timedelta(days=1)
# Nobody has sent anything with the platform before, and days are counted back from here.
FIRST_DAY = date(2016, 1, 1)
_SILENT = NightLog()


class NightNotOver(NotifyError):
    """The day has not ended in London yet, or lies before everything."""

    code = "night-not-over"

    def __init__(self, day: date, last: date) -> None:
        super().__init__(f"day: {day} is not one that has ended; give one from {FIRST_DAY} to {last}")


class NoSuchStep(NotFound):
    """The night has no step of that name."""

    code = "no-such-step"

    def __init__(self, strangers: Collection[str]) -> None:
        names = ", ".join(sorted(strangers))
        super().__init__(f"There is no step {names} in the night; `notify nightly list` shows those that there are")


@frozen
class RunNight:
    """Do what the schedule does in the night after a day, in the same order."""

    list_steps: Callable[[], tuple[Step, ...]]
    clock: Clock

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in their order."""
        return self.list_steps()

    def __call__(
        self, ended: date | None = None, only: Collection[str] = (), log: NightLog = _SILENT
    ) -> NightOutcome:
        """Do the steps, or those named in `only`, of the night after the London day `ended`, by default yesterday.

        A piece that fails stops neither its step nor those after it. Safe to repeat, and to run beside the schedule.
        Raises NightNotOver and NoSuchStep before anything is done.
        """
        last = london_date(self.clock()) - _ONE_DAY
        ended = last if ended is None else ended
        if not FIRST_DAY <= ended <= last:
            raise NightNotOver(ended, last)
        steps = self.steps
        if strangers := set(only) - {step.name for step in steps}:
            raise NoSuchStep(strangers)
        wanted = [step for step in steps if not only or step.name in only]
        return NightOutcome(ended=ended, steps=tuple(self._do_step(step, ended, log) for step in wanted))

    def _do_step(self, step: Step, ended: date, log: NightLog) -> StepOutcome:
        pieces = step.pieces(ended)
        log.begun(step, pieces)
        return StepOutcome(name=step.name, pieces=tuple(self._do_pieces(step, pieces, log)))

    def _do_pieces(self, step: Step, pieces: Collection[Piece], log: NightLog) -> Iterator[PieceOutcome]:
        for piece in pieces:
            outcome = self._do(piece)
            log.done(step, outcome)
            yield outcome

    def _do(self, piece: Piece) -> PieceOutcome:
        begun = self.clock()
        done, problem = {}, None
        try:
            done = dict(piece.do())
        except Exception as error:  # noqa: BLE001 - whatever it is, the other pieces have nothing to do with it
            problem = _told(error)
        seconds = (self.clock() - begun).total_seconds()
        return PieceOutcome(label=piece.label, done=done, seconds=seconds, problem=problem)


def _told(error: Exception) -> str:
    """Return what can be told of an error: of a stranger only its name, for its text may be personal."""
    if isinstance(error, NotifyError | DatabaseUnavailable | FilesUnavailable) and str(error):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__
