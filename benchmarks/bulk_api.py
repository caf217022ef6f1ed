"""Rows of bulk requests accepted a second over HTTP, against COPY of the very same rows.

One web process, Redis counting the day, PostgreSQL with fsync on, everything on this machine. Each row has a
recipient and five values. The limit is what PostgreSQL takes to read the rows that the bulk has stored (facts,
contents, outbox) into plain tables with the same columns and indexes, in one transaction. Memory is the most that the
web process has held.
"""

from __future__ import annotations

import json
import time
from statistics import median
from typing import Any
from uuid import UUID

import urllib3
from rich.progress import Progress

from benchmarks.bulk import copy_again, peak_memory
from benchmarks.stage import Stage, stage
from notify_cli.commands.api_keys import bearer_token
from notify_core.bulk.model import FoundBulk
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel

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
                copied.append(copy_again(ready, bulk.job.ids))
                progress.advance(task)
            rows.append(
                {
                    "rows": size,
                    "rows/s": round(size / median(taken)),
                    "COPY rows/s": round(size / median(copied)),
                    "ratio": round(median(copied) / median(taken), 3),
                    "peak memory MiB": round(peak_memory(ready, "web") / 1024),
                }
            )
    return rows


def _service_id(ready: Stage) -> UUID:
    return UUID(ready.world["service_id"])


def _template(ready: Stage) -> str:
    wanted = NewTemplate(service_id=_service_id(ready), name="Bulk", channel=Channel.SMS, content=_CONTENT)
    return str(ready.platform.notify.create_template(wanted).id)


def _send(ready: Stage, template: str, rows: int) -> tuple[float, FoundBulk]:
    """Send a bulk of so many rows, and return the seconds that took, and what is known of it."""
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
    return seconds, ready.platform.notify.find_bulk(_service_id(ready), UUID(told["id"]))


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
