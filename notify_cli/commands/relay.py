"""`notify relay`: move what the outbox promises to the queues."""

from __future__ import annotations

import signal
import time
from threading import Event
from typing import Any

import click

from notify_cli.output import settings_from_environment
from notify_core.unit_of_work import DatabaseUnavailable

_REST_WITHOUT_DATABASE_SECONDS = 1.0
# A woken relay waits this long for more to come, so that messages accepted together travel together.
_GATHERING_SECONDS = 0.005
# While lanes rest: how soon to see whether workers have caught up, at first and when they are slow.
_FIRST_LOOK_SECONDS = 0.02
_LATER_LOOKS_SECONDS = 0.2


@click.command()
@click.option("--once", is_flag=True, help="Relay what is due, as far ahead as workers are left, and stop.")
def relay(once: bool) -> None:
    """Put what has been promised in the outbox on the queues, at once and for as long as it runs.

    Several relays share the work. Without any, messages are still accepted, and wait.
    """
    from notify_adapters.assembly import Role, assemble

    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    platform = assemble(settings_from_environment(), Role.RELAY)
    try:
        relay_until(stopping, platform, once=once)
    finally:
        platform.close()


def relay_until(stopping: Event, platform: Any, *, once: bool = False) -> None:
    """Relay until told to stop, resting while the database is away; `once`: until nothing is due."""
    interval = platform.settings.relay_interval_ms / 1000
    look = _FIRST_LOOK_SECONDS
    while not stopping.is_set():
        try:
            round_ = platform.notify.relay_outbox()
        except DatabaseUnavailable:
            if once:
                raise
            stopping.wait(_REST_WITHOUT_DATABASE_SECONDS)
            continue
        if once and not round_.published:
            return
        if round_.published:
            look = _FIRST_LOOK_SECONDS
        elif platform.wait_for_outbox(min(look, interval) if round_.resting else interval):
            time.sleep(_GATHERING_SECONDS)
        else:
            look = min(look * 2, _LATER_LOOKS_SECONDS)
