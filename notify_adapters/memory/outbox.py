"""The outbox in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from notify_adapters.memory.table import Table
from notify_adapters.memory.timelines import MemoryTimelines
from notify_core.notifications.timeline import Event, EventKind
from notify_core.outbox.model import SUBJECTS_PER_MESSAGE, Lane, OutboxEntry

Hidden = tuple[OutboxEntry, datetime | None]


class MemoryOutbox:
    """Implements `Outbox`. Each row is an entry and the moment until which it is hidden."""

    def __init__(self, table: Table[UUID, Hidden], timelines: MemoryTimelines) -> None:
        self._table = table
        self._timelines = timelines

    def add(self, entries: Iterable[OutboxEntry]) -> None:
        """Promise these."""
        for entry in entries:
            self._table.put(entry.id, (entry, None))

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
        lanes: dict[Lane, list[OutboxEntry]] = {}
        for entry, hidden_until in self._table.rows():
            if entry.available_at < due_before and (hidden_until is None or hidden_until <= now):
                lanes.setdefault(entry.lane, []).append(entry)
        candidates = [
            (place // SUBJECTS_PER_MESSAGE, entry.available_at, entry.id, entry)
            for lane, entries in lanes.items()
            if lane not in without
            for place, entry in enumerate(sorted(entries, key=_longest_due)[:most_each])
        ]
        taken = sorted((entry for *_, entry in sorted(candidates)[:limit]), key=_longest_due)
        for entry in taken:
            self._table.put(entry.id, (entry, until))
        return taken

    def remove(self, entry_ids: Iterable[UUID], *, queued_at: datetime) -> None:
        """Forget these: they are on their queue."""
        for entry_id in entry_ids:
            row = self._table.remove(entry_id)
            if row is not None and row[0].is_first_delivery:
                self._timelines.add(row[0].subject_id, Event(at=queued_at, kind=EventKind.QUEUED))

    def release(self, entry_ids: Iterable[UUID], *, until: datetime) -> None:
        """Let these be taken again, from `until` on."""
        for entry_id in entry_ids:
            row = self._table.get(entry_id)
            if row is not None:
                self._table.put(entry_id, (row[0], until))

    def count(self) -> int:
        """Return how many entries there are."""
        return len(self._table)


def _longest_due(entry: OutboxEntry) -> tuple[datetime, UUID]:
    return entry.available_at, entry.id
