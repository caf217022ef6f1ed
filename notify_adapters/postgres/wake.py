"""Wakes relays when the outbox has something for them, without slowing down whoever put it there.

`NOTIFY` inside the accepting transaction would be simpler, but all commits that notify take turns at one lock
for the whole server (docs/decisions/0011). Here a thread of each process tells, at most a hundred times a second,
that there has been something. Relays also look every second, so a call that is not heard only delays.
"""

from __future__ import annotations

import os
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import psycopg

from notify_adapters.postgres.engine import connect_arguments, driver_url

_CHANNEL = "outbox"
_AT_MOST_EVERY_SECONDS = 0.01
_REST_AFTER_TROUBLE_SECONDS = 0.5
_CLOSING_SECONDS = 2.0


class OutboxBell:
    """Rung after commits that put something into the outbox. Connects when it is first rung."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = Lock()
        self._ringer: _Ringer | None = None

    def ring(self) -> None:
        """Wake the relays soon. Returns at once, whatever the state of the database; never raises."""
        ringer = self._ringer
        if ringer is None or ringer.process != os.getpid():
            ringer = self._start()
        ringer.wanted.set()

    def close(self) -> None:
        """Tell what is still to be told, and stop. Rung again, it starts again."""
        with self._lock:
            ringer, self._ringer = self._ringer, None
        if ringer is not None and ringer.process == os.getpid():
            ringer.stop()

    def _start(self) -> _Ringer:
        """Start this process's thread: a fork inherits the bell, but not the thread that rings it."""
        with self._lock:
            if self._ringer is None or self._ringer.process != os.getpid():
                self._ringer = _Ringer(self._url)
            return self._ringer


class _Ringer:
    """The thread of one process, with a connection of its own."""

    def __init__(self, url: str) -> None:
        self.process = os.getpid()
        self.wanted = Event()
        self._url = url
        self._closing = Event()
        self._connection: psycopg.Connection[Any] | None = None
        self._thread = Thread(target=self._run, name="outbox-bell", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._closing.set()
        self.wanted.set()
        self._thread.join(_CLOSING_SECONDS)

    def _run(self) -> None:
        closing = False
        while not closing:
            self.wanted.wait()
            closing = self._closing.is_set()  # looked at before telling: what was rung before the end is told
            self.wanted.clear()
            rest = _AT_MOST_EVERY_SECONDS if self._notify() else _REST_AFTER_TROUBLE_SECONDS
            self._closing.wait(rest)
        if self._connection is not None:
            self._connection.close()

    def _notify(self) -> bool:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = _connect(self._url, "notify-bell")
            self._connection.execute(f"NOTIFY {_CHANNEL}".encode())
        except psycopg.Error:
            self.wanted.set()
            return False
        return True


class OutboxListener:
    """Where a relay waits until the bell rings. For one thread at a time; connects when first waited at."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None
        self._closing = Event()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for the bell, and return whether it may have rung; False after `timeout_seconds`.

        What was rung since the last call counts. Never raises: while the database is away it waits.
        """
        end = monotonic() + timeout_seconds
        try:
            if self._connection is None or self._connection.closed:
                self._connection = _connect(self._url, "notify-listener")
                self._connection.execute(f"LISTEN {_CHANNEL}".encode())
                return True
            return self._heard(self._connection, timeout_seconds)
        except psycopg.Error:
            self._closing.wait(max(0.0, end - monotonic()))
            return False

    def close(self) -> None:
        """Let go of the connection."""
        self._closing.set()
        if self._connection is not None:
            self._connection.close()

    @staticmethod
    def _heard(connection: psycopg.Connection[Any], timeout_seconds: float) -> bool:
        return any(True for _ in connection.notifies(timeout=timeout_seconds, stop_after=1))


def _connect(url: str, name: str) -> psycopg.Connection[Any]:
    return psycopg.connect(driver_url(url), autocommit=True, **connect_arguments(name))
