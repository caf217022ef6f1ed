"""`notify contact-list`: files of recipients that services keep, to write to the same people again."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from notify_cli.output import json_option, notify_for_command, one_or_all, service_option, show
from notify_core.contact_lists.model import CHANNELS, ShownContactList
from notify_core.vocabulary import Channel


@click.group("contact-list")
def contact_lists() -> None:
    """Keep files of recipients for services, and remove them. `notify job create --contact-list` sends to one."""


@contact_lists.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@service_option
@click.option(
    "--type",
    "channel",
    type=click.Choice([channel.value for channel in CHANNELS]),
    required=True,
    help="What the list is for: it needs a column `phone number` or `email address`.",
)
@click.option("--name", help="What to call it. Left out: the file's name.")
@json_option
def create(file: Path, service_id: UUID, channel: str, name: str | None, as_json: bool) -> None:
    """Keep FILE, a spreadsheet saved as CSV, as a contact list of the service."""
    from notify_core.contact_lists.store import FileOfContacts

    wanted = FileOfContacts(
        service_id=service_id,
        original_file_name=name or file.name,
        channel=Channel(channel),
        content=file.read_bytes(),
    )
    with notify_for_command() as platform:
        shown = platform.notify.store_contact_list(wanted)
    _show([shown], as_json=as_json, one=True)


@contact_lists.command("list")
@service_option
@json_option
def list_(service_id: UUID, as_json: bool) -> None:
    """List the contact lists of a service, newest first."""
    with notify_for_command() as platform:
        platform.notify.find_service(service_id)
        found = platform.notify.list_contact_lists(service_id)
    _show(found, as_json=as_json)


@contact_lists.command("show")
@click.argument("list_id", type=click.UUID)
@service_option
@json_option
def show_(list_id: UUID, service_id: UUID, as_json: bool) -> None:
    """Show one contact list, and how often it was used."""
    with notify_for_command() as platform:
        found = platform.notify.find_contact_list(service_id, list_id)
    _show([found], as_json=as_json, one=True)


@contact_lists.command()
@click.argument("list_id", type=click.UUID)
@service_option
def delete(list_id: UUID, service_id: UUID) -> None:
    """Remove a contact list and its file. Jobs that were made of it stay."""
    with notify_for_command() as platform:
        removed = platform.notify.remove_contact_list(service_id, list_id)
    click.echo(f"Removed {removed.original_file_name} with {removed.row_count} rows.")


def _show(found: list[ShownContactList], *, as_json: bool, one: bool = False) -> None:
    documents = [_document(shown) for shown in found]
    show(
        one_or_all(documents, one=one),
        as_json=as_json,
        title="Contact lists",
        columns=("id", "name", "type", "rows", "jobs lately", "created"),
        rows=[
            (
                shown.contact_list.id,
                shown.contact_list.original_file_name,
                shown.contact_list.channel,
                shown.contact_list.row_count,
                shown.recent_job_count,
                shown.contact_list.created_at,
            )
            for shown in found
        ],
    )


def _document(shown: ShownContactList) -> dict[str, Any]:
    one = shown.contact_list
    return {
        "id": one.id,
        "service_id": one.service_id,
        "original_file_name": one.original_file_name,
        "type": one.channel,
        "row_count": one.row_count,
        "created_by": shown.created_by,
        "created_at": one.created_at,
        "has_jobs": shown.has_jobs,
        "recent_job_count": shown.recent_job_count,
    }
