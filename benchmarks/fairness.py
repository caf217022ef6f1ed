"""How long a quiet service's single text waits beside another service's backlog, against an empty system.

From accepting it to the provider having it, by the times in its own row. These are read when all has been sent: who
looked again and again meanwhile would take the processor from those who are measured. The backlog is a million
promises of one service, most of them made by the server itself in seconds: those in front are real texts, which keep
the worker as busy as it can be while the quiet service sends. Deliveries a second beside all that are compared with
those of a backlog that has the system to itself. Everything in one run, both comparisons before and after.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import mean, median
from typing import Any
from uuid import UUID

import psycopg
from attrs import frozen
from rich.progress import Progress

from benchmarks.deliver import PROCESSES
from benchmarks.stage import Stage, stage
from benchmarks.texts import Sender, accept, count_sent, demo_sender, start_outside, wait_until_sent
from notify_core import Channel, KeyType
from notify_core.services.create import NewService
from notify_core.templates.write import NewTemplate

# Longer than a text waits, so that each has to find its own way. And so long that what it takes itself, one process
# while the provider takes its time, is not mistaken for what fairness takes: at four a second, with a provider that
# takes 100 ms, that is an eighth of what four processes can do.
_BETWEEN_SAMPLES_SECONDS = 1.0
_LOOK_SECONDS = 0.1
_PATIENCE_SECONDS = 300.0
# The rest of the backlog: nobody gets so far as to look for these texts.
_PROMISE = """
INSERT INTO outbox (id, task, queue, subject_id, group_id, available_at)
SELECT uuidv7(), 'deliver_sms', 'send-sms-tasks', uuidv7(), %s, now() FROM generate_series(1, %s)
"""
_FORGET = "DELETE FROM outbox WHERE available_at >= %s"
_WAITED = "SELECT extract(epoch FROM sent_at - created_at) FROM notifications WHERE id = ANY(%s)"


@frozen(kw_only=True)
class Size:
    """How much is measured: promises in all, real texts in front of them, texts alone, texts of the quiet service."""

    backlog: int
    real: int
    alone: int
    samples: int


QUICK = Size(backlog=20_000, real=5_000, alone=1_500, samples=8)
FULL = Size(backlog=1_000_000, real=40_000, alone=8_000, samples=20)


def run(*, quick: bool, progress: Progress) -> list[dict[str, Any]]:
    """Measure with a provider that answers at once, and with one that takes 100 ms."""
    size = QUICK if quick else FULL
    return [_measured(size, delay, progress) for delay in (0.0, 0.1)]


def _measured(size: Size, provider_seconds: float, progress: Progress) -> dict[str, Any]:
    provider_takes = f"{provider_seconds * 1000:.0f} ms"
    task = progress.add_task(f"a quiet service beside a backlog, provider takes {provider_takes}", total=5)
    with (
        stage({"CONCURRENCY": str(PROCESSES)}) as ready,
        psycopg.connect(ready.parts.postgres.url, autocommit=True) as connection,
    ):
        street = Street(ready, connection, demo_sender(ready), _quiet_sender(ready))
        start_outside(ready, provider_seconds)
        ready.start("worker")
        ready.start("relay")
        street.waits_of(street.send(1))  # until all is up
        empty = street.waits_of(street.send(size.samples // 2))
        progress.advance(task)
        alone = [street.rate_alone(size.alone)]
        progress.advance(task)
        beside, busy = street.beside_backlog(size)
        progress.advance(task)
        alone.append(street.rate_alone(size.alone))
        progress.advance(task)
        empty += street.waits_of(street.send(size.samples - len(empty)))
        progress.advance(task)
    return {
        "provider takes": provider_takes,
        "backlog": size.backlog,
        "waits, empty: p50 ms": round(median(empty) * 1000, 1),
        "beside it: p50 ms": round(median(beside) * 1000, 1),
        "times": round(median(beside) / median(empty), 2),
        "delivered/s, alone": round(mean(alone)),
        "beside": round(busy),
        "ratio": round(busy / mean(alone), 2),
    }


@frozen
class Street:
    """A busy service and a quiet one, on one system."""

    ready: Stage
    connection: psycopg.Connection[Any]
    busy: Sender
    quiet: Sender

    def send(self, how_many: int) -> list[UUID]:
        """Accept so many texts of the quiet service, one after the other, and return their ids."""
        ids = []
        for _ in range(how_many):
            ids.append(self.ready.platform.notify.send_sms(self.quiet.request()).id)
            time.sleep(_BETWEEN_SAMPLES_SECONDS)
        return ids

    def waits_of(self, ids: list[UUID]) -> list[float]:
        """Return how many seconds each of these waited, once all are sent. RuntimeError when one waits too long."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while None in (waits := [row[0] for row in self.connection.execute(_WAITED, (ids,))]):
            if time.monotonic() > deadline:
                raise RuntimeError(f"a text of the quiet service waited longer than {_PATIENCE_SECONDS:g} s")
            time.sleep(_LOOK_SECONDS)
        return [float(seconds) for seconds in waits]

    def rate_alone(self, texts: int) -> float:
        """Return how many texts of a backlog that is alone are delivered a second."""
        with self._paused_relay():
            before = count_sent(self.ready)
            accept(self.ready, self.busy, texts)
        first = wait_until_sent(self.ready, before + 1)
        begun = time.perf_counter()
        # Not to the last: the end of a backlog is slower, since not all processes have a share in it.
        last = wait_until_sent(self.ready, before + texts * 9 // 10, _LOOK_SECONDS)
        rate = (last - first) / (time.perf_counter() - begun)
        wait_until_sent(self.ready, before + texts)
        return rate

    def beside_backlog(self, size: Size) -> tuple[list[float], float]:
        """Return how long the quiet service's texts wait beside the backlog, and how fast that is delivered."""
        with self._paused_relay():
            start = count_sent(self.ready)
            accept(self.ready, self.busy, size.real)
            ((made_at,),) = self.connection.execute("SELECT clock_timestamp()").fetchall()
            promises = (self.busy.key.service_id, size.backlog - size.real)
            self.connection.execute(_PROMISE, promises)
        first = wait_until_sent(self.ready, start + 1)
        begun = time.perf_counter()
        quiet = self.send(size.samples)
        last, seconds = count_sent(self.ready), time.perf_counter() - begun
        waits = self.waits_of(quiet)
        if last - start >= size.real:
            raise RuntimeError("the real texts were used up before the quiet service had sent all of its own")
        self.connection.execute(_FORGET, (made_at,))
        wait_until_sent(self.ready, start + size.real + len(quiet), _LOOK_SECONDS)
        return waits, (last - first - len(quiet)) / seconds

    @contextmanager
    def _paused_relay(self) -> Iterator[None]:
        """Keep the relay from its work, so that a backlog can build up."""
        pid = self.ready.supervisor.pids()["relay"]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


def _quiet_sender(ready: Stage) -> Sender:
    notify = ready.platform.notify
    service = notify.create_service(NewService(name="Quiet service"))
    template = notify.create_template(
        NewTemplate(service_id=service.id, name="Bin day", channel=Channel.SMS, content="Dear ((name)): ((day))")
    )
    return Sender(notify.create_api_key(service.id, "quiet", KeyType.NORMAL), template.id)
