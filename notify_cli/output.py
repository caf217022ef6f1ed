"""How commands show what they found: a table for people, JSON for scripts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import click

from notify_adapters.settings import Settings, read_settings

_Command = TypeVar("_Command", bound=Callable[..., Any])


def json_option(command: _Command) -> _Command:
    """Add --json to a command, which gets it as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(command)


def service_option(command: _Command) -> _Command:
    """Add --service to a command, which gets it as `service_id`."""
    return click.option(
        "--service", "service_id", type=click.UUID, required=True, help="The service's id: `notify service list`."
    )(command)


def settings_from_environment() -> Settings:
    """Read the settings. Raises ConfigurationError."""
    return read_settings(os.environ)


@contextmanager
def notify_for_command() -> Iterator[Any]:
    """Lend the platform to one command. Raises ConfigurationError."""
    from notify_adapters.assembly import Role, assemble

    platform = assemble(settings_from_environment(), Role.COMMAND)
    try:
        yield platform
    finally:
        platform.close()


def show(
    document: object, *, as_json: bool, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """Print `document` as JSON, or `rows` as a table."""
    if as_json:
        click.echo(json.dumps(document, indent=2, default=_plain))
        return
    if not rows:
        click.echo(f"No {title.lower()}.")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    Console().print(table)


def one_or_all(documents: Sequence[object], *, one: bool) -> object:
    """Return what `show` is to print as JSON: the only document where a command is about one thing, else a list."""
    return documents[0] if one else documents


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    return str(value)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)
