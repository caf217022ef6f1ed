"""`notify partitions`: the parts of the tables for messages, by the month and by the day."""

from __future__ import annotations

import click

from notify_cli.output import json_option, notify_for_command, show


@click.group("partitions")
def partitions() -> None:
    """See and make the parts of the tables for messages.

    Facts have one for each month, what is personal one for each day on which it goes. They are made a hundred days
    ahead, every hour. What has none goes to its table's default partition, which is meant to be empty.
    """


@partitions.command()
@json_option
def create(as_json: bool) -> None:
    """Make those that are missing, and move into them what went to a default partition meanwhile."""
    with notify_for_command() as platform:
        made = platform.ensure_partitions()
    show({"made": made}, as_json=as_json, title="Partitions made", columns=("name",), rows=[(name,) for name in made])


@partitions.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List them: how many rows each has, which PostgreSQL estimates, and how big it is with its indexes.

    Rows of default partitions are counted.
    """
    with notify_for_command() as platform:
        found = platform.list_partitions()
    show(
        [
            {
                "table": one.table,
                "name": one.name,
                "period": one.period,
                "default": one.is_default,
                "rows": one.rows,
                "bytes": one.size,
            }
            for one in found
        ],
        as_json=as_json,
        title="Partitions",
        columns=("table", "period", "rows", "kB"),
        rows=[(one.table, one.period or "default", one.rows, one.size // 1024) for one in found],
    )
