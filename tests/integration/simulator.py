"""One of our simulators, in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notify_adapters.embedded import Child, ChildCommand, free_port
from notify_adapters.simulators.client import SimulatorClient

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0


@contextmanager
def a_simulator(name: str, *options: str, logs: Path) -> Iterator[SimulatorClient]:
    """Run a simulator with these options, and give its client once it answers."""
    port = free_port()
    command = ChildCommand(
        name=f"the {name} simulator",
        argv=(sys.executable, "-m", "notify_adapters.simulators", name, "--port", str(port), *options),
        working_directory=ROOT,
    )
    client = SimulatorClient(f"http://127.0.0.1:{port}")
    with Child(command, logs / f"{name}-{port}.log") as child:
        child.wait_until(client.is_ready, PATIENCE_SECONDS)
        yield client
