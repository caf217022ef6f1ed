"""The outbox: what is still to be put on a queue."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from notify_adapters.postgres.session import Parameters, Row, Session
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.notifications.timeline import EventKind
from notify_core.outbox.model import DELIVERING, OutboxEntry, Queue, Task

_DELIVERING = ", ".join(f"'{task}'" for task in sorted(DELIVERING))

_ADD = """
INSERT INTO outbox (id, task, queue, subject_id, group_id, available_at)
SELECT * FROM unnest(
    %(ids)s::uuid[], %(tasks)s::text[], %(queues)s::text[],
    %(subject_ids)s::uuid[], %(group_ids)s::uuid[], %(available_at)s::timestamptz[]
)
"""

# The array makes PostgreSQL look for entries once, before it updates any. Entries that another relay is taking
# at this moment are skipped, not waited for.
_TAKE = """
UPDATE outbox
SET hidden_until = %(until)s
WHERE id = ANY(ARRAY(
    SELECT id FROM outbox
    WHERE available_at < %(due_before)s AND (hidden_until IS NULL OR hidden_until <= %(now)s)
    ORDER BY available_at, id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
))
RETURNING id, task, queue, subject_id, group_id, available_at
"""

# LATERAL, so that the month's partition is chosen for each message: a join could read them all.
_REMOVE = f"""
WITH gone AS (
    DELETE FROM outbox WHERE id = ANY(%(ids)s) RETURNING task, queue, subject_id
)
INSERT INTO notification_events (notification_id, expires_on, at, kind)
SELECT facts.id, facts.expires_on, %(queued_at)s, '{EventKind.QUEUED}'
FROM gone, LATERAL (
    SELECT id, expires_on FROM notifications WHERE id = gone.subject_id OFFSET 0
) AS facts
WHERE gone.task IN ({_DELIVERING}) AND gone.queue <> '{Queue.RETRY}' AND facts.expires_on > %(today)s
"""
_RELEASE = "UPDATE outbox SET hidden_until = %(until)s WHERE id = ANY(%(ids)s)"
_COUNT = "SELECT count(*) AS entries FROM outbox"


class PostgresOutbox:
    """Implements `Outbox`."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def add(self, entries: Iterable[OutboxEntry]) -> None:
        """Promise these."""
        some = list(entries)
        if some:
            self._session.run(_ADD, _columns(some))
            self._session.promised()

    def take(self, *, limit: int, due_before: datetime, now: datetime, until: datetime) -> list[OutboxEntry]:
        """Take what is due, longest due first, and hide it."""
        rows = self._session.rows(_TAKE, {"limit": limit, "due_before": due_before, "now": now, "until": until})
        return sorted(map(_entry, rows), key=lambda entry: (entry.available_at, entry.id))

    def remove(self, entry_ids: Iterable[UUID], *, queued_at: datetime) -> None:
        """Forget these: they are on their queue."""
        if ids := list(entry_ids):
            today = london_date(self._clock())
            self._session.run(_REMOVE, {"ids": ids, "queued_at": queued_at, "today": today})

    def release(self, entry_ids: Iterable[UUID], *, until: datetime) -> None:
        """Let these be taken again, from `until` on."""
        if ids := list(entry_ids):
            self._session.run(_RELEASE, {"ids": ids, "until": until})

    def count(self) -> int:
        """Return how many entries there are."""
        row = self._session.row(_COUNT, {})
        return int(row.entries) if row else 0


def _columns(entries: list[OutboxEntry]) -> Parameters:
    return {
        "ids": [entry.id for entry in entries],
        "tasks": [entry.task.value for entry in entries],
        "queues": [entry.queue.value for entry in entries],
        "subject_ids": [entry.subject_id for entry in entries],
        "group_ids": [entry.group for entry in entries],
        "available_at": [entry.available_at for entry in entries],
    }


def _entry(row: Row) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        task=Task(row.task),
        queue=Queue(row.queue),
        subject_id=row.subject_id,
        available_at=row.available_at,
        group=row.group_id,
    )
