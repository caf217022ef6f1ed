"""Watch a job until nothing more happens to it, with a bar that says how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from notify_core.jobs.model import JobStatus
from notify_core.jobs.show import ShownJob
from notify_core.notifications.status import COMPLETED, Status

_LOOK_SECONDS = 0.5
# Nothing will be sent of such a job, unless somebody does something about it.
STOPPED = frozenset({JobStatus.CANCELLED, JobStatus.SENDING_LIMITS_EXCEEDED, JobStatus.ERROR})
ARRIVED = frozenset({Status.DELIVERED, Status.SENT})


class StillGoing(Exception):
    """The time is over, and the job is not."""


def follow(look: Callable[[], ShownJob], *, timeout: float | None, visible: bool) -> ShownJob:
    """Look at a job until it has stopped, or every message of it has come to its end. Return it as it is then.

    `timeout` is in seconds. The bar is drawn on standard error, where it is `visible`. Raises StillGoing.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    deadline = None if timeout is None else time.monotonic() + timeout
    with Progress(*columns, console=Console(stderr=True), disable=not visible) as progress:
        stored, ended = progress.add_task("stored", total=None), progress.add_task("at their end", total=None)
        while True:
            shown = look()
            total = shown.job.notification_count
            progress.update(stored, total=total, completed=sum(shown.statistics.values()), refresh=True)
            progress.update(ended, total=total, completed=count(shown, COMPLETED), refresh=True)
            if is_over(shown):
                return shown
            if deadline is not None and time.monotonic() > deadline:
                raise StillGoing
            time.sleep(_LOOK_SECONDS)


def is_over(shown: ShownJob) -> bool:
    """Whether nothing more happens to the job by itself."""
    if shown.job.status in STOPPED:
        return True
    return shown.outcome_is_final and shown.job.processing_finished is not None


def all_arrived(shown: ShownJob) -> bool:
    """Whether every message of the job was delivered, as far as can be known."""
    return shown.job.status not in STOPPED and count(shown, ARRIVED) == shown.job.notification_count


def count(shown: ShownJob, statuses: frozenset[Status]) -> int:
    """Return how many messages of the job are in one of these statuses."""
    return sum(number for status, number in shown.statistics.items() if status in statuses)
