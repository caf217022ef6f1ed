"""`python -m benchmarks`: measure, and print each rate beside its limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

Rows = list[dict[str, Any]]


def _measurements() -> dict[str, Callable[..., Rows]]:
    from benchmarks import accept, bulk, bulk_api, content, deliver, fairness, nights, read

    return {
        "accept": accept.run,
        "read": read.run,
        "deliver": deliver.run,
        "fairness": fairness.run,
        "bulk": bulk.run,
        "bulk-api": bulk_api.run,
        "nights": nights.run,
        "content": content.run,
        "scaling": content.run_scaling,
    }


def _charts() -> dict[str, Callable[[Rows], Iterator[str]]]:
    from benchmarks import nights

    return {"nights": nights.charts}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[accept|read|deliver|fairness|bulk|bulk-api|nights|content|scaling]...")
@click.option("--quick", is_flag=True, help="Short rounds: shows that it works, measures badly.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--charts", "with_charts", is_flag=True, help="Print charts for Markdown, too, of what grows.")
def main(names: tuple[str, ...], quick: bool, as_json: bool, with_charts: bool) -> None:
    """Measure what NAMES say (left out: everything), on this machine, everything on loopback."""
    measurements = _measurements()
    if strangers := set(names) - set(measurements):
        raise click.UsageError(f"No such measurement: {', '.join(sorted(strangers))}.")
    results: dict[str, Rows] = {}
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as progress:
        for name in names or measurements:
            results[name] = measurements[name](quick=quick, progress=progress)
    if as_json:
        click.echo(json.dumps(results, indent=2))
        return
    for name, rows in results.items():
        Console().print(_table(name, rows))
        if with_charts and name in _charts():
            click.echo("\n\n".join(_charts()[name](rows)))


def _table(name: str, rows: Rows) -> Table:
    table = Table(title=name, title_justify="left")
    for column in rows[0]:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()))
    return table


main()
