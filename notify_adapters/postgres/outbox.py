"""The outbox: what is still to be put on a queue."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from notify_adapters.postgres.session import Parameters, Row, Session
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.notifications.timeline import EventKind
from notify_core.outbox.model import DELIVERING, SUBJECTS_PER_MESSAGE, Lane, OutboxEntry, Queue, Task

_DELIVERING = ", ".join(f"'{task}'" for task in sorted(DELIVERING))

_ADD = """
INSERT INTO outbox (id, task, queue, subject_id, group_id, available_at)
SELECT * FROM unnest(
    %(ids)s::uuid[], %(tasks)s::text[], %(queues)s::text[],
    %(subject_ids)s::uuid[], %(group_ids)s::uuid[], %(available_at)s::timestamptz[]
)
"""

# In the place of NULL, which no index finds by a comparison.
_NO_GROUP = UUID(int=0)
_GROUP = f"coalesce(group_id, '{_NO_GROUP}'::uuid)"

# `lanes` hops along the index from the head of one lane to the head of the next, so that a lane costs the same
# however much waits in it (docs/decisions/0029). Each open lane then offers its oldest entries: enough of them to
# fill the batch when other lanes have few, and not many more, since what is offered is locked. Entries that another
# relay is taking at this moment are skipped, not waited for. The array makes PostgreSQL choose entries once, before
# it updates any.
_TAKE = f"""
WITH RECURSIVE lanes AS (
    (
        SELECT queue, {_GROUP} AS lane_group, available_at, id, hidden_until FROM outbox
        ORDER BY queue, {_GROUP}, available_at, id
        LIMIT 1
    )
    UNION ALL
    SELECT next.*
    FROM lanes, LATERAL (
        SELECT queue, {_GROUP} AS lane_group, available_at, id, hidden_until FROM outbox
        WHERE (queue, {_GROUP}) > (lanes.queue, lanes.lane_group)
        ORDER BY queue, {_GROUP}, available_at, id
        LIMIT 1
    ) AS next
), open AS (
    SELECT queue, lane_group, count(*) OVER () AS lanes
    FROM lanes
    WHERE available_at < %(due_before)s AND NOT EXISTS (
        SELECT FROM unnest(%(without_queues)s::text[], %(without_groups)s::uuid[]) AS resting (queue, lane_group)
        WHERE resting.queue = lanes.queue AND resting.lane_group = lanes.lane_group
    )
    ORDER BY hidden_until > %(now)s IS TRUE, available_at, id
), offered AS (
    SELECT open.queue, open.lane_group, entries.id, entries.available_at
    FROM open, LATERAL (
        SELECT id, available_at FROM outbox
        WHERE queue = open.queue AND {_GROUP} = open.lane_group AND available_at < %(due_before)s
            AND (hidden_until IS NULL OR hidden_until <= %(now)s)
        ORDER BY available_at, id
        LIMIT least(%(most_each)s::int, greatest(2 * %(limit)s::int / open.lanes, {SUBJECTS_PER_MESSAGE}))
        FOR UPDATE SKIP LOCKED
    ) AS entries
    LIMIT 2 * %(limit)s::int
), placed AS (
    SELECT id, available_at,
        row_number() OVER (PARTITION BY queue, lane_group ORDER BY available_at, id) - 1 AS place
    FROM offered
), chosen AS (
    SELECT id FROM placed
    ORDER BY place / {SUBJECTS_PER_MESSAGE}, available_at, id
    LIMIT %(limit)s::int
)
UPDATE outbox
SET hidden_until = %(until)s
WHERE id = ANY(ARRAY(SELECT id FROM chosen))
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
        """Take what is due, a share of each lane, longest due first, and hide it."""
        lanes = list(without)
        parameters: Parameters = {
            "limit": limit,
            "due_before": due_before,
            "now": now,
            "until": until,
            "most_each": limit if most_each is None else most_each,
            "without_queues": [lane.queue.value for lane in lanes],
            "without_groups": [lane.group or _NO_GROUP for lane in lanes],
        }
        rows = self._session.rows(_TAKE, parameters)
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
