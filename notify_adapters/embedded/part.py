"""What every embedded part has in common once it is started for itself: a child of ours, waited for and stopped."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from notify_adapters.embedded.child import POLL_SECONDS, Child, ChildCommand
from notify_adapters.embedded.errors import EmbeddedPartError
from notify_adapters.embedded.ports import LOOPBACK


class EmbeddedPart(ABC):
    """A server on a port of loopback. As a context manager it is started, and stopped again."""

    name: ClassVar[str]
    port: int
    _child: Child | None = None

    @abstractmethod
    def start(self) -> object:
        """Start the server as a child and wait until it is ready."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Say whether the server can be used now, whoever started it."""

    def stop(self) -> None:
        """Stop the server that `start()` started. Safe to repeat."""
        if self._child is not None:
            self._child.stop()

    @property
    def pid(self) -> int:
        """The process id of the server that `start()` started."""
        if self._child is None:
            raise EmbeddedPartError(f"{self.name} was not started.")
        return self._child.pid

    def wait_until_ready(self, timeout: float = 30.0) -> None:
        """Wait until the server is ready, whoever started it; EmbeddedPartError after `timeout` seconds."""
        if self._child is not None:
            self._child.wait_until(self.is_ready, timeout)
            return
        deadline = time.monotonic() + timeout
        while not self.is_ready():
            if time.monotonic() > deadline:
                where = f"{self.name} on {LOOPBACK}:{self.port}"
                raise EmbeddedPartError(f"{where} was not ready after {timeout:g} seconds.")
            time.sleep(POLL_SECONDS)

    def _start_child(self, command: ChildCommand, log_path: Path, timeout: float) -> None:
        """Start the child and wait until it is ready. When that fails, nothing is left running."""
        self._child = Child(command, log_path)
        self._child.start()
        try:
            self._child.wait_until(self.is_ready, timeout)
        except EmbeddedPartError:
            self.stop()
            raise

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
