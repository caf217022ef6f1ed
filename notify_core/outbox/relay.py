"""Move what the outbox promises to the queues."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from attrs import field, frozen

from notify_core.clock import Clock
from notify_core.outbox.ahead import MOST_EACH, Ahead
from notify_core.outbox.model import LONGEST_BROKER_DELAY, Lane, OutboxEntry, TaskMessage, as_messages
from notify_core.outbox.ports import Publisher, QueuesUnavailable
from notify_core.unit_of_work import Database

_BATCH = 1000
# Longer than any publishing takes, so that two relays do not publish the same; short enough for a
# crashed relay's batch to be picked up soon.
_HIDDEN_WHILE_PUBLISHING = timedelta(seconds=60)
_REST_AFTER_REFUSAL = timedelta(seconds=2)


@frozen(kw_only=True)
class Relayed:
    """What one round did: entries `published`, and entries `held_back` because the broker did not take them.

    `resting`: some lanes get nothing until workers have caught up with them, which is worth another look soon.
    """

    published: int
    held_back: int
    resting: bool = False


@frozen
class RelayOutbox:
    """Take a batch of promises, publish them, forget them; from each lane no more than workers will soon begin.

    Entries are hidden, not locked, while they are published: no transaction stays open while waiting for
    the broker. A crash in between means that they are published again, never that they are lost.
    """

    database: Database
    publisher: Publisher
    clock: Clock
    ahead: Ahead = field(factory=Ahead)

    def __call__(self, limit: int = _BATCH) -> Relayed:
        """Relay at most `limit` entries that are due, or will be while the broker can hold them."""
        self._catch_up()
        resting = self.ahead.resting()
        entries = self._take(limit, resting)
        if not entries:
            return Relayed(published=0, held_back=0, resting=bool(resting))
        began = self.clock()
        messages = list(as_messages(entries, began))
        refused = self._publish(messages)
        held_back = {entry_id for message in refused for entry_id in message.entry_ids}
        self.ahead.publish((message for message in messages if not held_back.intersection(message.entry_ids)), began)
        self._settle(entries, held_back, began)
        return Relayed(
            published=len(entries) - len(held_back), held_back=len(held_back), resting=bool(self.ahead.resting())
        )

    def _catch_up(self) -> None:
        watched = self.ahead.watched()
        if watched:
            now = self.clock()
            with self.database.statement() as work:
                self.ahead.catch_up(work.notifications.find_unclaimed(watched, now=now), now)

    def _take(self, limit: int, resting: Collection[Lane]) -> list[OutboxEntry]:
        now = self.clock()
        with self.database.statement() as work:
            return work.outbox.take(
                limit=limit,
                due_before=now + LONGEST_BROKER_DELAY,
                now=now,
                until=now + _HIDDEN_WHILE_PUBLISHING,
                most_each=MOST_EACH,
                without=resting,
            )

    def _publish(self, messages: list[TaskMessage]) -> list[TaskMessage]:
        try:
            return list(self.publisher.publish(messages))
        except QueuesUnavailable:
            return messages

    def _settle(self, entries: list[OutboxEntry], held_back: set[UUID], began: datetime) -> None:
        published = [entry.id for entry in entries if entry.id not in held_back]
        with self.database.statement() as work:
            # Since we began: a worker may have been at it before the broker's answer came.
            work.outbox.remove(published, queued_at=began)
            if held_back:
                work.outbox.release(held_back, until=self.clock() + _REST_AFTER_REFUSAL)
