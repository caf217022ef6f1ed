"""Room for large requests: so that several at once do not fill the memory of a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class NoRoom(Exception):
    """There are too many large requests at work in this process for another one."""


class Room:
    """Room for so many bytes of requests at the same time. Safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._lock = Lock()

    @contextmanager
    def for_request(self, size: int) -> Iterator[None]:
        """Take room for as long as the block lasts. Raises NoRoom; a request by itself always finds some."""
        with self._lock:
            if self._taken and self._taken + size > self._size:
                raise NoRoom
            self._taken += size
        try:
            yield
        finally:
            with self._lock:
                self._taken -= size
