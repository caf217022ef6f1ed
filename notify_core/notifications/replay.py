"""Find messages that were accepted and then forgotten by everyone, and promise to deliver them again.

With the outbox there should be none. This is the net below it: a queue that was purged by mistake, or a
message that its dead-letter queue swallowed.
"""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.notifications.send import delivery_of
from notify_core.unit_of_work import Database

# Older than any single wait between two attempts, so that what is merely waiting is left alone.
_FORGOTTEN_AFTER = timedelta(hours=1)
_GIVEN_UP_AFTER = timedelta(days=7)
_BATCH = 1000


@frozen
class ReplayUndelivered:
    """Queue again what has been `created` for an hour or more, and is in nobody's hands."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, *, forgotten_after: timedelta = _FORGOTTEN_AFTER, limit: int = _BATCH) -> int:
        """Promise to deliver at most `limit` messages that nobody has touched for `forgotten_after`.

        Returns how many there were. What waits for its next attempt is not forgotten.

        Harmless when a message is not forgotten after all: a delivery of something sent does nothing.
        """
        now = self.clock()
        with self.database.begin() as work:
            forgotten = work.notifications.find_undelivered(
                after=now - _GIVEN_UP_AFTER, before=now - forgotten_after, limit=limit
            )
            work.outbox.add(
                evolve(delivery_of(notification, self.new_id()), available_at=now) for notification in forgotten
            )
            work.commit()
        return len(forgotten)
