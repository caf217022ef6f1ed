"""`notify callbacks`: where services are called back, what became of it, and telling them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from notify_cli.output import json_option, notify_for_command, show
from notify_cli.parameters import Moment
from notify_core.callbacks.manage import NewEndpoint
from notify_core.callbacks.model import (
    TOLD_STATUSES,
    Attempt,
    Callback,
    CallbackKind,
    CallbackSearch,
    CallbackState,
    Endpoint,
)
from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel

_MOST_LISTED = 250


@click.group("callbacks")
def callbacks() -> None:
    """See what services were called back about, tell them again, and set up where they are called."""


@callbacks.command("list")
@click.option("--service", "service_id", type=click.UUID, help="Only those of this service.")
@click.option("--endpoint", "endpoint_id", type=click.UUID, help="Only those for this endpoint.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in CallbackState]),
    help="Only those in this state; may be repeated.",
)
@click.option("--since", type=Moment(), help="Only those that came up since then, such as 2026-11-21T09:30:00Z.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=_MOST_LISTED, show_default=True)
@json_option
def list_(
    service_id: UUID | None,
    endpoint_id: UUID | None,
    states: tuple[str, ...],
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List callbacks, newest first. What they say is personal, and not shown."""
    search = CallbackSearch(
        limit=limit,
        service_id=service_id,
        endpoint_id=endpoint_id,
        states=frozenset(map(CallbackState, states)) or None,
        since=since,
    )
    with notify_for_command() as platform:
        found = platform.notify.list_callbacks(search)
    _show(found, as_json=as_json)


@callbacks.command()
@click.argument("callback_id", type=click.UUID)
@json_option
def attempts(callback_id: UUID, as_json: bool) -> None:
    """List the calls that were made for one callback, oldest first."""
    with notify_for_command() as platform:
        found: list[Attempt] = platform.notify.list_attempts(callback_id)
    show(
        [
            {
                "number": one.number,
                "at": one.at,
                "status": one.answer.status,
                "failure": one.answer.failure,
                "milliseconds": one.answer.milliseconds,
            }
            for one in found
        ],
        as_json=as_json,
        title="Calls",
        columns=("number", "at", "how it ended", "milliseconds"),
        rows=[(one.number, one.at, one.answer.told, one.answer.milliseconds) for one in found],
    )


@callbacks.command()
@click.argument("callback_ids", nargs=-1, required=True, type=click.UUID)
@json_option
def replay(callback_ids: tuple[UUID, ...], as_json: bool) -> None:
    """Make the calls of these callbacks again, whatever became of them."""
    with notify_for_command() as platform:
        replayed = platform.notify.replay_callbacks(callback_ids)
    _show(replayed, as_json=as_json)


@callbacks.command()
@click.option("--service", "service_id", type=click.UUID, help="All of this service.")
@click.option("--endpoint", "endpoint_id", type=click.UUID, help="Those for this endpoint.")
@click.option("--since", type=Moment(), required=True, help="What came up since then, such as 2026-11-21T09:30:00Z.")
@json_option
def recover(service_id: UUID | None, endpoint_id: UUID | None, since: datetime, as_json: bool) -> None:
    """Tell a service again all that failed or was abandoned, after an outage of theirs."""
    if (service_id is None) == (endpoint_id is None):
        raise click.UsageError("Give either --service or --endpoint.")
    with notify_for_command() as platform:
        count = platform.notify.recover_callbacks(since=since, service_id=service_id, endpoint_id=endpoint_id)
    show({"recovered": count}, as_json=as_json, title="Recovered", columns=("callbacks",), rows=[(count,)])


@callbacks.group("endpoint")
def endpoints() -> None:
    """Set up where services are called back."""


@endpoints.command()
@click.argument("service_id", type=click.UUID)
@click.argument("url")
@click.option(
    "--token-file", type=click.File(), required=True, help="Where the bearer token is; - is standard input."
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    required=True,
    type=click.Choice([kind.value for kind in CallbackKind]),
    help="What to tell there; may be repeated.",
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(sorted(status.value for status in TOLD_STATUSES)),
    help="Of delivery statuses only these; may be repeated.",
)
@click.option(
    "--channel",
    "channels",
    multiple=True,
    type=click.Choice([Channel.EMAIL.value, Channel.SMS.value]),
    help="Of delivery statuses only those of emails, or of texts.",
)
@json_option
def add(
    service_id: UUID,
    url: str,
    token_file: Any,
    kinds: tuple[str, ...],
    statuses: tuple[str, ...],
    channels: tuple[str, ...],
    as_json: bool,
) -> None:
    """Have the service called back at URL, which begins with https://.

    Adding a URL again changes it, and brings it back if it was removed or switched off; its signing secret, which is
    shown, stays.
    """
    wanted = NewEndpoint(
        service_id=service_id,
        url=url,
        bearer_token=token_file.read().strip(),
        kinds=frozenset(map(CallbackKind, kinds)),
        statuses=frozenset(map(Status, statuses)) or None,
        channels=frozenset(map(Channel, channels)) or None,
    )
    with notify_for_command() as platform:
        endpoint = platform.notify.add_endpoint(wanted)
    _show_secret(endpoint, as_json=as_json)


@endpoints.command("list")
@click.option("--service", "service_id", type=click.UUID, help="Only those of this service.")
@json_option
def list_endpoints(service_id: UUID | None, as_json: bool) -> None:
    """List endpoints, oldest first, and how they have been. Those that were removed are not active."""
    with notify_for_command() as platform:
        found: list[Endpoint] = platform.notify.list_endpoints(service_id)
    show(
        [_endpoint(one) for one in found],
        as_json=as_json,
        title="Endpoints",
        columns=("id", "service", "url", "told", "active", "failures", "paused until"),
        rows=[
            (
                one.id,
                one.service_id,
                one.url,
                ", ".join(sorted(one.kinds)),
                one.active,
                one.health.consecutive_failures,
                one.health.paused_until,
            )
            for one in found
        ],
    )


@endpoints.command("rotate-secret")
@click.argument("endpoint_id", type=click.UUID)
@click.option("--finish", is_flag=True, help="Sign with the newest only from now on.")
@json_option
def rotate_secret(endpoint_id: UUID, finish: bool, as_json: bool) -> None:
    """Give an endpoint another signing secret, which is shown now and never again.

    Calls are signed with the old ones, too, until you rotate with --finish.
    """
    with notify_for_command() as platform:
        endpoint = platform.notify.rotate_secret(endpoint_id, finish=finish)
    _show_secret(endpoint, as_json=as_json)


@endpoints.command()
@click.argument("endpoint_id", type=click.UUID)
@json_option
def remove(endpoint_id: UUID, as_json: bool) -> None:
    """No longer call an endpoint. What waits for it is abandoned."""
    with notify_for_command() as platform:
        abandoned = platform.notify.remove_endpoint(endpoint_id)
    show({"abandoned": abandoned}, as_json=as_json, title="Abandoned", columns=("callbacks",), rows=[(abandoned,)])


def _show(found: Sequence[Callback], *, as_json: bool) -> None:
    show(
        [_document(one) for one in found],
        as_json=as_json,
        title="Callbacks",
        columns=("id", "kind", "about", "state", "calls", "came up", "next call"),
        rows=[
            (
                one.id,
                one.kind,
                one.subject_id,
                one.state,
                one.attempts,
                one.created_at,
                one.next_attempt_at if one.state is CallbackState.WAITING else None,
            )
            for one in found
        ],
    )


def _document(callback: Callback) -> dict[str, Any]:
    waits = callback.state is CallbackState.WAITING
    return {
        "id": callback.id,
        "endpoint_id": callback.endpoint_id,
        "service_id": callback.service_id,
        "kind": callback.kind,
        "subject_id": callback.subject_id,
        "state": callback.state,
        "attempts": callback.attempts,
        "created_at": callback.created_at,
        "next_attempt_at": callback.next_attempt_at if waits else None,
    }


def _show_secret(endpoint: Endpoint, *, as_json: bool) -> None:
    show(
        _endpoint(endpoint) | {"signing_secret": endpoint.secrets[0]},
        as_json=as_json,
        title="Endpoint",
        columns=("id", "signing secret"),
        rows=[(endpoint.id, endpoint.secrets[0])],
    )


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "service_id": endpoint.service_id,
        "url": endpoint.url,
        "kinds": endpoint.kinds,
        "statuses": endpoint.statuses,
        "channels": endpoint.channels,
        "active": endpoint.active,
        "created_at": endpoint.created_at,
        "signing_secrets": len(endpoint.secrets),
        "consecutive_failures": endpoint.health.consecutive_failures,
        "paused_until": endpoint.health.paused_until,
    }
