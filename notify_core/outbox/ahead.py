"""How far a relay has run ahead of the workers.

What is on a queue is done more or less in the order in which it came, so a relay that published all of a service's
backlog at once would leave everybody else to wait behind it. It keeps that backlog in the outbox instead, where
every lane has its turn, and publishes only a little more than the workers have begun.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from attrs import define, field, frozen

from notify_core.outbox.model import DELIVERING, SUBJECTS_PER_MESSAGE, Lane, TaskMessage

# Published for one lane and not begun yet. Enough to keep sixteen processes busy until the relay looks again, and no
# more than a second's work for a few.
AHEAD = 16 * SUBJECTS_PER_MESSAGE
# A lane that has more than half of it left rests, and then gets half of it in one go: small rounds cost more.
MOST_EACH = AHEAD // 2
# What nobody has begun by then is on a queue without workers, or was lost with its queue: it holds nobody up.
_FORGOTTEN_AFTER = timedelta(seconds=60)


@frozen
class _Published:
    """A message on its queue. Workers begin all of its subjects at once, so that one of them tells about all."""

    lane: Lane
    subject_id: UUID
    size: int
    forgotten_at: datetime


@define
class Ahead:
    """What one relay has published, and no worker has begun. It is the relay's own, and starts empty."""

    _published: list[_Published] = field(factory=list, init=False)

    def watched(self) -> list[UUID]:
        """Return a subject of each message that was not begun when last looked at."""
        return [one.subject_id for one in self._published]

    def catch_up(self, not_begun: Collection[UUID], now: datetime) -> None:
        """Hear which of the watched subjects no worker has begun; the others are watched no longer."""
        self._published = [one for one in self._published if one.subject_id in not_begun and now < one.forgotten_at]

    def publish(self, messages: Iterable[TaskMessage], now: datetime) -> None:
        """Hear what has gone to its queue. Only deliveries that can begin at once are watched."""
        self._published += [
            _Published(message.lane, message.subject_ids[0], len(message.subject_ids), now + _FORGOTTEN_AFTER)
            for message in messages
            if message.task in DELIVERING and not message.delay
        ]

    def resting(self) -> frozenset[Lane]:
        """Return the lanes that are to get nothing now."""
        sizes: dict[Lane, int] = {}
        for one in self._published:
            sizes[one.lane] = sizes.get(one.lane, 0) + one.size
        return frozenset(lane for lane, size in sizes.items() if size > AHEAD - MOST_EACH)
