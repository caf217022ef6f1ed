"""`notify nightly`: the work of a night, done at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from notify_cli.exit_codes import ExitCode
from notify_cli.output import json_option, notify_for_command, show
from notify_cli.parameters import Day
from notify_core.nightly.model import NightLog, NightOutcome, Piece, PieceOutcome, Step, StepOutcome

if TYPE_CHECKING:
    from rich.progress import Progress


@click.group("nightly")
def nightly() -> None:
    """Do the work of a night at once, and see what it is made of.

    What beat has done at its hours, each step here does one piece after the other: without queues, workers or beat.
    """


@nightly.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the steps of a night in their order, by the names that they have in the schedule."""
    with notify_for_command() as platform:
        steps: Sequence[Step] = platform.notify.run_night.steps
    show(
        [{"name": step.name, "about": step.about, "heeds_day": step.heeds_day} for step in steps],
        as_json=as_json,
        title="Steps",
        columns=("name", "what it does", "heeds --day"),
        rows=[(step.name, step.about, step.heeds_day) for step in steps],
    )


@nightly.command()
@click.option("--day", type=Day(), help="The night after this London day, such as 2026-11-20. Left out: yesterday.")
@click.option("--only", multiple=True, metavar="STEP", help="Only this step, as listed; may be repeated.")
@json_option
def run(day: date | None, only: tuple[str, ...], as_json: bool) -> int:
    """Do all steps of a night, or some of them, and tell what each did.

    Repeating it does no harm, nor does running it while the schedule does the same. What fails is told, and stops
    nothing else; then the exit code is 10.
    """
    with notify_for_command() as platform, _shown(visible=not as_json) as log:
        outcome: NightOutcome = platform.notify.run_night(day, only, log)
    show(
        _document(outcome),
        as_json=as_json,
        title=f"The night after {outcome.ended}",
        columns=("step", "pieces", "failed", "done", "seconds"),
        rows=[_row(step) for step in outcome.steps],
    )
    if not as_json:
        for step in outcome.steps:
            for piece in step.failed:
                click.echo(f"{step.name}, {piece.label}: {piece.problem}", err=True)
    return ExitCode.OK if outcome.is_done else ExitCode.UNFINISHED


class _Bars(NightLog):
    """A bar for each step that has begun."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, Any] = {}

    def begun(self, step: Step, pieces: Sequence[Piece]) -> None:
        """Draw the step's bar."""
        self._bars[step.name] = self._progress.add_task(step.name, total=len(pieces))

    def done(self, step: Step, piece: PieceOutcome) -> None:
        """Move it on."""
        del piece
        self._progress.advance(self._bars[step.name])


@contextmanager
def _shown(*, visible: bool) -> Iterator[NightLog]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), disable=not visible, transient=True) as progress:
        yield _Bars(progress)


def _row(step: StepOutcome) -> tuple[object, ...]:
    done = ", ".join(f"{count:,} {what}" for what, count in step.done.items() if count)
    if not done and not step.failed:
        done = "nothing to do"
    return step.name, len(step.pieces), len(step.failed) or None, done or None, f"{step.seconds:.1f}"


def _document(outcome: NightOutcome) -> dict[str, Any]:
    return {
        "day": outcome.ended.isoformat(),
        "ok": outcome.is_done,
        "steps": [
            {
                "name": step.name,
                "done": step.done,
                "seconds": round(step.seconds, 3),
                "pieces": [
                    {
                        "label": piece.label,
                        "done": piece.done,
                        "seconds": round(piece.seconds, 3),
                        "problem": piece.problem,
                    }
                    for piece in step.pieces
                ],
            }
            for step in outcome.steps
        ],
    }
