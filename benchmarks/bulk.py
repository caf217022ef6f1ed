"""Rows a second from a file to stored and promised, against COPY of the same rows; and what memory that takes.

A file of five columns lies in the bucket. The clock runs from the job's making until every row is stored as a message
and its delivery is promised: by two worker processes that serve the queue of jobs. The relay runs beside them and
puts on the queues what it may: no more than a little ahead of workers for deliveries, of which there are none. Then
the same rows are copied into plain tables with the same columns and indexes, with COPY and nothing around it. Memory
is the most that any process of the worker had resident, with a worker of its own for each size of file.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from rich.progress import Progress

from benchmarks.stage import Stage, stage
from notify_adapters.assembly import file_store, queue_admin
from notify_core.files.ports import StoredFile
from notify_core.jobs.create import NewJob
from notify_core.jobs.model import Job, JobStatus, file_name
from notify_core.jobs.rows import Ids
from notify_core.outbox.model import Queue
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel

ROWS = (10_000, 100_000)
# So that each process of the worker has its connections, and has done all of it once.
_WARM_ROWS = 5_000
_PATIENCE_SECONDS = 600.0
_CONTENT = "Dear ((name)), your ((what)) is at ((place)) on ((day)) at ((time))."
_TABLES = ("notifications", "notification_contents", "outbox")


def run(*, quick: bool, progress: Progress) -> list[dict[str, Any]]:
    """Measure a small file and a large one, each with a system of its own."""
    sizes = (500, 2_000) if quick else ROWS
    task = progress.add_task("sending files", total=len(sizes))
    rows = []
    for size in sizes:
        with stage({"CONCURRENCY": "2"}) as ready, ready.parts.aws:
            rows.append(_measure(ready, size))
        progress.advance(task)
    return rows


def _measure(ready: Stage, size: int) -> dict[str, Any]:
    ready.start("queues")
    queue_admin(ready.parts.settings).ensure([queue.value for queue in Queue])
    ready.start("relay")
    ready.start("job worker")
    _send(ready, _upload(ready, _WARM_ROWS))
    upload_id = _upload(ready, size)
    begun = time.perf_counter()
    job = _send(ready, upload_id)
    seconds = time.perf_counter() - begun
    peak = peak_memory(ready, "job worker")
    copied = copy_again(ready, job.ids)
    return {
        "rows": size,
        "rows/s": round(size / seconds),
        "COPY rows/s": round(size / copied),
        "ratio": round(copied / seconds, 3),
        "peak memory MiB": round(peak / 1024),
    }


def _send(ready: Stage, upload_id: UUID) -> Job:
    """Make a job of the file, and return it when everything of it is stored and promised."""
    job = ready.platform.notify.create_job(NewJob(id=upload_id, service_id=UUID(ready.world["service_id"])))
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        found = ready.platform.notify.find_job(job.service_id, job.id)
        if found.status is JobStatus.FINISHED_ALL_CREATED:
            return job
        if found.status is JobStatus.ERROR or time.monotonic() > deadline:
            raise RuntimeError(f"the job is {found.status}: {found.errors[:3]}")
        ready.supervisor.check()
        time.sleep(0.05)


def _upload(ready: Stage, size: int) -> UUID:
    notify, service_id, upload_id = ready.platform.notify, UUID(ready.world["service_id"]), uuid4()
    template = notify.create_template(
        NewTemplate(service_id=service_id, name="Appointment", channel=Channel.SMS, content=_CONTENT)
    )
    lines = (
        f"07400 {row:06d},Person {row},appointment,Town hall {row % 97},Monday,{row % 12}:30\n" for row in range(size)
    )
    content = "phone number,name,what,place,day,time\n" + "".join(lines)
    metadata = {
        "template_id": str(template.id),
        "notification_count": str(size),
        "original_file_name": "appointments.csv",
        "valid": "True",
    }
    file_store(ready.parts.settings).put(file_name(service_id, upload_id), StoredFile(content.encode(), metadata))
    return upload_id


def peak_memory(ready: Stage, key: str) -> int:
    """Return the most KiB that any process of that part had resident."""
    return max(_peak_of(pid) for pid in _family(ready.supervisor.pids()[key]))


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _peak_of(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])


def copy_again(ready: Stage, ids: Ids) -> float:
    """Return the seconds that COPY takes to store the rows of these ids in plain tables like ours."""
    bounds = (ids.first, ids.last)
    rows = {
        "notifications": "SELECT {columns} FROM notifications WHERE id BETWEEN '%s' AND '%s'",
        "notification_contents": (
            "SELECT {columns} FROM notification_contents WHERE notification_id BETWEEN '%s' AND '%s'"
        ),
        "outbox": (
            "SELECT id, 'deliver_sms', 'send-sms-tasks', id, service_id, created_at, NULL::timestamptz"
            " FROM notifications WHERE id BETWEEN '%s' AND '%s'"
        ),
    }
    with psycopg.connect(ready.parts.postgres.url) as connection:
        columns = {table: _columns(connection, table) for table in _TABLES}
        data = {table: _read(connection, rows[table].format(columns=columns[table]) % bounds) for table in _TABLES}
        for table in _TABLES:
            connection.execute(f"DROP TABLE IF EXISTS bare_{table}")
            connection.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        connection.commit()
        begun = time.perf_counter()
        with connection.cursor() as cursor:
            for table in _TABLES:
                with cursor.copy(f"COPY bare_{table} ({columns[table]}) FROM STDIN") as copy:
                    for piece in data[table]:
                        copy.write(piece)
        connection.commit()
        return time.perf_counter() - begun


def _columns(connection: psycopg.Connection[Any], table: str) -> str:
    found = connection.execute(
        "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        [table],
    ).fetchone()
    assert found is not None
    return str(found[0])


def _read(connection: psycopg.Connection[Any], query: str) -> list[bytes]:
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
        return [bytes(piece) for piece in copy]
