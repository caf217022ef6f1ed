"""A supervised child process: how it is started, how its death is explained, how it is stopped.

A child must never outlive us. On Linux the kernel sees to it, however hard we are killed (PR_SET_PDEATHSIG);
elsewhere `stop()` does. Mind that the kernel's promise is tied to the *thread* that started the child: start
children from a thread that lives as long as they should.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from attrs import Factory, define, field, frozen

from notify_adapters.embedded.errors import EmbeddedPartError

PR_SET_PDEATHSIG = 1  # linux/prctl.h
POLL_SECONDS = 0.01
LOG_LINES_SHOWN = 15
# What the kernel ends has gone long before that.
_KILLED_SECONDS = 5.0


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Return a `preexec_fn` that ties the child's life to ours, or None where the kernel cannot.

    It runs after the change of user, which would otherwise clear the setting (prctl(2)).
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # we died between fork and prctl: nobody would send the signal
            os._exit(1)

    return tie


def resolved(path: Path | str) -> Path:
    """Make a path absolute: children do not share our working directory."""
    return Path(path).resolve()


def end_group(group: int) -> None:
    """End whatever is left of a process group that we started, and return once it has let go of what it held.

    On a busy machine a killed process keeps its port for some moments, and answers who looks whether the next is up.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    deadline = time.monotonic() + _KILLED_SECONDS
    while _has_anybody(group) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _has_anybody(group: int) -> bool:
    """Whether a process of the group still runs. Where there is no /proc we do not know, and say no."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue  # it ended while we looked
        if int(its_group) == group and state not in "ZX":
            return True
    return False


@frozen(kw_only=True)
class ChildCommand:
    """Everything needed to run one part in the foreground.

    `user` and `group` are numeric ids to change to, or None to stay who we are. `stop_signal` asks for an
    orderly end; `death_signal` is what the kernel sends when the parent is gone.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(factory=lambda: dict(os.environ))
    working_directory: Path | None = None
    user: int | None = None
    group: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL

    def popen_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments for `subprocess.Popen(command.argv, ...)`.

        The child gets its own process group, so that Ctrl-C in a terminal reaches the supervisor only.
        """
        arguments: dict[str, Any] = {
            "env": dict(self.environment),
            "cwd": self.working_directory,
            "stdin": subprocess.DEVNULL,
            "process_group": 0,
            "preexec_fn": die_with_parent(self.death_signal),
        }
        if self.user is not None:
            arguments |= {"user": self.user, "group": self.group, "extra_groups": []}
        return arguments


@define
class Child:
    """One running ChildCommand, its output in a log file."""

    command: ChildCommand
    log_path: Path
    process: subprocess.Popen[bytes] | None = Factory(lambda: None)
    _stopped: bool = field(default=False, init=False)

    @property
    def pid(self) -> int:
        """The process id. Only after `start()`."""
        return self._started().pid

    def start(self) -> None:
        """Start the process; its output is appended to the log file."""
        self._stopped = False
        with self.log_path.open("ab") as log:
            try:
                self.process = subprocess.Popen(  # noqa: S603 - the command line is our own
                    self.command.argv, stdout=log, stderr=log, **self.command.popen_arguments()
                )
            except OSError as error:
                raise EmbeddedPartError(f"{self.command.name} cannot be started: {error}.") from error

    def is_running(self) -> bool:
        """Say whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Wait until `ready()` is true.

        EmbeddedPartError with the end of the log when the process dies first, or `timeout` seconds pass.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.is_running():
                raise EmbeddedPartError(f"{self.command.name} {self._how_it_ended()}.{self.log_tail()}")
            if time.monotonic() > deadline:
                raise EmbeddedPartError(
                    f"{self.command.name} was not ready after {timeout:g} seconds.{self.log_tail()}"
                )
            time.sleep(POLL_SECONDS)

    def stop(self, timeout: float = 10.0) -> None:
        """Stop the process: the stop signal first, SIGKILL after `timeout` seconds. Safe to repeat.

        Whatever it leaves behind of its own children is killed, too: they would go on without anybody above them.
        """
        if self.process is None or self._stopped:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.command.stop_signal)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        end_group(self.process.pid)
        self._stopped = True

    def log_tail(self, lines: int = LOG_LINES_SHOWN) -> str:
        """Return the last lines of the log, introduced and indented for an error message; empty when none."""
        if not self.log_path.exists():
            return ""
        last = self.log_path.read_text(errors="replace").splitlines()[-lines:]
        return "".join(["\nIts last words:", *(f"\n    {line}" for line in last)]) if last else ""

    def _how_it_ended(self) -> str:
        status = self._started().returncode
        if status is not None and status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with exit status {status}"

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise EmbeddedPartError(f"{self.command.name} was not started.")
        return self.process

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
