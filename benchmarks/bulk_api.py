"""Rows of bulk requests accepted a second over HTTP, against COPY of the very same rows.

One web process, Redis counting the day, PostgreSQL with fsync on, everything on this machine. Each row has a
recipient and five values. The limit is what PostgreSQL takes to read the rows that the bulk has stored (facts,
contents, outbox) into plain tables with the same columns and indexes, in one transaction. Memory is the most that the
web process has held.
"""

# ruff: noqa: S608 - statements are put together from constants

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median
from typing import Any, cast

import psycopg
import urllib3
from rich.progress import Progress

from benchmarks.stage import Stage, stage
from notify_cli.commands.api_keys import bearer_token
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel

_TABLES = {
    "notifications": "job_id = %(bulk)s",
    "notification_contents": "notification_id IN (SELECT id FROM notifications WHERE job_id = %(bulk)s)",
    "outbox": "subject_id IN (SELECT id FROM notifications WHERE job_id = %(bulk)s)",
}
_CONTENT = (
    "Dear ((name)), ((who)) sees you at ((place)) on ((date)). Your reference is ((ref)). Reply YES to confirm."
)


def run(*, quick: bool, progress: Progress) -> list[dict[str, Any]]:
    """Measure, and return a row for each size of a request."""
    sizes, rounds = ((1_000,), 1) if quick else ((1_000, 10_000, 100_000), 3)
    task = progress.add_task("accepting bulk", total=len(sizes) * rounds)
    rows = []
    for size in sizes:
        with stage({"WEB_WORKERS": "1", "REDIS_ENABLED": "1"}) as ready:
            ready.start("redis")
            ready.start("web")
            template = _template(ready)
            _send(ready, template, 100)  # warm
            taken, copied = [], []
            for _ in range(rounds):
                seconds, bulk = _send(ready, template, size)
                taken.append(seconds)
                copied.append(_copy(ready, bulk))
                progress.advance(task)
            rows.append(
                {
                    "rows": size,
                    "rows/s": round(size / median(taken)),
                    "COPY rows/s": round(size / median(copied)),
                    "ratio": round(median(copied) / median(taken), 3),
                    "peak MiB": _peak_mib(ready),
                }
            )
    return rows


def _template(ready: Stage) -> str:
    service_id = ready.platform.notify.list_services()[0].id
    wanted = NewTemplate(service_id=service_id, name="Bulk", channel=Channel.SMS, content=_CONTENT)
    return str(ready.platform.notify.create_template(wanted).id)


def _send(ready: Stage, template: str, rows: int) -> tuple[float, str]:
    """Send a bulk of so many rows, and return the seconds it took and its id."""
    body = json.dumps({"template_id": template, "rows": [_row(number) for number in range(rows)]})
    token = bearer_token(ready.world["api_keys"]["normal"])
    url = f"{ready.parts.at.url('web')}/v2/notifications/bulk"
    begun = time.perf_counter()
    answer = urllib3.request(
        "POST", url, body=body.encode(), headers={"Authorization": f"Bearer {token}"}, timeout=300, retries=False
    )
    seconds = time.perf_counter() - begun
    told = answer.json()
    if answer.status != 201 or told["accepted"] != rows:
        raise RuntimeError(f"not every row was accepted: {answer.status} {str(told)[:500]}")
    return seconds, str(told["id"])


def _row(number: int) -> dict[str, object]:
    return {
        "phone_number": f"07400{number:06d}",
        "personalisation": {
            "name": f"Jo Smith{number}",
            "who": "Dr Jones",
            "place": "Ely",
            "date": "1 May 2026",
            "ref": f"AB{number}",
        },
        "reference": f"order-{number}",
    }


def _copy(ready: Stage, bulk: str) -> float:
    """Read the rows that the bulk has stored into tables without partitions; return the seconds."""
    with psycopg.connect(ready.parts.postgres.url) as connection, connection.cursor() as cursor:
        held = {}
        for table, where in _TABLES.items():
            columns = _columns(cursor, table)
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            cursor.execute(
                f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING GENERATED"
                " INCLUDING CONSTRAINTS INCLUDING INDEXES)"
            )
            with cursor.copy(
                f"COPY (SELECT {columns} FROM {table} WHERE {where}) TO STDOUT", {"bulk": bulk}
            ) as reading:
                held[table] = columns, b"".join(bytes(part) for part in reading)
        connection.commit()
        begun = time.perf_counter()
        for table, (columns, rows) in held.items():
            with cursor.copy(f"COPY bare_{table} ({columns}) FROM STDIN") as writing:
                writing.write(rows)
        connection.commit()
        return time.perf_counter() - begun


def _columns(cursor: psycopg.Cursor[Any], table: str) -> str:
    cursor.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        [table],
    )
    [(columns,)] = cursor.fetchall()
    return cast("str", columns)


def _peak_mib(ready: Stage) -> int:
    """Return the most that any process of the web part has held, as the kernel counts it."""
    found = [0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            told = status.read_text()
            if str(ready.parts.at.web) in (status.parent / "cmdline").read_text():
                found += [int(line.split()[1]) // 1024 for line in told.splitlines() if line.startswith("VmHWM")]
        except OSError:  # it has ended meanwhile
            continue
    return max(found)
