"""`notify service`: set services up and list them."""

from __future__ import annotations

from typing import Any

import click

from notify_cli.output import json_option, notify_for_command, one_or_all, show
from notify_core.services.create import NewService
from notify_core.services.model import (
    DEFAULT_PERMISSIONS,
    DEFAULT_RATE_LIMIT,
    OrganisationType,
    Permission,
    Service,
    WhenInDoubt,
)


@click.group("service")
def services() -> None:
    """Set services up and list them. A service is one tenant: a team that sends."""


@services.command()
@click.argument("name")
@click.option("--trial", is_flag=True, help="Let it write to its guest list only.")
@click.option("--prefix-sms/--no-prefix-sms", default=True, show_default=True, help="Begin texts with its name.")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    type=click.Choice(sorted(Permission)),
    help="What it may do; may be repeated. Left out: sms, email, letter and both international ones.",
)
@click.option("--sms-sender", help="Who its texts come from, at most 11 characters. Left out: FROM_NUMBER.")
@click.option("--reply-to", help="The address that answers to its emails go to.")
@click.option(
    "--contact-link", help="Where its recipients can ask about files. Without it, it sends no files by email."
)
@click.option("--guest", "guest_list", multiple=True, help="A phone number or address on its guest list; repeatable.")
@click.option("--rate-limit", default=DEFAULT_RATE_LIMIT, show_default=True, help="Requests a minute and key type.")
@click.option(
    "--when-in-doubt",
    type=click.Choice([choice.value for choice in WhenInDoubt]),
    default=WhenInDoubt.RESEND.value,
    show_default=True,
    help="Whether to resend or to fail what a provider may have taken, when no receipt comes.",
)
@click.option(
    "--organisation-type",
    type=click.Choice([kind.value for kind in OrganisationType]),
    help="What kind of organisation it belongs to: this decides how many texts are free each year.",
)
@json_option
def create(
    name: str,
    trial: bool,
    prefix_sms: bool,
    permissions: tuple[str, ...],
    sms_sender: str | None,
    reply_to: str | None,
    contact_link: str | None,
    guest_list: tuple[str, ...],
    rate_limit: int,
    when_in_doubt: str,
    organisation_type: str | None,
    as_json: bool,
) -> None:
    """Set up a service called NAME."""
    wanted = NewService(
        name=name,
        restricted=trial,
        prefix_sms=prefix_sms,
        permissions=frozenset(permissions) or DEFAULT_PERMISSIONS,
        sms_sender=sms_sender,
        reply_to=reply_to,
        contact_link=contact_link,
        guest_list=guest_list,
        rate_limit=rate_limit,
        when_in_doubt=WhenInDoubt(when_in_doubt),
        organisation_type=None if organisation_type is None else OrganisationType(organisation_type),
    )
    with notify_for_command() as platform:
        service = platform.notify.create_service(wanted)
    _show([service], as_json=as_json, one=True)


@services.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all services, by name."""
    with notify_for_command() as platform:
        found = platform.notify.list_services()
    _show(found, as_json=as_json)


def _show(found: list[Service], *, as_json: bool, one: bool = False) -> None:
    documents = [_document(service) for service in found]
    show(
        one_or_all(documents, one=one),
        as_json=as_json,
        title="Services",
        columns=("id", "name", "active", "trial", "permissions"),
        rows=[
            (service.id, service.name, service.active, service.restricted, ", ".join(sorted(service.permissions)))
            for service in found
        ],
    )


def _document(service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": service.name,
        "active": service.active,
        "restricted": service.restricted,
        "prefix_sms": service.prefix_sms,
        "permissions": service.permissions,
        "rate_limit": service.rate_limit,
        "sms_senders": [{"id": sender.id, "sms_sender": sender.text} for sender in service.sms_senders],
        "reply_tos": [{"id": reply_to.id, "email_address": reply_to.address} for reply_to in service.reply_tos],
        "contact_link": service.contact_link,
        "when_in_doubt": service.when_in_doubt,
        "organisation_type": service.organisation_type,
        "created_at": service.created_at,
    }
