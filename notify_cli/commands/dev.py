"""`notify dev`: the whole system on this machine, from wheels alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import IO, Any

import click

from notify_cli.dev.system import DevSystem
from notify_cli.exit_codes import ExitCode
from notify_cli.worlds import load_world

DEFAULT_PORT = 6011
_CHECK_SECONDS = 0.25


def default_data_dir() -> Path:
    """Return where a development system keeps its state unless told otherwise."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "notify-dev"


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True, help="Of the HTTP API."
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where its state is kept between runs. Left out: notify-dev in your data directory.",
)
@click.option("--fresh", is_flag=True, help="Drop the state of earlier runs first.")
@click.option(
    "--queues",
    type=click.Choice(["moto", "fast"]),
    default="moto",
    show_default=True,
    help="What stands in for SQS: moto, or the quick in-memory simulator.",
)
@click.option(
    "--world",
    "world_file",
    type=click.File(encoding="utf-8"),
    help="Begin with the services of this file, too; see `notify apply`.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write addresses, ids and keys as JSON to this file once all is up.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but problems.")
def dev(
    port: int,
    data_dir: Path | None,
    fresh: bool,
    queues: str,
    world_file: IO[str] | None,
    ready_file: Path | None,
    quiet: bool,
) -> int:
    """Run the whole system on loopback, for development and for trying things out.

    Starts PostgreSQL, stand-ins for AWS (SQS, S3, SES), Redis where there is one, simulators of the SMS and
    email providers and of the file service, and our own web, worker, relay and beat; makes a demo service
    with templates and keys. Ctrl-C stops all of it; what was stored is there again next time. Exits with 7
    when a port is taken or a part ends by itself, and with 5 when the world file will not do.
    """
    system = DevSystem(
        data_dir=data_dir or default_data_dir(),
        port=port,
        fresh=fresh,
        fast_queues=queues == "fast",
        wanted_world=None if world_file is None else load_world(world_file),
        progress=(lambda _: None) if quiet else _tell,
    )
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)
    with stopping_on_signals() as stopping:
        try:
            system.start()
        except KeyboardInterrupt:
            return ExitCode.OK
        try:
            if ready_file is not None:
                system.write_ready_file(ready_file)
            if not quiet:
                show_system(system)
            while not stopping.wait(_CHECK_SECONDS):
                system.check()
        finally:
            if ready_file is not None:
                ready_file.unlink(missing_ok=True)
            if not quiet:
                click.echo("Stopping.")
            system.stop()
    return ExitCode.OK


class Stopping:
    """Hears the first Ctrl-C or SIGTERM: an interruption while things start, a quiet word afterwards."""

    def __init__(self) -> None:
        self._asked = Event()
        self._starting = True

    def wait(self, seconds: float) -> bool:
        """Wait until asked to stop, at most `seconds`; say whether we were. From now on, nothing is interrupted."""
        self._starting = False
        return self._asked.wait(seconds)

    def hear(self, *_: object) -> None:
        """Be the signal handler."""
        again = self._asked.is_set()
        self._asked.set()
        if self._starting and not again:
            raise KeyboardInterrupt


@contextmanager
def stopping_on_signals() -> Iterator[Stopping]:
    """Listen for Ctrl-C and SIGTERM for as long as the block runs."""
    stopping = Stopping()
    before = {number: signal.signal(number, stopping.hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(part: str) -> None:
    click.echo(f"  starting {part}")


def show_system(system: DevSystem) -> None:
    """Print what runs where, and how to send a first message."""
    from rich.console import Console
    from rich.table import Table

    ready = system.ready_document()
    console = Console(soft_wrap=True)
    table = Table(title=f"notify dev, up in {system.seconds_to_start:.1f} s", title_justify="left")
    for column in ("part", "where", "process"):
        table.add_column(column, overflow="fold")
    for key, pid in ready["processes"].items():
        table.add_row(key, _where(ready, key), str(pid))
    console.print(table)
    console.print(f"State in {system.directory.path}, logs in {system.directory.logs}\n")
    click.echo(example(ready))


def _where(ready: dict[str, Any], key: str) -> str:
    known = {
        "web": ready["base_url"],
        "postgres": ready["database_url"],
        "aws": ready["s3_endpoint_url"],
        "queues": ready["sqs_endpoint_url"],
    }
    return str(known.get(key) or ready["simulators"].get(key, ""))


def example(ready: dict[str, Any]) -> str:
    """Return a curl command and a Python client example that work as they stand."""
    key, sms = ready["api_keys"]["normal"], ready["templates"]["sms"]
    return f"""\
Send a text with curl:

    curl -X POST {ready["base_url"]}/v2/notifications/sms \\
      -H "Authorization: Bearer $(notify api-key token {key})" \\
      -d '{{"phone_number": "07700 900123", "template_id": "{sms}",
           "personalisation": {{"name": "Jo", "day": "Monday"}}}}'

or with the Python client:

    from notifications_python_client import NotificationsAPIClient

    client = NotificationsAPIClient("{key}", base_url="{ready["base_url"]}")
    client.send_sms_notification("07700 900123", "{sms}", personalisation={{"name": "Jo", "day": "Monday"}})

Ctrl-C stops everything."""
