"""A whole system: started in the order in which its parts need each other, stopped in the opposite one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self

from attrs import define, field

from notify_adapters.embedded import ChildCommand, require_free_port
from notify_cli.dev.layout import DataDirectory
from notify_cli.dev.parts import ADMIN_CLIENT, QUEUE_PREFIX, Addresses, Parts
from notify_cli.dev.supervisor import Supervisor, describe, end_leftovers
from notify_core.outbox.model import LONGEST_BROKER_DELAY, Queue
from notify_core.worlds.model import World

_START_SECONDS = 60.0
_EVERYTHING = 1_000_000
SIMULATORS = ("mmg", "firetext", "ses", "documents")

Progress = Callable[[str], None]


def _silent(_: str) -> None:
    """Tell nobody."""


@define(kw_only=True)
class DevSystem:
    """One development system on loopback. Use it as a context manager, or `start` and `stop` it."""

    data_dir: Path
    port: int
    fresh: bool = False
    fast_queues: bool = False
    environment: Mapping[str, str] = field(factory=dict)
    wanted_world: World | None = None
    progress: Progress = _silent
    directory: DataDirectory = field(init=False)
    parts: Parts = field(init=False)
    supervisor: Supervisor = field(init=False)
    world: dict[str, Any] = field(init=False, factory=dict)
    seconds_to_start: float = field(init=False, default=0.0)

    def start(self) -> None:
        """Start everything, and return when all of it is up.

        Raises EmbeddedPartError, with nothing left running, when a port is taken, a part dies, or the data
        directory is another version's; and Conflict when the wanted world contradicts what is stored.
        """
        begun = perf_counter()
        require_free_port(self.port, "The HTTP API")
        self.directory = DataDirectory(self.data_dir.resolve())
        self.directory.open(fresh=self.fresh)
        self.supervisor = Supervisor(self.directory.logs)
        try:
            end_leftovers(self.directory.read("processes.json") or [])
            self._start_parts()
        except BaseException:
            self.stop()
            raise
        self.seconds_to_start = perf_counter() - begun

    def stop(self) -> None:
        """Stop everything. Safe to repeat."""
        self.supervisor.stop()
        self.directory.close()

    def check(self) -> None:
        """Raise EmbeddedPartError when a part has ended."""
        self.supervisor.check()

    def restart(self, key: str) -> None:
        """Start a part again, whatever became of it, and wait until it is at work."""
        if key == "worker":
            self.directory.worker_ready.unlink(missing_ok=True)
        self.supervisor.restart(key)
        self._note_processes()
        self.supervisor.children[key].wait_until(self._is_ready(key), _START_SECONDS)

    def ready_document(self) -> dict[str, Any]:
        """Return what the ready file says."""
        at = self.parts.at
        return {
            "base_url": at.url("web"),
            **self.world,
            "admin": {"client_id": ADMIN_CLIENT, "secret": self.parts.secrets.admin_secret},
            "database_url": self.parts.postgres.url,
            "sqs_endpoint_url": self.parts.queues_url,
            "s3_endpoint_url": at.url("aws"),
            "queue_prefix": QUEUE_PREFIX,
            "simulators": {name: at.url(name) for name in SIMULATORS},
            "processes": self.supervisor.pids(),
        }

    def write_ready_file(self, path: Path) -> None:
        """Write the ready file, whole or not at all."""
        unfinished = path.with_name(f".{path.name}.unfinished")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(self.ready_document(), indent=2))
        unfinished.replace(path)

    def _start_parts(self) -> None:
        self.parts = Parts(
            directory=self.directory,
            secrets=self.directory.secrets(),
            at=Addresses.choose(self.port),
            fast_queues=self.fast_queues,
            extra_environment=self.environment,
        )
        self._start_outside()
        if self.fast_queues:
            self._make_fast_queues()
        # Loading takes most of the time, so these load while the others get ready: they can wait for them.
        self._start("worker", self.parts.worker())
        self._start("web", self.parts.web())
        self._start("beat", self.parts.beat())
        self._prepare_database()
        self._start("relay", self.parts.relay())
        self._wait_for("aws")
        self._make_world()
        self._note_processes()
        for key in ("web", *SIMULATORS, "worker"):
            self._wait_for(key)
        self.supervisor.check()

    def _start(self, key: str, command: ChildCommand) -> None:
        self.progress(command.name)
        self.supervisor.start(key, command)

    def _start_outside(self) -> None:
        """Start what our own processes talk to. None of these needs another to start."""
        self._start("aws", self.parts.aws.command())
        self.progress("PostgreSQL")  # before its data directory is made, which takes longest
        self.parts.postgres.initialise()
        self.supervisor.start("postgres", self.parts.postgres.command())
        redis = self.parts.redis
        command = redis.command() if redis else None
        if command is not None:
            self._start("redis", command)
        for key, simulator in self.parts.simulators().items():
            self._start(key, simulator)

    def _prepare_database(self) -> None:
        from notify_adapters.assembly import migrate_database

        self.supervisor.wait_until("postgres", self.parts.postgres.is_ready, _START_SECONDS)
        self.progress("migrations")
        migrate_database(self.parts.settings)

    def _make_fast_queues(self) -> None:
        """Make the queues, as an operator does once in production. Moto brings its own."""
        from notify_adapters.assembly import queue_admin

        self._wait_for("queues")
        with self.parts.aws_credentials():
            queue_admin(self.parts.settings).ensure([queue.value for queue in Queue])

    def _make_world(self) -> None:
        from notify_adapters.assembly import Role, assemble
        from notify_cli.dev.world import apply_world, demo_world

        self.progress("demo service")
        platform = assemble(self.parts.settings, Role.COMMAND)
        try:
            self.world = demo_world(platform.notify, self.directory)
            if self.wanted_world is not None:
                self.world |= {"world": apply_world(platform.notify, self.wanted_world)}
            # The queues are new and empty, whatever the database remembers having put on them, be it for later.
            platform.notify.replay_undelivered(forgotten_after=-LONGEST_BROKER_DELAY, limit=_EVERYTHING)
        finally:
            platform.close()

    def _note_processes(self) -> None:
        self.directory.write("processes.json", describe(self.supervisor.pids().values()))

    def _wait_for(self, key: str) -> None:
        self.supervisor.wait_until(key, self._is_ready(key), _START_SECONDS)

    def _is_ready(self, key: str) -> Callable[[], bool]:
        """Return what tells whether a part is at work."""
        if key == "worker":
            return self.directory.worker_ready.exists
        if key == "aws":
            return self.parts.aws.is_ready
        return lambda: self.parts.at.answers(key)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
