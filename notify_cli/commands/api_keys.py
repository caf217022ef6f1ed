"""`notify api-key`: give services keys, and withdraw them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from notify_cli.output import json_option, notify_for_command, one_or_all, show
from notify_core.api_keys.model import ApiKey
from notify_core.vocabulary import KeyType


@click.group("api-key")
def api_keys() -> None:
    """Create, list and revoke the keys with which services' programs prove who they are."""


@api_keys.command()
@click.argument("service_id", type=click.UUID)
@click.argument("name")
@click.option(
    "--type",
    "key_type",
    type=click.Choice([key_type.value for key_type in KeyType]),
    default=KeyType.NORMAL.value,
    show_default=True,
    help="normal writes to anyone, team to the guest list, test to nobody really.",
)
@json_option
def create(service_id: UUID, name: str, key_type: str, as_json: bool) -> None:
    """Give the service a key called NAME. Its secret is shown now and never again."""
    with notify_for_command() as platform:
        key = platform.notify.create_api_key(service_id, name, KeyType(key_type))
    show(
        _document(key) | {"api_key": key.combined},
        as_json=as_json,
        title="API key",
        columns=("id", "type", "for the client library's configuration"),
        rows=[(key.id, key.key_type, key.combined)],
    )


@api_keys.command()
@click.argument("key_id", type=click.UUID)
@json_option
def revoke(key_id: UUID, as_json: bool) -> None:
    """Withdraw a key for good. Web processes follow within two seconds."""
    with notify_for_command() as platform:
        key = platform.notify.revoke_api_key(key_id)
    _show([key], as_json=as_json, one=True)


@api_keys.command("list")
@click.argument("service_id", type=click.UUID)
@json_option
def list_(service_id: UUID, as_json: bool) -> None:
    """List the keys of a service, oldest first, revoked ones too."""
    with notify_for_command() as platform:
        found = platform.notify.list_api_keys(service_id)
    _show(found, as_json=as_json)


@api_keys.command()
@click.argument("api_key")
def token(api_key: str) -> None:
    """Print a bearer token signed with API_KEY, good for thirty seconds: for curl.

    API_KEY is in the form that client libraries are configured with.
    """
    click.echo(bearer_token(api_key))


def bearer_token(api_key: str) -> str:
    """Sign a token as client libraries do: the key's last 36 characters are its secret, the 36 before the service."""
    import time

    import jwt

    secret, service_id = api_key[-36:], api_key[-73:-37]
    try:
        UUID(secret), UUID(service_id)
    except ValueError:
        raise click.UsageError("That is not an API key: expected {name}-{service id}-{secret}.") from None
    return jwt.encode({"iss": service_id, "iat": int(time.time())}, secret, algorithm="HS256")


def _show(found: list[ApiKey], *, as_json: bool, one: bool = False) -> None:
    documents = [_document(key) for key in found]
    show(
        one_or_all(documents, one=one),
        as_json=as_json,
        title="API keys",
        columns=("id", "name", "type", "created", "revoked"),
        rows=[(key.id, key.name, key.key_type, key.created_at, key.revoked_at) for key in found],
    )


def _document(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "service_id": key.service_id,
        "name": key.name,
        "key_type": key.key_type,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
