"""Starting, watching and stopping the processes of a development system.

Nothing outlives us: children are stopped in the opposite order, whole process groups at a time; should we be
killed hard, the kernel ends the direct children (see `ChildCommand`), and the next start ends what is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from attrs import define, field

from notify_adapters.embedded import Child, ChildCommand, EmbeddedPartError, end_group

_POLL_SECONDS = 0.02
_STOP_SECONDS = 10.0


@define
class Supervisor:
    """The children of one system, in the order in which they were started."""

    logs: Path
    children: dict[str, Child] = field(factory=dict)

    def start(self, key: str, command: ChildCommand) -> Child:
        """Start a part. Raises EmbeddedPartError when it cannot be started."""
        child = Child(command, self.logs / f"{key}.log")
        child.start()
        self.children[key] = child
        return child

    def wait_until(self, key: str, ready: Callable[[], bool], timeout: float) -> None:
        """Wait until a part is ready. Raises EmbeddedPartError when it, or any other, ends first."""
        deadline = time.monotonic() + timeout
        child = self.children[key]
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise EmbeddedPartError(
                    f"{child.command.name} was not ready after {timeout:g} seconds.{child.log_tail()}"
                )
            time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Raise EmbeddedPartError, with the end of its log, when a part has ended."""
        for child in self.children.values():
            if not child.is_running():
                child.wait_until(lambda: False, timeout=0)

    def pids(self) -> dict[str, int]:
        """Return the process id of each part."""
        return {key: child.pid for key, child in self.children.items()}

    def restart(self, key: str) -> None:
        """Start a part again that has ended or been ended."""
        child = self.children[key]
        end_group(child.pid)
        child.stop()
        child.start()

    def stop(self) -> None:
        """Stop every part: the last first, each with time to finish. Safe to repeat."""
        for key in reversed(list(self.children)):
            self.children.pop(key).stop(_STOP_SECONDS)


def describe(pids: Iterable[int]) -> list[dict[str, Any]]:
    """Describe processes so that they can be told from later ones with the same id."""
    return [{"pid": pid, "started": _started(pid)} for pid in pids]


def end_leftovers(described: Iterable[dict[str, Any]]) -> int:
    """End the process groups that an earlier system left behind, and return how many there were."""
    ended = 0
    for one in described:
        started = _started(int(one["pid"]))
        if started is not None and started == one["started"]:
            end_group(int(one["pid"]))
            ended += 1
    return ended


def _started(pid: int) -> str | None:
    """Return when the process was started, in the kernel's own ticks, or None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]
