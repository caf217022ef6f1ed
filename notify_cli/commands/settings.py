"""`notify settings`: what can be set, and what is."""

from __future__ import annotations

import os

import click

from notify_adapters.settings import described
from notify_cli.output import json_option, show


@click.command()
@json_option
def settings(as_json: bool) -> None:
    """List every setting, its default, and whether it is set. Secret values are never shown."""
    rows = []
    for name, default, required, secret in described():
        value = os.environ.get(name, "")
        shown = ("(set)" if secret else value) if value else ("missing!" if required else "")
        rows.append((name, default, shown))
    show(
        [{"name": name, "default": default, "value": value} for name, default, value in rows],
        as_json=as_json,
        title="Settings",
        columns=("variable", "default", "value"),
        rows=rows,
    )
