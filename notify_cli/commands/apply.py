"""`notify apply`: services with all that is theirs, from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

import click

from notify_cli.output import json_option, notify_for_command, show
from notify_cli.worlds import load_world, world_document
from notify_core.errors import Conflict
from notify_core.worlds.read import world_schema

# What the document calls its parts, and what people call one of each.
_PARTS = {"sms_senders": "sender", "reply_tos": "reply-to", "api_keys": "API key", "templates": "template"}


@click.command()
@click.argument("file", required=False, type=click.File(encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and do nothing.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of these files instead.")
@json_option
def apply(file: IO[str] | None, *, dry_run: bool, schema: bool, as_json: bool) -> None:
    """Make the database hold the services that FILE describes, in JSON or YAML; - for standard input.

    Creates what is missing, changes what differs, and leaves alone what the file does not mention, so that
    applying it again changes nothing. Everything is known by its name. docs/world.md describes the file.

    With --json, every id and key is printed under the file's own names. Exits with 5 when the file will not
    do (then nothing is written), or when it contradicts what cannot be changed (then the other services are).
    """
    if schema:
        click.echo(json.dumps(world_schema(), indent=2, ensure_ascii=False))
        return
    if file is None:
        raise click.UsageError("Name the FILE to apply; - stands for standard input.")
    world = load_world(file)
    with notify_for_command() as platform:
        applied = platform.notify.apply_world(world, rehearse=dry_run)
    document = world_document(applied, rehearsed=dry_run)
    show(
        document,
        as_json=as_json,
        title="What would be done" if dry_run else "What was done",
        columns=("what", "name", "change", "id"),
        rows=list(_rows(document)),
    )
    if applied.conflicts:
        listed = "\n".join(f"  - {conflict}" for conflict in applied.conflicts)
        raise Conflict(f"What contradicts the database was not applied:\n{listed}")


def _rows(document: dict[str, Any]) -> Iterator[tuple[str, str, str, str | None]]:
    for address, user in document["users"].items():
        yield "user", address, user["change"], user["id"]
    for name, service in document["services"].items():
        changed = ", ".join(service["changed_fields"])
        yield "service", name, f"{service['change']}: {changed}" if changed else service["change"], service["id"]
        for part, what in _PARTS.items():
            for called, one in service[part].items():
                yield f"  {what}", called, one["change"], one["id"]
        for number, text in enumerate(service["received_texts"], start=1):
            yield "  received text", str(number), text["change"], text["id"]
