"""The parts of a development system that a measurement needs, and no others."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from notify_adapters.assembly import Platform, Role, assemble, migrate_database
from notify_adapters.embedded import ChildCommand, free_port
from notify_cli.commands.serve import worker_arguments
from notify_cli.dev.layout import DataDirectory
from notify_cli.dev.parts import Addresses, Parts
from notify_cli.dev.supervisor import Supervisor
from notify_cli.dev.world import demo_world

_READY_SECONDS = 60.0


@frozen(kw_only=True)
class Stage:
    """A durable PostgreSQL with a demo service, and a supervisor to start what else is wanted."""

    parts: Parts
    supervisor: Supervisor
    platform: Platform
    world: dict[str, Any]

    def start(self, key: str) -> None:
        """Start one part and wait until it listens, if it does."""
        commands = {
            "web": self.parts.web,
            "worker": self.parts.worker,
            "job worker": self._job_worker,
            "relay": self.parts.relay,
            "redis": self._redis,
        }
        simulators = self.parts.simulators()
        self.supervisor.start(key, _without_receipts(simulators[key]) if key in simulators else commands[key]())
        self.supervisor.wait_until(key, lambda: self.parts.at.answers(key), _READY_SECONDS)

    def _job_worker(self) -> ChildCommand:
        """Return a worker that serves the queue of jobs and no other."""
        every_queue = self.parts.worker()
        return evolve(
            every_queue,
            argv=(every_queue.argv[0], *worker_arguments("api-worker-jobs", self.parts.settings.concurrency)),
        )

    def _redis(self) -> ChildCommand:
        command = self.parts.redis.command() if self.parts.redis else None
        if command is None:
            raise RuntimeError("There is no Redis here: install redis-server, or the dev extra on Python 3.11")
        return command


def _without_receipts(command: ChildCommand) -> ChildCommand:
    """Let the simulator send no receipts: nobody is there to take them."""
    return evolve(command, argv=tuple(part for part in command.argv if not part.startswith("--receipts-url")))


@contextmanager
def stage(environment: Mapping[str, str]) -> Iterator[Stage]:
    """Set the stage in a temporary directory, and clear it afterwards."""
    with tempfile.TemporaryDirectory(prefix="notify-bench-") as temporary:
        Path(temporary).chmod(0o755)
        directory = DataDirectory(Path(temporary) / "data")
        directory.open(fresh=True)
        quiet = {"API_RATE_LIMIT_ENABLED": "0", "NOTIFY_LOG_LEVEL": "WARNING", "REDIS_ENABLED": "0"}
        parts = Parts(
            directory=directory,
            secrets=directory.secrets(),
            at=Addresses.choose(free_port()),
            fast_queues=True,
            extra_environment=quiet | dict(environment),
        )
        supervisor = Supervisor(directory.logs)
        try:
            parts.postgres.initialise()
            supervisor.start("postgres", parts.postgres.command())
            supervisor.wait_until("postgres", parts.postgres.is_ready, _READY_SECONDS)
            migrate_database(parts.settings)
            platform = assemble(parts.settings, Role.COMMAND)
            try:
                world = demo_world(platform.notify, directory)
                with parts.aws_credentials():
                    yield Stage(parts=parts, supervisor=supervisor, platform=platform, world=world)
            finally:
                platform.close()
        finally:
            supervisor.stop()
            directory.close()
