"""What the use cases need of wherever it is kept which rows became no messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from notify_core.bulk.model import RowApart


class BulkRepository(Protocol):
    """Rows of bulks that became no messages. What is personal in them is at rest unreadable, and expires."""

    def set_apart(self, job_id: UUID, rows: Sequence[RowApart], *, expires_on: date) -> None:
        """Store rows, in one statement. Raises Conflict, and stores none, when one of them was stored before."""
        ...

    def list_apart(self, job_id: UUID, *, first_row: int, row_count: int) -> list[RowApart]:
        """Return, in order, those among `row_count` rows from `first_row` on that are set apart and not expired."""
        ...
