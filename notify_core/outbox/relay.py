"""Move what the outbox promises to the queues."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from attrs import frozen

from notify_core.clock import Clock
from notify_core.outbox.model import LONGEST_BROKER_DELAY, OutboxEntry, TaskMessage, as_messages
from notify_core.outbox.ports import Publisher, QueuesUnavailable
from notify_core.unit_of_work import Database

_BATCH = 1000
# Longer than any publishing takes, so that two relays do not publish the same; short enough for a
# crashed relay's batch to be picked up soon.
_HIDDEN_WHILE_PUBLISHING = timedelta(seconds=60)
_REST_AFTER_REFUSAL = timedelta(seconds=2)


@frozen(kw_only=True)
class Relayed:
    """What one round did: entries `published`, and entries `held_back` because the broker did not take them."""

    published: int
    held_back: int


@frozen
class RelayOutbox:
    """Take a batch of promises, publish them, forget them.

    Entries are hidden, not locked, while they are published: no transaction stays open while waiting for
    the broker. A crash in between means that they are published again, never that they are lost.
    """

    database: Database
    publisher: Publisher
    clock: Clock

    def __call__(self, limit: int = _BATCH) -> Relayed:
        """Relay at most `limit` entries that are due, or will be while the broker can hold them."""
        entries = self._take(limit)
        if not entries:
            return Relayed(published=0, held_back=0)
        began = self.clock()
        messages = list(as_messages(entries, began))
        refused = self._publish(messages)
        held_back = {entry_id for message in refused for entry_id in message.entry_ids}
        self._settle(entries, held_back, began)
        return Relayed(published=len(entries) - len(held_back), held_back=len(held_back))

    def _take(self, limit: int) -> list[OutboxEntry]:
        now = self.clock()
        with self.database.statement() as work:
            return work.outbox.take(
                limit=limit,
                due_before=now + LONGEST_BROKER_DELAY,
                now=now,
                until=now + _HIDDEN_WHILE_PUBLISHING,
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
