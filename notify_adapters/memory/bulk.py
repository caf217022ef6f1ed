"""Rows of bulks that became no messages, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from notify_adapters.memory.table import Table
from notify_core.bulk.model import RowApart
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.errors import Conflict

ApartTable = Table[tuple[UUID, int], tuple[RowApart, date]]


class MemoryBulk:
    """Implements `BulkRepository`."""

    def __init__(self, table: ApartTable, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def set_apart(self, job_id: UUID, rows: Sequence[RowApart], *, expires_on: date) -> None:
        """Store rows."""
        if any((job_id, row.row) in self._table for row in rows):
            raise Conflict("bulk_rows_apart: there is one of that identity already")
        for row in rows:
            self._table.put((job_id, row.row), (row, expires_on))

    def list_apart(self, job_id: UUID, *, first_row: int, row_count: int) -> list[RowApart]:
        """Return those of these rows that were set apart and have not expired, in order."""
        today = london_date(self._clock())
        found = (self._table.get((job_id, row)) for row in range(first_row, first_row + row_count))
        return [entry[0] for entry in found if entry is not None and entry[1] > today]
