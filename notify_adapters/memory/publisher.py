"""Queues in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from notify_core.clock import Clock
from notify_core.outbox.model import TaskMessage
from notify_core.outbox.ports import QueuesUnavailable


class MemoryPublisher:
    """Implements `Publisher`, and hands messages out again once their delay has passed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._messages: deque[tuple[datetime, TaskMessage]] = deque()
        self.available = True

    def publish(self, messages: Sequence[TaskMessage]) -> Sequence[TaskMessage]:
        """Publish everything, or raise QueuesUnavailable while `available` is False."""
        if not self.available:
            raise QueuesUnavailable
        now = self._clock()
        self._messages.extend((now + message.delay, message) for message in messages)
        return ()

    def receive(self) -> TaskMessage | None:
        """Remove and return the first message that is due, or None."""
        now = self._clock()
        for entry in self._messages:
            if entry[0] <= now:
                self._messages.remove(entry)
                return entry[1]
        return None

    def next_due(self) -> datetime | None:
        """Return when the next message is due, or None when there is none."""
        return min((due for due, _ in self._messages), default=None)
