"""Named moments at which a process can be made to die, put around the ports that the use cases call.

Production code knows nothing of them. A point is armed by making a file of its name; the process that comes to it
next takes the file away, writes down that it dies here, and kills itself with SIGKILL: nothing is flushed, closed or
rolled back. So it is known exactly how many died at which point.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from attrs import evolve, frozen

from notify_core.application import Ports
from notify_core.callbacks.model import Answer
from notify_core.callbacks.ports import Call, Caller
from notify_core.outbox.model import TaskMessage
from notify_core.outbox.ports import Publisher
from notify_core.providers.ports import EmailProvider, SmsProvider
from notify_core.unit_of_work import Database, UnitOfWork

#: Where the files are. Points are never armed where it is not set.
DIRECTORY = "CHAOS_DIRECTORY"
_DEATHS = "deaths"


class Point(StrEnum):
    """Where to die. The words go into the report."""

    ACCEPTED = "web: message committed, not answered"
    RECEIPT_STORED = "web: receipt stored, not applied"
    RECEIPT_APPLIED = "web: receipt applied, not answered"
    TAKEN = "relay: entries taken, not published"
    PUBLISHED = "relay: published, not removed"
    CLAIMED = "worker: claimed, provider not called"
    HANDED_OVER = "worker: provider accepted, others in flight"
    UNRECORDED = "worker: all calls made, not recorded"
    RECORDED = "worker: recorded, not acknowledged"
    CALLED = "worker: service called, not recorded"


@frozen
class Fuses:
    """Arms points, and lets who comes to an armed one die."""

    directory: Path

    @classmethod
    def from_environment(cls) -> Fuses:
        """Return those of the directory that the environment names."""
        return cls(Path(os.environ[DIRECTORY]))

    def arm(self, point: Point) -> bool:
        """Let the next process that comes to this point die. False if that is so already."""
        try:
            self._file(point).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def disarm(self) -> None:
        """Let nobody die any more."""
        for point in Point:
            self._file(point).unlink(missing_ok=True)

    def reach(self, point: Point) -> None:
        """Come to a point, and die there if it is armed."""
        try:
            self._file(point).unlink()
        except FileNotFoundError:
            return
        self.note(point)
        os.kill(os.getpid(), signal.SIGKILL)

    def note(self, how: str) -> None:
        """Write down that a process dies."""
        with (self.directory / _DEATHS).open("a") as file:
            file.write(f"{time.time():.3f} {how}\n")

    def deaths(self) -> Counter[str]:
        """Return how many processes died, by how."""
        path = self.directory / _DEATHS
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter(line.partition(" ")[2] for line in lines)

    def around(self, ports: Ports) -> Ports:
        """Return the same ports with points around what they do."""
        return evolve(
            ports,
            database=_Database(ports.database, self.reach),
            publisher=_Publisher(ports.publisher, self.reach),
            sms_providers={name: _Texts(provider, self.reach) for name, provider in ports.sms_providers.items()},
            email_providers={name: _Emails(provider, self.reach) for name, provider in ports.email_providers.items()},
            caller=_Caller(ports.caller, self.reach),
        )

    def _file(self, point: Point) -> Path:
        return self.directory / point.name.lower()


Reach = Callable[[Point], None]

#: Reached once what the repository's method did is committed.
_AFTER: Mapping[str, Mapping[str, Point]] = {
    "notifications": {"accept": Point.ACCEPTED, "claim": Point.CLAIMED, "record": Point.RECORDED},
    "receipts": {"keep_waiting": Point.RECEIPT_STORED, "take_waiting": Point.RECEIPT_APPLIED},
    "outbox": {"take": Point.TAKEN},
}
_BEFORE: Mapping[str, Mapping[str, Point]] = {"notifications": {"record": Point.UNRECORDED}}


@frozen
class _Database:
    """Implements `Database`."""

    database: Database
    reach: Reach

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """Begin a transaction, whose points are reached when it is committed."""
        with self.database.begin() as work:
            yield cast("UnitOfWork", _Work(work, self.reach, at_once=False))

    @contextmanager
    def statement(self) -> Iterator[UnitOfWork]:
        """Begin work of which each call has its points."""
        with self.database.statement() as work:
            yield cast("UnitOfWork", _Work(work, self.reach, at_once=True))


class _Work:
    """A unit of work that knows which points it has come to."""

    def __init__(self, work: UnitOfWork, reach: Reach, *, at_once: bool) -> None:
        self._work = work
        self._reach = reach
        self._at_once = at_once
        self._due: list[Point] = []

    def commit(self) -> None:
        self._work.commit()
        for point in self._due:
            self._reach(point)
        self._due.clear()

    def __getattr__(self, name: str) -> Any:
        repository = getattr(self._work, name)
        if name not in _AFTER:
            return repository
        return _Repository(repository, _BEFORE.get(name, {}), _AFTER[name], self._reach, self._after)

    def _after(self, point: Point) -> None:
        if self._at_once:
            self._reach(point)
        else:
            self._due.append(point)


@frozen
class _Repository:
    """A repository some of whose methods have points. Those that did nothing have none."""

    repository: Any
    before: Mapping[str, Point]
    after: Mapping[str, Point]
    reach: Reach
    reach_after: Reach

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.repository, name)
        if name not in self.before and name not in self.after:
            return method

        def call(*args: Any, **more: Any) -> Any:
            if name in self.before:
                self.reach(self.before[name])
            result = method(*args, **more)
            if name in self.after and result != []:
                self.reach_after(self.after[name])
            return result

        return call


@frozen
class _Publisher:
    """Implements `Publisher`."""

    publisher: Publisher
    reach: Reach

    def publish(self, messages: Sequence[TaskMessage]) -> Sequence[TaskMessage]:
        """Publish, and come to the point after it."""
        refused = self.publisher.publish(messages)
        self.reach(Point.PUBLISHED)
        return refused


@frozen
class _Texts:
    """Implements `SmsProvider`."""

    provider: SmsProvider
    reach: Reach

    def send(self, message: Any) -> None:
        """Hand the text over, and come to the point after it."""
        self.provider.send(message)
        self.reach(Point.HANDED_OVER)


@frozen
class _Emails:
    """Implements `EmailProvider`."""

    provider: EmailProvider
    reach: Reach

    def send(self, message: Any) -> str:
        """Hand the email over, and come to the point after it."""
        reference = self.provider.send(message)
        self.reach(Point.HANDED_OVER)
        return reference


@frozen
class _Caller:
    """Implements `Caller`."""

    caller: Caller
    reach: Reach

    def check(self, url: str) -> None:
        """Check the URL."""
        self.caller.check(url)

    def __call__(self, call: Call) -> Answer:
        """Call the service, and come to the point after it."""
        answer = self.caller(call)
        self.reach(Point.CALLED)
        return answer
