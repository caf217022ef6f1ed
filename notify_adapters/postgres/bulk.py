"""Rows of bulks that became no messages. All that is known of one is sealed, and bound to its bulk and row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from notify_adapters.postgres.sealing import Cipher, open_row, seal_row
from notify_adapters.postgres.session import Session
from notify_core.bulk.model import Problem, RowApart
from notify_core.calendar import london_date
from notify_core.clock import Clock

_SET_APART = """
INSERT INTO bulk_rows_apart (job_id, row_number, expires_on, sealed)
SELECT %(job_id)s, row_number, %(expires_on)s, sealed
FROM unnest(%(rows)s::integer[], %(sealed)s::bytea[]) AS apart (row_number, sealed)
"""

_LIST_APART = """
SELECT row_number, sealed FROM bulk_rows_apart
WHERE job_id = %(job_id)s AND row_number >= %(first)s AND row_number < %(end)s AND expires_on > %(today)s
ORDER BY row_number
"""


class PostgresBulk:
    """Implements `BulkRepository`."""

    def __init__(self, session: Session, cipher: Cipher, clock: Clock) -> None:
        self._session = session
        self._cipher = cipher
        self._clock = clock

    def set_apart(self, job_id: UUID, rows: Sequence[RowApart], *, expires_on: date) -> None:
        """Store rows."""
        if rows:
            self._session.run(
                _SET_APART,
                {
                    "job_id": job_id,
                    "expires_on": expires_on,
                    "rows": [row.row for row in rows],
                    "sealed": [seal_row(self._cipher, job_id, row.row, _written(row)) for row in rows],
                },
            )

    def list_apart(self, job_id: UUID, *, first_row: int, row_count: int) -> list[RowApart]:
        """Return those of these rows that were set apart and have not expired, in order."""
        rows = self._session.rows(
            _LIST_APART,
            {
                "job_id": job_id,
                "first": first_row,
                "end": first_row + row_count,
                "today": london_date(self._clock()),
            },
        )
        return [
            _read(row.row_number, open_row(self._cipher, job_id, row.row_number, bytes(row.sealed))) for row in rows
        ]


def _written(row: RowApart) -> bytes:
    return orjson.dumps(
        {
            "recipient": row.recipient,
            "reference": row.reference,
            "problems": [(problem.error, problem.message) for problem in row.problems],
            "notification_id": row.notification_id,
        }
    )


def _read(row: int, written: bytes) -> RowApart:
    values: dict[str, Any] = orjson.loads(written)
    told = values["notification_id"]
    return RowApart(
        row=row,
        recipient=values["recipient"],
        reference=values["reference"],
        problems=tuple(Problem(*problem) for problem in values["problems"]),
        notification_id=None if told is None else UUID(told),
    )
