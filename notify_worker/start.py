"""What a worker makes sure of before it takes its first message."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from notify_core.errors import ConfigurationError
from notify_core.outbox.condition import QueueCondition
from notify_core.outbox.model import Queue
from notify_core.outbox.ports import QueuesUnavailable

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 5.0


class KnowsConditions(Protocol):
    """Whoever can say how queues are set up."""

    def conditions(self, names: Sequence[str]) -> list[QueueCondition]:
        """Return what is to be known about each. Raises QueuesUnavailable."""
        ...


def require_queues(
    admin: KnowsConditions, queues: Sequence[Queue], pause: Callable[[float], None] = time.sleep
) -> None:
    """Return when SQS answers and each of these queues will do.

    Waits for SQS as long as it takes: an outage passes. A queue that would deliver messages twice, or lose them, does
    not put itself right: raises ConfigurationError, which says of each what to set.
    """
    problems = [problem for one in _conditions(admin, queues, pause) for problem in one.problems()]
    if problems:
        raise ConfigurationError(
            "The queues will not do for this worker:\n"
            + "\n".join(f"  - {problem.sentence}" for problem in problems)
            + "\n`notify queues check` looks again."
        )


def _conditions(
    admin: KnowsConditions, queues: Sequence[Queue], pause: Callable[[float], None]
) -> list[QueueCondition]:
    seconds = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return admin.conditions([queue.value for queue in queues])
        except QueuesUnavailable as error:
            structlog.get_logger().warning("waiting for the queues", problem=str(error))
            pause(seconds)
            seconds = min(seconds * 2, _LONGEST_PAUSE_SECONDS)
