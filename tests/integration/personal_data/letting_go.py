"""The nights that let go of personal data, all at once, on a day long after."""

from __future__ import annotations

from datetime import datetime

import psycopg
from psycopg import sql

from notify_adapters.assembly import Platform
from notify_core.calendar import london_date
from notify_core.clock import Clock

_EXPIRING = """
SELECT part.relname AS name, pg_get_expr(part.relpartbound, part.oid) AS bound
FROM pg_inherits
JOIN pg_class AS part ON part.oid = inhrelid
JOIN pg_partitioned_table AS whole ON whole.partrelid = inhparent
JOIN pg_attribute AS key ON key.attrelid = inhparent AND key.attnum = whole.partattrs[0]
WHERE key.attname = 'expires_on'
"""


def let_go(platform: Platform, clock: Clock) -> None:
    """Do all nightly work that removes something."""
    drop_expired_days(platform.settings.database_url, clock())
    notify = platform.notify
    notify.archive_unsubscribe_requests()
    notify.remove_job_files()
    notify.forget_answers()
    notify.apply_waiting_receipts()


def drop_expired_days(url: str, now: datetime) -> None:
    """Drop the days of everything that is kept by the day and has expired."""
    today = london_date(now)
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        for name, bound in connection.execute(_EXPIRING).fetchall():
            if bound == "DEFAULT":
                removed = sql.SQL("DELETE FROM {} WHERE expires_on <= {}").format(sql.Identifier(name), today)
                connection.execute(removed)
            elif bound.split("'")[1] <= today.isoformat():
                connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
