"""`notify status`: is everything we depend on there, and is anything piling up."""

from __future__ import annotations

import click

from notify_cli.exit_codes import ExitCode
from notify_cli.output import json_option, notify_for_command, show


@click.command()
@json_option
def status(as_json: bool) -> int:
    """Ask the database, the queues and Redis how they are. Exits with 9 when one does not answer."""
    with notify_for_command() as platform:
        found = platform.health.check()
    show(
        {
            "ok": all(dependency.ok for dependency in found),
            "dependencies": [
                {"name": one.name, "ok": one.ok, "milliseconds": round(one.milliseconds, 1), "detail": one.detail}
                for one in found
            ],
        },
        as_json=as_json,
        title="Status",
        columns=("part", "answers", "ms", "detail"),
        rows=[(one.name, one.ok, f"{one.milliseconds:.1f}", one.detail) for one in found],
    )
    return ExitCode.OK if all(dependency.ok for dependency in found) else ExitCode.UNHEALTHY
