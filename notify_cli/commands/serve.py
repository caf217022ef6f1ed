"""`notify web`, `worker` and `beat`: become one of the long-running processes.

The other doors are started by name, not imported: each is a process of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from notify_cli.output import settings_from_environment


@click.command()
@click.option("--host", default="0.0.0.0", show_default=True, help="The address to listen on.")  # noqa: S104 - a container's
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on. Left out: PORT, or 8080.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes. Left out: WEB_WORKERS, or 2.")
def web(host: str, port: int | None, workers: int | None) -> None:
    """Serve the HTTP API. SIGTERM finishes what has begun, then stops."""
    settings = settings_from_environment()
    _become(web_arguments(host, port or settings.port, workers or settings.web_workers))


@click.command()
@click.option(
    "--type", "worker_type", default="worker", show_default=True, help="Which queues; see docs/operators.md."
)
@click.option("--concurrency", type=click.IntRange(min=1), help="Processes. Left out: CONCURRENCY, or 4.")
def worker(worker_type: str, concurrency: int | None) -> None:
    """Do background work. SIGTERM finishes what has begun, then stops."""
    settings = settings_from_environment()
    _become(worker_arguments(worker_type, concurrency or settings.concurrency))


@click.command()
def beat() -> None:
    """Queue the periodic tasks when they are due. Run exactly one."""
    settings_from_environment()
    _become(BEAT_ARGUMENTS)


def web_arguments(host: str, port: int, workers: int) -> tuple[str, ...]:
    """Return what Python is given to be the web server.

    Requests that have begun get 25 seconds to finish, which a container's 30 seconds of grace leave room for.
    """
    return (
        *("-m", "granian", "--interface", "asgi", "--factory", "notify_web.process:create_app"),
        *("--host", host, "--port", str(port), "--workers", str(workers), "--loop", "uvloop"),
        *("--workers-kill-timeout", "25", "--respawn-failed-workers", "--no-ws", "--log-level", "warning"),
    )


def worker_arguments(worker_type: str, concurrency: int) -> tuple[str, ...]:
    """Return what Python is given to be a worker."""
    return ("-m", "notify_worker", "worker", "--type", worker_type, "--concurrency", str(concurrency))


BEAT_ARGUMENTS = ("-m", "notify_worker", "beat")


def _become(arguments: Sequence[str]) -> None:
    """Replace this process, so that signals reach the one that does the work."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own modules
