"""Time, identity and randomness, as the operating system gives them."""

from __future__ import annotations

import os
import random
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from threading import Lock
from typing import IO, TypeVar
from uuid import UUID

from notify_core.clock import Clock
from notify_core.identifiers import uuid7

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_RANDOM_BITS = 74


class SystemClock:
    """Implements `Clock`."""

    def __call__(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class SystemIds:
    """Implements `NewId`: UUIDv7 from a clock and the system's randomness."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._last = 0

    def __call__(self) -> UUID:
        """Return an id that sorts after all that this object has returned."""
        randomness = int.from_bytes(os.urandom(10), "big") & ((1 << _RANDOM_BITS) - 1)
        made = uuid7(self._clock(), randomness).int
        with self._lock:
            if made <= self._last:
                made = self._last + 1 + (randomness & 0xFFFF)
            self._last = made
        return UUID(int=made)


def new_secret() -> str:
    """Implement `NewSecret`: a random UUID4, from the system's secure randomness."""
    return str(uuid.uuid4())


def chance() -> float:
    """Implement `Chance`."""
    return random.random()  # noqa: S311 - chooses a provider, guards nothing


@contextmanager
def scratch_file() -> Iterator[IO[bytes]]:
    """Implement `Scratch` with a file of this machine that has no name, and is gone when it is closed."""
    with tempfile.TemporaryFile() as file:
        yield file


class Threads:
    """Implements `InFlight` with a pool of threads, for work that waits for somebody else's server.

    What is logged in them carries what was bound where the work was handed over: the request's ids.
    """

    def __init__(self, at_once: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="in-flight")

    def __call__(self, work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """Apply `work` to each item, several at a time; a single one needs no thread."""
        if len(items) == 1:
            return [work(items[0])]
        contexts = [copy_context() for _ in items]
        return list(self._pool.map(lambda context, item: context.run(work, item), contexts, items))

    def close(self) -> None:
        """Wait for what is running, and take nothing more."""
        self._pool.shutdown()
