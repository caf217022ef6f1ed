"""`notify migrate`: bring the database up to date."""

from __future__ import annotations

import click

from notify_cli.output import json_option, settings_from_environment, show


@click.command()
@json_option
def migrate(as_json: bool) -> None:
    """Bring the database up to date, and make the partitions that the coming weeks need.

    Safe to run at any time and from several machines at once: they take turns. Run it before starting a new
    version of the other roles.
    """
    from notify_adapters.assembly import migrate_database

    result = migrate_database(settings_from_environment())
    show(
        {"before": result.before, "after": result.after, "partitions_made": len(result.partitions)},
        as_json=as_json,
        title="Database",
        columns=("before", "after", "partitions made"),
        rows=[(result.before, result.after, len(result.partitions))],
    )
