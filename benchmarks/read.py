"""Looking messages up, one at a time and 250 at a time, against the same web processes answering hardly anything.

Two web processes, PostgreSQL with fsync on, everything on this machine, the load generator too. Rounds of the limit
and of the API alternate, so that a slow spell of the machine touches both; medians are compared.
"""

from __future__ import annotations

from statistics import median
from typing import Any
from uuid import UUID

from rich.progress import Progress

from benchmarks.http_load import Load, get, run_load
from benchmarks.stage import Stage, stage
from notify_cli.commands.api_keys import bearer_token
from notify_core import KeyType, SmsRequest

CONNECTIONS = (1, 8, 32)
_MESSAGES = 1000


def run(*, quick: bool, progress: Progress) -> list[dict[str, Any]]:
    """Measure, and return a row for each kind of look-up and number of connections."""
    rounds, seconds = (1, 1) if quick else (5, 3)
    task = progress.add_task("looking texts up", total=2 * len(CONNECTIONS) * rounds)
    rows = []
    with stage({"WEB_WORKERS": "2"}) as ready:
        ready.start("web")
        paths = {"one": f"/v2/notifications/{_send(ready)}", "250": "/v2/notifications"}
        for path in paths.values():
            _round(ready, path, 8, 1)  # warm
        for name, path in paths.items():
            for connections in CONNECTIONS:
                limits, loads = [], []
                for _ in range(rounds):
                    limits.append(_round(ready, "/_status?simple=1", connections, seconds).per_second)
                    loads.append(_round(ready, path, connections, seconds))
                    progress.advance(task)
                rows.append(_row(name, connections, limits, loads))
    return rows


def _send(ready: Stage) -> UUID:
    """Accept some texts, and return the id of the last one."""
    notify, world = ready.platform.notify, ready.world
    keys = notify.list_api_keys(UUID(world["service_id"]))
    request = SmsRequest(
        key=next(key for key in keys if key.key_type is KeyType.NORMAL),
        phone_number="07700 900123",
        template_id=UUID(world["templates"]["sms"]),
        personalisation={"name": "Jo", "day": "Monday"},
    )
    return [notify.send_sms(request).id for _ in range(_MESSAGES)][-1]


def _round(ready: Stage, path: str, connections: int, seconds: int) -> Load:
    port = ready.parts.at.web
    request = get(port, path, bearer_token(ready.world["api_keys"]["normal"]))
    load = run_load(port, request, connections=connections, seconds=seconds)
    if set(load.statuses) != {200}:
        raise RuntimeError(f"not everything was found: {load.statuses}")
    return load


def _row(name: str, connections: int, limits: list[float], loads: list[Load]) -> dict[str, Any]:
    found, limit = median(load.per_second for load in loads), median(limits)
    return {
        "messages": name,
        "connections": connections,
        "GETs/s": round(found),
        "p50 ms": round(median(load.p50_ms for load in loads), 2),
        "p99 ms": round(median(load.p99_ms for load in loads), 2),
        "bare answers/s": round(limit),
        "ratio": round(found / limit, 3),
    }
