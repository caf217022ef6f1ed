"""How soon texts are delivered: counted among the notifications, and kept by the minute."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from notify_adapters.postgres.session import Row, Session
from notify_adapters.postgres.tables import columns_of, sms_delivery_statistics
from notify_core.identifiers import first_id_at
from notify_core.providers.lateness import EVALUATED, WITHIN_MINUTES, Figures, Lateness
from notify_core.vocabulary import ProviderName

_COLUMNS = columns_of(sms_delivery_statistics)

_COUNTS = ",\n    ".join(
    f"""count(*) FILTER (WHERE sent_at <= %(now)s - interval '{minutes} minutes') AS judged_{minutes}m,
    count(*) FILTER (
        WHERE sent_at <= %(now)s - interval '{minutes} minutes'
            AND (status <> 'delivered' OR updated_at - sent_at >= interval '{minutes} minutes')
    ) AS late_{minutes}m"""
    for minutes in WITHIN_MINUTES
)

# Ids tell when messages were accepted. Both bounds are given: with one alone, a plan for any value of it would expect
# a third of the table, and read all of it.
_MEASURE = f"""
SELECT sent_by AS provider, {_COUNTS}
FROM notifications
WHERE id >= %(from)s AND id < %(before)s AND channel = 'sms' AND status IN ('sending', 'pending', 'delivered')
    AND sent_by IS NOT NULL AND sent_at IS NOT NULL AND key_type <> 'test' AND NOT international
GROUP BY sent_by
"""

_COUNT_HANDED_OVER = """
SELECT sent_by AS provider, count(*) AS count
FROM notifications
WHERE id >= %(from)s AND id < %(before)s AND channel = 'sms'
    AND sent_by IS NOT NULL AND sent_at IS NOT NULL AND key_type <> 'test'
GROUP BY sent_by
"""

# Of two runners at once the second waits for the first one's rows, and then stores none of its own.
_STORE = f"""
INSERT INTO sms_delivery_statistics ({_COLUMNS})
SELECT {_COLUMNS} FROM jsonb_populate_recordset(NULL::sms_delivery_statistics, %(rows)s::jsonb) AS new
WHERE NOT EXISTS (SELECT FROM sms_delivery_statistics AS stored WHERE stored.measured_at = new.measured_at)
ORDER BY provider
ON CONFLICT DO NOTHING RETURNING provider
"""

_LIST_MINUTES = f"""
SELECT {_COLUMNS} FROM sms_delivery_statistics
WHERE measured_at IN (
    SELECT DISTINCT measured_at FROM sms_delivery_statistics
    WHERE measured_at >= %(since)s ORDER BY measured_at DESC LIMIT %(limit)s
)
ORDER BY measured_at DESC, provider COLLATE "C"
"""

_REMOVE_BEFORE = """
WITH removed AS (DELETE FROM sms_delivery_statistics WHERE measured_at < %(moment)s RETURNING provider)
SELECT count(*) AS count FROM removed
"""


class PostgresSmsStatistics:
    """Implements `SmsDeliveryStatistics`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def measure(self, now: datetime) -> Mapping[ProviderName, Mapping[int, Lateness]]:
        """Return how the texts that can be judged did, for each provider that had any."""
        rows = self._session.rows(_MEASURE, {"now": now} | _accepted_in(now - EVALUATED, now))
        return {ProviderName(row.provider): _within(row) for row in rows if row.judged_1m}

    def count_handed_over(self, *, since: datetime, now: datetime) -> Mapping[ProviderName, int]:
        """Count the texts accepted in [since, now) that each provider took."""
        rows = self._session.rows(_COUNT_HANDED_OVER, _accepted_in(since, now))
        return {ProviderName(row.provider): row.count for row in rows}

    def store(self, figures: Sequence[Figures]) -> bool:
        """Store the figures of one minute, once."""
        return bool(self._session.rows(_STORE, {"rows": json.dumps([_row(one) for one in figures])}))

    def list_minutes(self, *, since: datetime, limit: int) -> list[list[Figures]]:
        """Return the figures of the latest minutes, the latest first."""
        rows = self._session.rows(_LIST_MINUTES, {"since": since, "limit": limit})
        return [[_figures(row) for row in minute] for _, minute in groupby(rows, key=lambda row: row.measured_at)]

    def remove_before(self, moment: datetime) -> int:
        """Remove figures of minutes before that, and return how many there were."""
        row = self._session.row(_REMOVE_BEFORE, {"moment": moment})
        return 0 if row is None else int(row.count)


def _accepted_in(since: datetime, now: datetime) -> dict[str, Any]:
    return {"from": first_id_at(since), "before": first_id_at(now)}


def _within(row: Row) -> dict[int, Lateness]:
    return {
        minutes: Lateness(getattr(row, f"judged_{minutes}m"), getattr(row, f"late_{minutes}m"))
        for minutes in WITHIN_MINUTES
    }


def _row(figures: Figures) -> dict[str, Any]:
    row: dict[str, Any] = {
        "measured_at": figures.measured_at.isoformat(),
        "provider": figures.provider.value,
        "errors": figures.errors,
    }
    for minutes in WITHIN_MINUTES:
        lateness = figures.within.get(minutes, Lateness())
        row |= {f"judged_{minutes}m": lateness.judged, f"late_{minutes}m": lateness.late}
    return row


def _figures(row: Row) -> Figures:
    return Figures(
        provider=ProviderName(row.provider), measured_at=row.measured_at, within=_within(row), errors=row.errors
    )
