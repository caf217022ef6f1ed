"""What the relay and the use cases need of the outbox and of the queues."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from notify_core.outbox.model import Lane, OutboxEntry, TaskMessage


class Outbox(Protocol):
    """What is still to be put on a queue. Small, and nearly always nearly empty."""

    def add(self, entries: Iterable[OutboxEntry]) -> None:
        """Promise these; once the transaction commits, a relay is woken."""
        ...

    def take(
        self,
        *,
        limit: int,
        due_before: datetime,
        now: datetime,
        until: datetime,
        most_each: int | None = None,
        without: Collection[Lane] = (),
    ) -> list[OutboxEntry]:
        """Take at most `limit` entries due before `due_before`, and hide them until `until`.

        Every lane that has some gets its share, at most `most_each` (None: as many as fit), the longest due first;
        SUBJECTS_PER_MESSAGE for each lane come before more for any. Lanes `without` get nothing. What is taken is
        returned longest due first. However many wait in one lane, taking costs no more for it. Fewer than `limit` may
        be taken though more is due; never none.

        No two relays are given the same entry while it is hidden. An entry that is neither removed nor
        released by then can be taken again.
        """
        ...

    def remove(self, entry_ids: Iterable[UUID], *, queued_at: datetime) -> None:
        """Forget these: they are on their queue, since `queued_at`. Unknown ids are ignored.

        Messages whose delivery they promised have it in their timelines that they were `queued`; not those that wait
        for a further attempt.
        """
        ...

    def release(self, entry_ids: Iterable[UUID], *, until: datetime) -> None:
        """Let these be taken again, from `until` on: their queue did not take them."""
        ...

    def count(self) -> int:
        """Return how many entries there are, hidden ones too."""
        ...


class QueuesUnavailable(Exception):
    """The broker cannot be reached, or took nothing."""


class Publisher(Protocol):
    """Puts messages on queues."""

    def publish(self, messages: Sequence[TaskMessage]) -> Sequence[TaskMessage]:
        """Publish, and return those that the broker refused (an empty sequence when all is well).

        Raises QueuesUnavailable when it is not known that any was taken. Publishing something twice is
        harmless: every task is safe to repeat.
        """
        ...
