"""Old facts on their way into the archive: month by month, for a month's facts are one table.

A month's table is looked into by its own name. While it is being archived a trigger on it undoes what was known of an
hour whenever one of its facts changes (migration 0017), so that nobody has to compare a whole month in the end.
"""

# ruff: noqa: S608 - statements are put together from constants, months and hours; everything else is a parameter

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.errors import UndefinedTable

from notify_adapters.postgres.session import Locked, Row, Session
from notify_adapters.postgres.tables import archived_hours, columns_of
from notify_core.archive.columns import CHECKSUM_BYTES, COLUMNS, NOTHING, SEPARATOR, Column, Kind
from notify_core.archive.model import (
    HOUR,
    ArchivedHour,
    ArchivedMonth,
    Removal,
    Span,
    Tally,
    end_of_month,
    start_of_month,
)
from notify_core.calendar import london_date

_BATCH = 20_000
_LOCK_TIMEOUT_MS = 1000
_HOUR_COLUMNS = columns_of(archived_hours)
_TRIGGER = "archived_fact_changed"


def _written(column: Column) -> str:
    """Return the SQL that writes a value of this column down (columns.py)."""
    fact = column.fact
    match column.kind:
        case Kind.IDENTIFIER:
            return f"encode(uuid_send({fact}), 'hex')"
        case Kind.MOMENT:
            return f"(extract(epoch FROM {fact}) * 1000000)::bigint::text"
        case Kind.DAY:
            return f"to_char({fact}, 'YYYY-MM-DD')"
        case Kind.NUMBER | Kind.FLAG:
            return f"{fact}::text"
        case Kind.WORD:
            return fact


_VALUES = ", ".join(f"{_written(column)} AS {column.name}" for column in COLUMNS)
_WORDS = ", ".join(column.name for column in COLUMNS if column.kind is Kind.WORD)
_TOGETHER = ", ".join(f"coalesce({_written(column)}, '{NOTHING}')" for column in COLUMNS)
_CHECKSUM = (
    f"('x' || left(md5(concat_ws(E'\\x{ord(SEPARATOR):02x}', {_TOGETHER})), {2 * CHECKSUM_BYTES}))"
    f"::bit({8 * CHECKSUM_BYTES})::bigint"
)

# Months by their names: those that `ensure_partitions` made. The default partition is none.
_LIST_MONTHS = r"""
SELECT to_date(right(relname, 7), 'YYYY_MM') AS month
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'notifications'::regclass AND relname ~ '^notifications_\d{4}_\d\d$' AND NOT inhdetachpending
ORDER BY month
"""

# The day is part of the statement, so that the plan knows that hardly any row is beyond it.
_SPAN = """
SELECT
    (SELECT date_trunc('hour', min(created_at), 'UTC') FROM {table} WHERE created_at < '{start}') AS before,
    (SELECT date_trunc('hour', max(created_at), 'UTC') FROM {table} WHERE created_at >= '{end}') AS after
"""

_IS_WATCHED = f"""
SELECT to_regclass(%(table)s) IS NULL AS is_gone, EXISTS (
    SELECT FROM pg_trigger
    WHERE tgrelid = to_regclass(%(table)s) AND tgname = '{_TRIGGER}' AND tgenabled IN ('O', 'A')
) AS is_watched
"""

_WATCH = """
CREATE OR REPLACE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION archived_fact_changed('{month}')
"""

_FORGET_VERIFIED = """
UPDATE archived_hours SET changes = changes + 1, uploaded_at = NULL, verified_at = NULL WHERE month = %(month)s
"""

_LIST_UNVERIFIED = """
SELECT hour FROM generate_series(%(start)s::timestamptz, %(end)s::timestamptz - interval '1 hour', '1 hour') AS hour
WHERE NOT EXISTS (
    SELECT FROM archived_hours AS known
    WHERE known.month = %(month)s AND known.hour = hour.hour AND known.verified_at IS NOT NULL
)
ORDER BY hour
"""

# Before it is known whether they have facts, so that the trigger finds them.
_ENTER = """
INSERT INTO archived_hours AS known (month, hour, key)
SELECT %(month)s, hour, key FROM unnest(%(hours)s::timestamptz[], %(keys)s::text[]) AS wanted (hour, key)
ON CONFLICT (month, hour) DO UPDATE SET key = known.key
RETURNING hour, changes
"""

# Counted, not looked for: a plan that hopes to find one soon would read all of an empty month for each hour.
_SKIP_EMPTY = """
UPDATE archived_hours AS known
SET rows = 0, checksum = 0, uploaded_at = %(at)s, verified_at = %(at)s, leased_until = NULL
FROM unnest(%(hours)s::timestamptz[], %(changes)s::int[]) AS entered (hour, changes), LATERAL (
    SELECT count(*) AS facts FROM {table}
    WHERE created_at >= entered.hour AND created_at < entered.hour + interval '1 hour'
) AS counted
WHERE known.month = %(month)s AND known.hour = entered.hour AND known.changes = entered.changes
    AND known.fingerprint IS NULL AND known.verified_at IS NULL
    AND (known.leased_until IS NULL OR known.leased_until <= %(at)s) AND counted.facts = 0
RETURNING known.hour
"""

# Its key stays what it was at first, whatever others would call it by now.
_CLAIM = f"""
INSERT INTO archived_hours AS known (month, hour, key, leased_until)
VALUES (%(month)s, %(hour)s, %(key)s, %(until)s)
ON CONFLICT (month, hour) DO UPDATE SET leased_until = excluded.leased_until
WHERE known.verified_at IS NULL AND (known.leased_until IS NULL OR known.leased_until <= %(now)s)
RETURNING {_HOUR_COLUMNS}
"""

_EXPORT = f"""
COPY (SELECT {_VALUES} FROM {{table}} WHERE created_at >= '{{start}}' AND created_at < '{{end}}')
TO STDOUT (FORMAT csv, NULL '{NOTHING}', FORCE_QUOTE ({_WORDS}))
"""

_TALLY = f"""
SELECT count(*) AS rows, coalesce(sum({_CHECKSUM}), 0) AS checksum
FROM {{table}} WHERE created_at >= '{{start}}' AND created_at < '{{end}}'
"""

_SAVE = """
UPDATE archived_hours
SET rows = %(rows)s, checksum = %(checksum)s, fingerprint = %(fingerprint)s, uploaded_at = %(uploaded_at)s,
    verified_at = %(verified_at)s, leased_until = NULL
WHERE month = %(month)s AND hour = %(hour)s AND changes = %(changes)s AND leased_until = %(leased_until)s
RETURNING hour
"""

_REDO = """
UPDATE archived_hours SET uploaded_at = NULL, verified_at = NULL, leased_until = NULL
WHERE month = %(month)s AND hour = %(hour)s AND leased_until IS NOT DISTINCT FROM %(leased_until)s
"""

_COUNT_UPLOADED = """
SELECT count(*) AS count FROM archived_hours WHERE uploaded_at >= %(since)s AND fingerprint IS NOT NULL
"""

_ADD_MONTH = """
INSERT INTO archived_months (month, rows, checksum, facts_until, removed_at)
SELECT %(month)s, coalesce(sum(rows), 0), coalesce(sum(checksum), 0),
    max(hour) FILTER (WHERE rows > 0) + interval '1 hour', %(at)s
FROM archived_hours WHERE month = %(month)s
"""

_LIST_ARCHIVED_MONTHS = """
SELECT hours.month, count(*) AS hours, count(hours.verified_at) AS verified, count(hours.fingerprint) AS files,
    sum(hours.rows) FILTER (WHERE hours.fingerprint IS NOT NULL) AS rows, months.removed_at,
    count(*) FILTER (
        WHERE months.month IS NOT NULL AND hours.fingerprint IS NOT NULL AND hours.contents_deleted_at IS NULL
    ) AS untagged
FROM archived_hours AS hours LEFT JOIN archived_months AS months ON months.month = hours.month
GROUP BY hours.month, months.removed_at
ORDER BY hours.month
"""

_LIST_HOURS = f"SELECT {_HOUR_COLUMNS} FROM archived_hours WHERE month = %(month)s ORDER BY hour"

_FIND = f"SELECT {_HOUR_COLUMNS} FROM archived_hours WHERE key = %(key)s AND fingerprint IS NOT NULL"

_LIST_UNTAGGED = f"""
SELECT {_HOUR_COLUMNS} FROM archived_hours
WHERE fingerprint IS NOT NULL AND contents_deleted_at IS NULL AND month IN (SELECT month FROM archived_months)
ORDER BY month, hour
"""

_TAGGED = "UPDATE archived_hours SET contents_deleted_at = %(at)s WHERE key = ANY (%(keys)s)"

_FACTS_UNTIL = "SELECT max(facts_until) AS facts_until FROM archived_months"


class PostgresFactArchive:
    """Implements `FactArchive`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def months_before(self, moment: datetime) -> list[date]:
        """Return the months that ended before that moment and whose facts are still there, the oldest first."""
        rows = self._session.rows(_LIST_MONTHS, {})
        return [row.month for row in rows if end_of_month(row.month) <= moment]

    def span(self, month: date) -> Span:
        """Return the hours in which messages of the month were accepted."""
        start, end = start_of_month(month), end_of_month(month)
        row = self._session.row_if_there(_SPAN.format(table=_table(month), start=start, end=end), {})
        before, after = (None, None) if row is None else (row.before, row.after)
        return Span(before or start, end if after is None else after + HOUR)

    def watch(self, month: date) -> bool:
        """Have changes of the month's facts noticed from now on. What was verified unwatched is so no more."""
        state = self._session.row(_IS_WATCHED, {"table": _table(month)})
        if state is None or state.is_gone or state.is_watched:
            return True
        try:
            self._limit_waiting()
            self._session.run(_WATCH.format(trigger=_TRIGGER, table=_table(month), month=month), {})
        except (Locked, UndefinedTable):
            return False
        self._session.run(_FORGET_VERIFIED, {"month": month})
        return True

    def unverified(self, month: date) -> list[datetime]:
        """Return the hours of the month that are not verified, or whose facts changed since; the oldest first."""
        if self._is_gone(month):
            return []
        span = self.span(month)
        rows = self._session.rows(_LIST_UNVERIFIED, {"month": month, "start": span.start, "end": span.end})
        return [row.hour for row in rows]

    def skip_empty(self, hours: Sequence[ArchivedHour], *, at: datetime) -> list[ArchivedHour]:
        """Store of those hours that have no facts that they are done, and return the others."""
        if not hours:
            return []
        month = hours[0].month
        entered = self._session.rows(
            _ENTER,
            {"month": month, "hours": [hour.hour for hour in hours], "keys": [hour.key for hour in hours]},
        )
        parameters = {
            "month": month,
            "hours": [row.hour for row in entered],
            "changes": [row.changes for row in entered],
            "at": at,
        }
        try:
            done = self._session.rows(_SKIP_EMPTY.format(table=_table(month)), parameters)
        except UndefinedTable:
            return []
        empty = {row.hour for row in done}
        return [hour for hour in hours if hour.hour not in empty]

    def claim(self, hour: ArchivedHour, *, now: datetime, until: datetime) -> ArchivedHour | None:
        """Take the right to work on the hour until then, and return what is known of it."""
        row = self._session.row(
            _CLAIM, {"month": hour.month, "hour": hour.hour, "key": hour.key, "now": now, "until": until}
        )
        return None if row is None else _hour(row)

    def export(self, month: date, hour: datetime) -> Iterator[bytes]:
        """Yield the facts of the hour as lines of CSV."""
        return self._session.copy_out(
            _EXPORT.format(table=_table(month), start=hour, end=hour + HOUR), rows_at_a_time=_BATCH
        )

    def tally(self, month: date, hour: datetime) -> Tally:
        """Count the facts of the hour as they are now, and sum their checksums."""
        row = self._session.row(_TALLY.format(table=_table(month), start=hour, end=hour + HOUR), {})
        return Tally() if row is None else Tally(row.rows, int(row.checksum))

    def save(self, hour: ArchivedHour) -> bool:
        """Store what has become of a claimed hour, and end the claim."""
        return self._session.row(_SAVE, _parameters(hour)) is not None

    def redo(self, hour: ArchivedHour) -> None:
        """Have the hour archived anew."""
        self._session.run(_REDO, {"month": hour.month, "hour": hour.hour, "leased_until": hour.leased_until})

    def count_uploaded(self, since: datetime) -> int:
        """Return how many files were uploaded at that moment or later."""
        row = self._session.row(_COUNT_UPLOADED, {"since": since})
        return 0 if row is None else int(row.count)

    def remove(self, month: date, *, at: datetime) -> Removal:
        """Remove the month's facts, all or none.

        Changes are kept away first, which readers do not notice; only when all is well everybody else is, for as long
        as dropping a table takes. None of that is waited for longer than a second.
        """
        try:
            self._limit_waiting()
            self._session.run(f"LOCK TABLE {_table(month)} IN SHARE MODE", {})
            if not self._is_watched(month) or self.unverified(month):
                return Removal.UNVERIFIED
            self._session.run(_ADD_MONTH, {"month": month, "at": at})
            self._session.run("LOCK TABLE ONLY notifications IN ACCESS EXCLUSIVE MODE", {})
            self._session.run(f"DROP TABLE {_table(month)}", {})
        except UndefinedTable:
            return Removal.UNVERIFIED
        except Locked:
            return Removal.BUSY
        return Removal.REMOVED

    def months(self) -> list[ArchivedMonth]:
        """Return the months of which anything is in the archive, the oldest first."""
        return [
            ArchivedMonth(
                month=row.month,
                hours=row.hours,
                verified=row.verified,
                files=row.files,
                rows=int(row.rows or 0),
                removed_at=row.removed_at,
                untagged=row.untagged,
            )
            for row in self._session.rows(_LIST_ARCHIVED_MONTHS, {})
        ]

    def hours(self, month: date) -> list[ArchivedHour]:
        """Return what is known of the month's hours, the oldest first."""
        return [_hour(row) for row in self._session.rows(_LIST_HOURS, {"month": month})]

    def find(self, key: str) -> ArchivedHour | None:
        """Return what is known of the file of that name, or None."""
        row = self._session.row(_FIND, {"key": key})
        return None if row is None else _hour(row)

    def untagged(self) -> list[ArchivedHour]:
        """Return the files of removed months that have not been told so, the oldest first."""
        return [_hour(row) for row in self._session.rows(_LIST_UNTAGGED, {})]

    def tagged(self, hours: Sequence[ArchivedHour], *, at: datetime) -> None:
        """Store that these files have been told that they are all there is."""
        self._session.run(_TAGGED, {"keys": [hour.key for hour in hours], "at": at})

    def facts_complete_since(self) -> date | None:
        """Return the first London day since which no fact has been removed, or None when none ever was."""
        row = self._session.row(_FACTS_UNTIL, {})
        if row is None or row.facts_until is None:
            return None
        return london_date(row.facts_until - timedelta(microseconds=1)) + timedelta(days=1)

    def _is_watched(self, month: date) -> bool:
        row = self._session.row(_IS_WATCHED, {"table": _table(month)})
        return row is not None and bool(row.is_watched)

    def _is_gone(self, month: date) -> bool:
        row = self._session.row(_IS_WATCHED, {"table": _table(month)})
        return row is None or bool(row.is_gone)

    def _limit_waiting(self) -> None:
        """Give up on a lock after a second, for the rest of this transaction: others would queue behind us."""
        self._session.run(f"SET LOCAL lock_timeout = {_LOCK_TIMEOUT_MS}", {})


def _table(month: date) -> str:
    return f"notifications_{month:%Y_%m}"


def _hour(row: Row) -> ArchivedHour:
    return ArchivedHour(
        month=row.month,
        hour=row.hour,
        key=row.key,
        tally=Tally(row.rows, int(row.checksum)),
        changes=row.changes,
        fingerprint=row.fingerprint,
        leased_until=row.leased_until,
        uploaded_at=row.uploaded_at,
        verified_at=row.verified_at,
        contents_deleted_at=row.contents_deleted_at,
    )


def _parameters(hour: ArchivedHour) -> dict[str, Any]:
    return {
        "month": hour.month,
        "hour": hour.hour,
        "rows": hour.tally.rows,
        # Beyond what a bigint holds.
        "checksum": Decimal(hour.tally.checksum),
        "changes": hour.changes,
        "fingerprint": hour.fingerprint,
        "leased_until": hour.leased_until,
        "uploaded_at": hour.uploaded_at,
        "verified_at": hour.verified_at,
    }
