"""How a task runs: with this process's platform, a line in the log, and a way out for each kind of failure."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import structlog
from attrs import define, field, frozen
from celery.exceptions import Reject

from notify_adapters.assembly import Platform
from notify_worker.postponing import postpone
from notify_worker.tasks import Job


@define
class PlatformOfProcess:
    """The platform of this process: assembled once, and anew after a fork."""

    _assemble: Callable[[], Platform]
    _assembled: tuple[int, Platform] | None = field(default=None, init=False)

    def __call__(self) -> Platform:
        """Return this process's platform."""
        if self._assembled is None or self._assembled[0] != os.getpid():
            self._assembled = os.getpid(), self._assemble()
        return self._assembled[1]

    def open(self, **_: object) -> None:
        """Assemble it before the first task comes. A receiver of Celery's signals."""
        self()

    def close(self, **_: object) -> None:
        """Let go of everything. A receiver of Celery's signals."""
        if self._assembled is not None and self._assembled[0] == os.getpid():
            self._assembled[1].close()
        self._assembled = None


@frozen
class Runner:
    """What Celery calls for the messages of one task."""

    job: Job
    platform: Callable[[], Platform]

    def __call__(self, task: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Do the job. Returning lets the message be deleted; Reject leaves it on its queue.

        Nothing from the message or from an error's text goes into the log.
        """
        start = perf_counter()
        line = structlog.get_logger().bind(
            task=self.job.name,
            task_id=task.request.id,
            queue=task.request.delivery_info.get("routing_key"),
            retries=task.request.retries,
            **_count(args),
        )
        try:
            self.job.work(self.platform(), *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - each kind has its way out
            self._fail(task, error, line.bind(seconds=_since(start)))
        else:
            (line.debug if self.job.frequent else line.info)("task done", seconds=_since(start))

    def _fail(self, task: Any, error: Exception, line: Any) -> None:
        if isinstance(error, self.job.hopeless):
            line.error("task makes no sense and is dropped", error=type(error).__name__)
            return
        if not self.job.patience.covers(error, task.request.retries):
            line.error("task failed", error=type(error).__name__, where=_where(error))
            raise Reject(type(error).__name__, requeue=False) from None
        try:
            postpone(task, self.job.patience)
        except Exception as second:  # noqa: BLE001 - the message itself is the second chance
            line.warning("task cannot be postponed", error=type(error).__name__, broker=type(second).__name__)
            raise Reject(type(error).__name__, requeue=False) from None
        line.warning("task postponed", error=type(error).__name__, delay=self.job.patience.delay.total_seconds())


def _count(args: Sequence[Any]) -> dict[str, int]:
    return {"ids": len(args[0])} if args and isinstance(args[0], list) else {}


def _since(start: float) -> float:
    return round(perf_counter() - start, 4)


def _where(error: Exception) -> str:
    """Say where it happened, without saying what with: texts of errors can quote people's data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}"
