"""A real worker whose tasks do nothing but note in a file that they ran: what the tests here start.

    python recording_worker.py RECORD QUEUE...

The rest comes from the environment, as for any worker. Each line of RECORD is an event, an id and a process id.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from notify_adapters.assembly import Platform
from notify_adapters.settings import read_settings
from notify_core.outbox.model import Task
from notify_core.unit_of_work import DatabaseUnavailable
from notify_worker.app import make_app
from notify_worker.postponing import Patience
from notify_worker.run import serve
from notify_worker.tasks import Job

RECORD = Path(sys.argv[1])
TASK_SECONDS = float(os.environ.get("TASK_SECONDS", "0"))


def note(event: str, subject: object) -> None:
    with RECORD.open("a") as record:
        record.write(f"{event} {subject} {os.getpid()}\n")


def work(_: object, ids: list[str]) -> None:
    """Note the beginning and the end; take as long as the environment says."""
    note("began", ids[0])
    time.sleep(TASK_SECONDS)
    for one in ids:
        note("done", one)


def poison(_: object, ids: list[str]) -> None:
    """Fail, always, until what is wrong has been put right."""
    if os.environ.get("CURED"):
        note("done", ids[0])
        return
    note("failed", ids[0])
    raise ValueError(ids[0])


def without_database(_: object, ids: list[str]) -> None:
    """Find no database the first two times."""
    note("tried", ids[0])
    if RECORD.read_text().count(f"tried {ids[0]}") < 3:
        raise DatabaseUnavailable
    note("done", ids[0])


def platform() -> Platform:
    note("opened", "-")
    return cast("Platform", SimpleNamespace(close=lambda: note("closed", "-")))


if __name__ == "__main__":
    jobs = [
        Job(name=Task.DELIVER_SMS, work=work),
        Job(name=Task.DELIVER_EMAIL, work=poison),
        Job(name=Task.SIMULATE_RECEIPT, work=without_database, patience=Patience(delay=timedelta(seconds=1))),
    ]
    app = make_app(read_settings(os.environ), assemble=lambda _settings, _role: platform(), jobs=jobs)
    sys.exit(serve(app, sys.argv[2:]))
