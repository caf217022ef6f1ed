"""`notify demo`: the main job, before your eyes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import click

from notify_cli.commands.dev import stopping_on_signals
from notify_cli.dev.journey import Api, Journey, JourneyFailed, received
from notify_cli.dev.system import DevSystem
from notify_cli.exit_codes import ExitCode

_POLL_SECONDS = 0.05
_PERSONALISATION = {"name": "Jo", "day": "Monday"}


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Of the HTTP API. Left out: a free one.")
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait for the messages to arrive.")
def demo(port: int | None, timeout: float) -> int:
    """Start a fresh system, send a text and an email through its API, and follow them until they arrive.

    Nothing leaves this machine: the providers are simulators. Exits with 8 unless both messages arrive.
    """
    from notify_adapters.embedded import free_port

    with tempfile.TemporaryDirectory(prefix="notify-demo-") as directory, stopping_on_signals():
        Path(directory).chmod(0o755)
        click.echo("Starting a whole system: it takes a few seconds.\n")
        system = DevSystem(
            data_dir=Path(directory) / "data",
            port=port or free_port(),
            progress=lambda part: click.echo(f"  starting {part}"),
        )
        try:
            with system:
                click.echo(f"\nUp in {system.seconds_to_start:.1f} s.\n")
                _follow(system, timeout)
        except JourneyFailed as error:
            click.echo(f"The demo failed: {error}", err=True)
            return ExitCode.NOT_DELIVERED
        except KeyboardInterrupt:
            return ExitCode.INTERRUPTED
    click.echo("Both messages arrived.")
    return ExitCode.OK


def _follow(system: DevSystem, timeout: float) -> None:
    """Send both messages and watch them until they have arrived. Raises JourneyFailed when they do not."""
    from rich.console import Console
    from rich.live import Live

    ready = system.ready_document()
    api = Api(ready["base_url"], ready["api_keys"]["normal"])
    journeys = _journeys(ready["templates"])
    deadline = time.monotonic() + timeout
    with Live(_table(journeys), console=Console(soft_wrap=True), refresh_per_second=20) as live:
        for journey in journeys:
            journey.begin(api)
        while not all(journey.delivered for journey in journeys) and time.monotonic() < deadline:
            system.check()
            for journey in journeys:
                journey.look(api)
            live.update(_table(journeys))
            time.sleep(_POLL_SECONDS)
    _show(received(ready["simulators"]))
    if not all(journey.delivered for journey in journeys):
        raise JourneyFailed(f"after {timeout:g} s not every message had arrived. `notify dev` keeps its logs.")


def _journeys(templates: dict[str, str]) -> list[Journey]:
    people = (("sms", "07700 900123", "phone_number"), ("email", "jo@example.com", "email_address"))
    return [
        Journey(
            channel=channel,
            to=to,
            address_field=address_field,
            template_id=templates[channel],
            personalisation=_PERSONALISATION,
        )
        for channel, to, address_field in people
    ]


def _table(journeys: list[Journey]) -> Any:
    from rich.table import Table

    table = Table(title="On their way", title_justify="left")
    for column in ("message", "to", "steps, with seconds since it was posted"):
        table.add_column(column)
    for journey in journeys:
        table.add_row(journey.channel, journey.to, journey.timeline())
    return table


def _show(messages: dict[str, str]) -> None:
    for channel, message in messages.items():
        click.echo(f"\nThe {channel}, as its provider got it:\n")
        click.echo("\n".join(f"    {line}".rstrip() for line in message.splitlines()))
    click.echo()
