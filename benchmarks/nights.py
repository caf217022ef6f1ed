"""How long the work of a night takes, against a limit of the same database, and how it grows with rows and services.

Thirty days of messages lie in a database of their own. A day is counted as the night counts it, beside the least
that any counting comes to: one look at each of the day's messages. A day of contents goes, beside a DELETE of as many
rows. Each is measured several times in turn with the others, and medians are compared.
"""

# ruff: noqa: S608 - tables are named by us

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median, mode
from typing import Any
from uuid import UUID

import psycopg
from attrs import define, field, frozen
from rich.progress import Progress

from benchmarks.charts import chart
from benchmarks.night_rows import Day, make_contents, make_messages, make_partitions, make_senders
from benchmarks.stage import Stage, stage
from notify_core.calendar import london_date, london_midnight
from notify_core.identifiers import first_id_at
from notify_core.statistics.model import Period

_ONE_DAY = timedelta(days=1)
_DAYS = 30
# A file's rows have ids of when its job was made: so far back is looked for a day's messages.
_IDS_BEFORE = timedelta(days=31)
_COUNT = """
SELECT count(*), sum(billable_units) FROM notifications
WHERE id >= %(first_id)s AND id < %(end_id)s AND created_at >= %(start)s AND created_at < %(end)s
"""
_FACTS = ("ft_billing", "ft_notification_status", "ft_processing_time")
_DROPPED = "notification_contents"
_DELETED = "night_contents"

BILLING, STATUS, SPEED = "billing facts of a day", "status facts of a day", "processing time of a day"
DROP, USAGE, WEEK = "expiry of a day", "usage of a service", "last 7 days of a service"


@frozen(kw_only=True)
class Size:
    """How much is measured: messages in all, days of so many messages, days of so many services, days that expire."""

    messages: int
    rows: tuple[int, ...]
    usual_rows: int
    services: tuple[int, ...]
    usual_services: int
    expiring: tuple[int, ...]
    rounds: int
    asked: int


QUICK = Size(
    messages=200_000,
    rows=(2_000, 4_000, 8_000, 16_000, 32_000),
    usual_rows=16_000,
    services=(10, 20, 40, 80),
    usual_services=40,
    expiring=(2_000, 20_000, 40_000),
    rounds=2,
    asked=10,
)
FULL = Size(
    messages=10_000_000,
    rows=(62_500, 125_000, 250_000, 500_000, 1_000_000),
    usual_rows=500_000,
    services=(250, 500, 1_000, 2_000, 4_000),
    usual_services=2_000,
    expiring=(50_000, 500_000, 1_000_000),
    rounds=5,
    asked=100,
)


def run(*, quick: bool, progress: Progress) -> list[dict[str, Any]]:
    """Measure, and return a row for each thing that was measured at each size."""
    size = QUICK if quick else FULL
    with stage({}) as ready, psycopg.connect(ready.parts.postgres.url, autocommit=True) as connection:
        days = days_of(size, _today() - _ONE_DAY)
        _fill(ready, connection, days, progress)
        bench = Bench(ready, connection, size)
        measured = [day for day in days if _is_measured(day, size)]
        steps = progress.add_task("measuring nights", total=size.rounds * (len(measured) + len(size.expiring)) + 2)
        for _ in range(size.rounds):
            for day in measured:
                bench.count(day)
                progress.advance(steps)
            for rows in size.expiring:
                bench.expire(rows)
                progress.advance(steps)
        for day in days:
            ready.platform.notify.build_billing(day.day)
            ready.platform.notify.build_status_facts(day.day)
        connection.execute("VACUUM ANALYZE")
        progress.advance(steps)
        bench.ask(days)
        progress.advance(steps)
        return list(bench.rows())


def days_of(size: Size, last: date) -> list[Day]:
    """Return thirty days up to `last`: those that are measured, and others that hold the rest of the messages.

    >>> days = days_of(FULL, date(2026, 11, 20))
    >>> len(days), sum(day.messages for day in days), days[-1].messages
    (30, 10000000, 500000)
    """
    sizes = [(rows, size.usual_services) for rows in size.rows if rows != size.usual_rows]
    sizes += [(size.usual_rows, services) for services in size.services if services != size.usual_services]
    sizes.append((size.usual_rows, size.usual_services))
    others = _DAYS - len(sizes)
    rest = size.messages - sum(rows for rows, _ in sizes)
    sizes = [(rest // others + (number < rest % others), size.usual_services) for number in range(others)] + sizes
    first = last - (_DAYS - 1) * _ONE_DAY
    return [
        Day(day=first + number * _ONE_DAY, messages=messages, services=services)
        for number, (messages, services) in enumerate(sizes)
    ]


def charts(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield charts of how the nights grow."""
    counted = [row for row in rows if row["what"] in (BILLING, STATUS)]
    usual_rows, usual_services = mode(row["rows"] for row in counted), mode(row["services"] for row in counted)
    by_rows = [row for row in counted if row["services"] == usual_services]
    by_services = [row for row in counted if row["rows"] == usual_rows]
    yield _growth("Counting a day, by its messages", "messages", "rows", by_rows)
    yield _growth("Counting a day, by the services that sent", "services", "services", by_services)
    expiry = [row for row in rows if row["what"] == DROP]
    lines = {"DELETE": [row["limit ms"] for row in expiry], "expiry": [row["ms"] for row in expiry]}
    yield chart("Letting a day go, by its rows", ("rows", [row["rows"] for row in expiry]), "ms", lines)


def _growth(title: str, name: str, key: str, rows: Sequence[dict[str, Any]]) -> str:
    lines = {what: [row for row in rows if row["what"] == what] for what in (BILLING, STATUS)}
    return chart(
        title,
        (name, [row[key] for row in lines[BILLING]]),
        "ms",
        {what: [row["ms"] for row in found] for what, found in lines.items()}
        | {"one look at each message": [row["limit ms"] for row in lines[BILLING]]},
    )


def _is_measured(day: Day, size: Size) -> bool:
    return day.messages == size.usual_rows or (day.messages in size.rows and day.services == size.usual_services)


def _fill(ready: Stage, connection: psycopg.Connection[Any], days: Sequence[Day], progress: Progress) -> None:
    task = progress.add_task("making messages", total=len(days) + 1)
    url = ready.parts.postgres.url
    # The months of the messages' ids. The days that are to expire are made when they are filled.
    make_partitions(ready.parts.settings.database_url, today=_today(), now=london_midnight(days[0].day))
    make_senders(ready.platform.notify, connection, max(day.services for day in days))
    progress.advance(task)
    for day in days:
        make_messages(url, day)
        progress.advance(task)
    connection.execute(f"CREATE TABLE {_DELETED} (LIKE {_DROPPED} INCLUDING ALL)")
    connection.execute("VACUUM ANALYZE")


@define
class Bench:
    """What was measured so far: for each thing and size the seconds it took, and those that its limit took."""

    ready: Stage
    connection: psycopg.Connection[Any]
    size: Size
    taken: dict[tuple[str, int, int, str], list[tuple[float, float]]] = field(factory=dict, init=False)

    def count(self, day: Day) -> None:
        """Count a day as if no night had done it before, each time beside a look at all of its messages."""
        notify = self.ready.platform.notify
        work: dict[str, Callable[[], object]] = {
            BILLING: lambda: notify.build_billing(day.day),
            STATUS: lambda: notify.build_status_facts(day.day),
            SPEED: lambda: notify.save_processing_time(day.day),
        }
        for table in _FACTS:
            self.connection.execute(f"DELETE FROM {table} WHERE bst_date = %s", [day.day])
        for what, do in work.items():
            limit = _seconds(lambda: self._look_at(day))
            self._keep(what, day.messages, day.services, "count(*)", _seconds(do), limit)

    def expire(self, rows: int) -> None:
        """Let a day of contents go that has begun, beside deleting as many rows."""
        today = _today()
        make_partitions(self.ready.parts.settings.database_url, today=today - _ONE_DAY, now=datetime.now(UTC))
        make_contents(self.connection, today, rows, tables=(_DROPPED, _DELETED))
        limit = _seconds(lambda: self.connection.execute(f"DELETE FROM {_DELETED}"))
        taken = _seconds(self.ready.platform.notify.apply_retention)
        left = self.connection.execute(f"SELECT count(*) FROM {_DROPPED} WHERE expires_on <= %s", [today]).fetchone()
        if left != (0,):
            raise RuntimeError(f"{left} rows are still there")
        self.connection.execute(f"TRUNCATE {_DELETED}")
        self._keep(DROP, rows, 0, "DELETE", taken, limit)

    def ask(self, days: Sequence[Day]) -> None:
        """Ask what some services used this year and sent this week, beside reading their facts and nothing else."""
        notify, last = self.ready.platform.notify, days[-1].day
        first = days[0].day
        period = Period(last - 6 * _ONE_DAY, last + _ONE_DAY)
        asked = self.connection.execute(
            "SELECT DISTINCT service_id FROM night_senders WHERE service < %s ORDER BY service_id LIMIT %s",
            [self.size.usual_services, self.size.asked],
        ).fetchall()
        for (service_id,) in asked:
            for what, table, since, do in (
                (USAGE, "ft_billing", first, notify.show_usage),
                (WEEK, "ft_notification_status", period.first, lambda one: notify.count_statistics(period, one)),
            ):
                limit = _seconds(lambda: self._facts(table, service_id, since))  # noqa: B023 - called at once
                taken = _seconds(lambda: do(service_id))  # noqa: B023 - called at once
                self._keep(what, self.size.messages, self.size.usual_services, "its facts", taken, limit)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the medians."""
        for (what, rows, services, limit), taken in sorted(self.taken.items()):
            seconds, limit_seconds = (median(side) for side in zip(*taken, strict=True))
            yield {
                "what": what,
                "rows": rows,
                "services": services,
                "ms": round(seconds * 1000, 1),
                "limit": limit,
                "limit ms": round(limit_seconds * 1000, 1),
                "ratio": round(seconds / limit_seconds, 3),
            }

    def _look_at(self, day: Day) -> None:
        start, end = london_midnight(day.day), london_midnight(day.day + _ONE_DAY)
        ids = {"first_id": first_id_at(start - _IDS_BEFORE), "end_id": first_id_at(end)}
        # Never prepared: the limit is the best plan for this very day.
        found = self.connection.execute(_COUNT, {**ids, "start": start, "end": end}, prepare=False).fetchone()
        if found is None or found[0] != day.messages:
            raise RuntimeError(f"{day.day} has {found} messages, not {day.messages}")

    def _facts(self, table: str, service_id: UUID, since: date) -> None:
        query = f"SELECT * FROM {table} WHERE service_id = %s AND bst_date >= %s"
        self.connection.execute(query, [service_id, since]).fetchall()

    def _keep(self, what: str, rows: int, services: int, limit: str, seconds: float, limit_seconds: float) -> None:
        self.taken.setdefault((what, rows, services, limit), []).append((seconds, limit_seconds))


def _today() -> date:
    return london_date(datetime.now(UTC))


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
