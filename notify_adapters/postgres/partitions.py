"""The months of `notifications`, and the days of what expires: contents, events, rows set apart, received texts.

A missing partition refuses nothing: rows then go to the default partition, and are moved when the right one is
made. New ones are attached, not created in place: that lets everybody else read and write meanwhile.
"""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice
from operator import attrgetter

from attrs import frozen
from sqlalchemy import Connection, Engine

from notify_core.calendar import london_date
from notify_core.identifiers import first_id_at
from notify_core.retention.model import Kind

_MONTHS_AHEAD = 2
# Longer than anything is kept.
_DAYS_AHEAD = 100
#: One runner at a time, of those who make days and those who drop them; any number that nothing else here locks.
ADVISORY_LOCK = 7020097439640675073
#: Who waits longer for a table gives up: everybody else would queue behind.
LOCK_TIMEOUT_MS = 1000
# Each is a table with its indexes, and every one of those a lock until the commit: a server has room for thousands.
_AT_ONCE = 25


@frozen(kw_only=True)
class Partition:
    """A part of `table`: the rows whose `key` is in [`start`, `end`), given as SQL literals.

    `settings` is the storage settings of such parts.
    """

    table: str
    name: str
    key: str
    start: str
    end: str
    settings: str = ""


def ensure_partitions(connection: Connection, *, today: date, now: datetime) -> list[str]:
    """Make the partitions that are missing, and return their names.

    Covers the month before `now` (UTC) to two months after it, and what expires from the day after `today` (London)
    to 100 days after it: what expires today has, and is not stored any more. Safe to repeat, and to run on several
    machines at once. At most 25 of one table are a transaction, that waits no longer than a second for a table.
    `connection` must not be in a transaction.
    """
    with connection.begin():
        existing = _existing(connection)
    missing = (partition for partition in (*_months(now), *_days(today)) if partition.name not in existing)
    return [
        name
        for _, partitions in groupby(missing, key=attrgetter("table"))
        for some in _batches(partitions)
        for name in _make(connection, some)
    ]


def ensure_partitions_now(engine: Engine, now: datetime) -> list[str]:
    """Make the partitions that are missing at `now`; see `ensure_partitions`."""
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        return ensure_partitions(connection, today=london_date(now), now=now)


def _months(now: datetime) -> Iterator[Partition]:
    this_month = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1
    for month in range(this_month - 1, this_month + _MONTHS_AHEAD + 1):
        start, end = _first_of(month), _first_of(month + 1)
        yield Partition(
            table="notifications",
            name=f"notifications_{start:%Y_%m}",
            key="id",
            start=f"'{first_id_at(start)}'",
            end=f"'{first_id_at(end)}'",
            # Room for the updates of delivery beside each row, so that they need no new index entries.
            settings="WITH (fillfactor = 80)",
        )


def _first_of(month: int) -> datetime:
    """Return the start of a month, in UTC, counted from the start of year 0."""
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _days(today: date) -> Iterator[Partition]:
    for kind in Kind:
        for offset in range(1, _DAYS_AHEAD + 1):
            start = today + timedelta(days=offset)
            yield Partition(
                table=kind.value,
                name=day_name(kind, start),
                key="expires_on",
                start=f"'{start}'",
                end=f"'{start + timedelta(days=1)}'",
            )


def _batches(partitions: Iterator[Partition]) -> Iterator[list[Partition]]:
    while some := list(islice(partitions, _AT_ONCE)):
        yield some


def day_name(kind: Kind, day: date) -> str:
    """Return the name of the partition of a day."""
    return f"{kind}_{day:%Y_%m_%d}"


def _existing(connection: Connection) -> set[str]:
    return set(
        connection.exec_driver_sql(
            "SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_partitioned_table ON partrelid = inhparent"
        ).scalars()
    )


def _make(connection: Connection, partitions: Sequence[Partition]) -> list[str]:
    """Make partitions of one table, and return the names of those that nobody else has made meanwhile."""
    with connection.begin():
        # Nobody queues behind who only waits for a turn, so that may take longer than waiting for a table.
        connection.exec_driver_sql(
            f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK}); SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"
        )
        existing = _existing(connection)
        missing = [partition for partition in partitions if partition.name not in existing]
        if missing:
            # In one go: a round trip for each takes longer than the work. Everything that can be done before
            # the default partition is locked, is.
            connection.exec_driver_sql(";".join(map(_creation, missing)))
            _move_from_default(connection, missing)
            connection.exec_driver_sql(";".join(map(_attachment, missing)))
    return [partition.name for partition in missing]


def _creation(partition: Partition) -> str:
    return (
        f"CREATE TABLE {partition.name}"
        f" (LIKE {partition.table} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS"
        f" INCLUDING INDEXES INCLUDING STORAGE) {partition.settings}"
    )


def _attachment(partition: Partition) -> str:
    return (
        f"ALTER TABLE {partition.table} ATTACH PARTITION {partition.name}"
        f" FOR VALUES FROM ({partition.start}) TO ({partition.end})"
    )


def _move_from_default(connection: Connection, partitions: Sequence[Partition]) -> None:
    """Move the rows that came while the partitions were missing. Nobody can add another until the commit."""
    table = partitions[0].table
    default = f"{table}_default"
    connection.exec_driver_sql(f"LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE")
    if not connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {default})").scalar_one():
        return
    columns = connection.exec_driver_sql(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
        f" WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
    ).scalar_one()
    for partition in partitions:
        connection.exec_driver_sql(
            f"WITH moved AS (DELETE FROM {default} WHERE {partition.key} >= {partition.start}"
            f" AND {partition.key} < {partition.end} RETURNING {columns})"
            f" INSERT INTO {partition.name} ({columns}) SELECT {columns} FROM moved"
        )


@frozen(kw_only=True)
class PartitionFacts:
    """A partition as it is: of which table, for which `period` ("2026-11", "2026-11-21"), how many rows and bytes.

    `period` is None for a default partition. `rows` is counted there, and PostgreSQL's own estimate elsewhere (None:
    it has none yet). `size` is with indexes.
    """

    table: str
    name: str
    period: str | None
    rows: int | None
    size: int

    @property
    def is_default(self) -> bool:
        """Whether it has what had no partition when it came."""
        return self.period is None


_FACTS = r"""
SELECT inhparent::regclass::text AS table, relname AS name, reltuples::bigint AS rows,
    pg_total_relation_size(inhrelid) AS size,
    replace(substring(relname FROM '_(\d{4}_\d\d(?:_\d\d)?)$'), '_', '-') AS period
FROM pg_inherits JOIN pg_partitioned_table ON partrelid = inhparent JOIN pg_class ON pg_class.oid = inhrelid
ORDER BY inhparent::regclass::text, period NULLS FIRST
"""


def list_partitions(engine: Engine) -> list[PartitionFacts]:
    """Return all partitions, table by table; of each the default one first, then the earliest."""
    with engine.connect() as connection:
        found = list(connection.exec_driver_sql(_FACTS).mappings())
        astray = rows_astray(connection)
    return [
        PartitionFacts(
            table=row["table"],
            name=row["name"],
            period=row["period"],
            rows=astray.get(row["table"], 0) if row["period"] is None else _estimate(row["rows"]),
            size=row["size"],
        )
        for row in found
    ]


def rows_astray(connection: Connection) -> dict[str, int]:
    """Count the rows of default partitions, by table, where there are any. They are meant to be empty."""
    tables = ("notifications", *(kind.value for kind in Kind))
    counts = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}_default" for table in tables)
    return {table: count for table, count in connection.exec_driver_sql(counts) if count}


def rows_astray_now(engine: Engine) -> dict[str, int]:
    """Count the rows of default partitions; see `rows_astray`."""
    with engine.connect() as connection:
        return rows_astray(connection)


def _estimate(reltuples: int) -> int | None:
    return None if reltuples < 0 else reltuples
