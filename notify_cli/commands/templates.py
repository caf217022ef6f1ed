"""`notify template`: write templates and read them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from notify_cli.output import json_option, notify_for_command, one_or_all, show
from notify_core.templates.model import Template
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel


@click.group("template")
def templates() -> None:
    """Create, list and show templates: what services write, with ((placeholders)) for what differs."""


@templates.command()
@click.argument("service_id", type=click.UUID)
@click.argument("name")
@click.option("--type", "channel", type=click.Choice(["sms", "email"]), required=True, help="What it is for.")
@click.option("--subject", help="The subject line; emails need one.")
@click.option("--content", help="The message itself.")
@click.option(
    "--content-file", type=click.File(encoding="utf-8"), help="A file with the message; - for standard input."
)
@json_option
def create(
    service_id: UUID,
    name: str,
    channel: str,
    subject: str | None,
    content: str | None,
    content_file: Any,
    as_json: bool,
) -> None:
    """Write the first version of a template called NAME."""
    if (content is None) == (content_file is None):
        raise click.UsageError("Give either --content or --content-file.")
    wanted = NewTemplate(
        service_id=service_id,
        name=name,
        channel=Channel(channel),
        subject=subject,
        content=content if content is not None else content_file.read(),
    )
    with notify_for_command() as platform:
        template = platform.notify.create_template(wanted)
    _show([template], as_json=as_json, one=True)


@templates.command("list")
@click.argument("service_id", type=click.UUID)
@json_option
def list_(service_id: UUID, as_json: bool) -> None:
    """List the templates of a service, by name."""
    with notify_for_command() as platform:
        found = platform.notify.list_templates(service_id)
    _show(found, as_json=as_json)


@templates.command("show")
@click.argument("template_id", type=click.UUID)
@click.option("--version", type=click.IntRange(min=1), help="An earlier version. Left out: the latest.")
@json_option
def show_(template_id: UUID, version: int | None, as_json: bool) -> None:
    """Show a template with its content."""
    with notify_for_command() as platform:
        template = platform.notify.find_template(template_id, version)
    _show([template], as_json=as_json, one=True)
    if not as_json:
        click.echo(f"\n{template.subject}\n" if template.subject else "")
        click.echo(template.content)


def _show(found: list[Template], *, as_json: bool, one: bool = False) -> None:
    documents = [_document(template) for template in found]
    show(
        one_or_all(documents, one=one),
        as_json=as_json,
        title="Templates",
        columns=("id", "name", "type", "version", "created"),
        rows=[
            (template.id, template.name, template.channel, template.version, template.created_at)
            for template in found
        ],
    )


def _document(template: Template) -> dict[str, Any]:
    return {
        "id": template.id,
        "service_id": template.service_id,
        "name": template.name,
        "type": template.channel,
        "version": template.version,
        "subject": template.subject,
        "content": template.content,
        "archived": template.archived,
        "created_at": template.created_at,
        "updated_at": template.updated_at,
    }
