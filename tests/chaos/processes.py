"""`python -m tests.chaos.processes web|relay|worker`: our processes, with points to die at around their ports."""

from __future__ import annotations

import os
import signal
import sys
from threading import Event

from litestar.types import ASGIApp

from notify_adapters.assembly import Platform, Role, assemble
from notify_adapters.embedded.ports import LOOPBACK
from notify_adapters.settings import Settings, read_settings
from notify_cli.commands.relay import relay_until
from notify_cli.commands.serve import web_arguments
from notify_core.outbox.model import Queue
from notify_web.app import create_app
from notify_worker.app import make_app
from notify_worker.run import serve
from tests.chaos.points import Fuses

_APP = "notify_web.app:create_app"
_OUR_APP = "tests.chaos.processes:create_web_app"


def assemble_with_points(settings: Settings, role: Role) -> Platform:
    """Build the platform as always, with points to die at around its ports."""
    return assemble(settings, role, Fuses.from_environment().around)


def create_web_app() -> ASGIApp:
    """Build the web app as always, on that platform. What the web server's processes call."""
    return create_app(assemble_with_points)


def main(part: str) -> int:
    """Become one of our processes, with settings from the environment; return its exit status."""
    settings = read_settings(os.environ)
    if part == "web":
        usual = web_arguments(LOOPBACK, settings.port, settings.web_workers)
        os.execv(sys.executable, [sys.executable, *(_OUR_APP if word == _APP else word for word in usual)])  # noqa: S606 - our own
    if part == "relay":
        return _relay(settings)
    return serve(make_app(settings, assemble_with_points), [queue.value for queue in Queue])


def _relay(settings: Settings) -> int:
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    platform = assemble_with_points(settings, Role.RELAY)
    try:
        relay_until(stopping, platform)
    finally:
        platform.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
