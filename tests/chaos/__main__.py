"""`python -m tests.chaos`: let the storm rage, and say what is wrong afterwards."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.chaos import report
from tests.chaos.storm import News, Plan, run

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
# So that the next death finds a system that works again.
_SECONDS_FOR_A_KILL = 5.0
_MESSAGES_A_SECOND = 20.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--messages", type=click.IntRange(min=1), default=20_000, show_default=True, help="How many are sent.")
@click.option("--kills", type=click.IntRange(min=0), default=200, show_default=True, help="How often one is killed.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same plan.")
@click.option("--seconds", type=click.FloatRange(min=1), help="How long it rages. Left out: as long as that takes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and leave the documentation as it is.")
def main(messages: int, kills: int, seed: int, seconds: float | None, as_json: bool) -> None:
    """Send messages through the whole system while its processes are killed, and check that none is lost or doubled.

    Writes the report into docs/reliability.md. Ends with 1 when anything is wrong, and says what.
    """
    lasts = seconds or max(kills * _SECONDS_FOR_A_KILL, messages / _MESSAGES_A_SECOND)
    plan = Plan(messages=messages, kills=kills, seed=seed, seconds=lasts)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[news]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=messages, news="")

        def tell(news: News) -> None:
            left = "" if news.left is None else f", {news.left} left to do"
            said = f"{news.sent:,}/{messages:,} sent, {news.killed}/{kills} killed{left}"
            progress.update(task, description=news.step, completed=news.sent, news=said)

        outcome = run(plan, tell)
    if as_json:
        click.echo(json.dumps(report.as_json(outcome), indent=2))
    else:
        section = report.as_markdown(outcome, datetime.now(UTC).date())
        report.write_into(DOCUMENT, section)
        click.echo(section)
    if outcome.verdict.findings:
        click.echo(report.findings(outcome), err=True)
        sys.exit(1)


main()
