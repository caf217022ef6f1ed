"""Accepted POSTs a second, against what the database could commit.

Two web processes, Redis counting the day (only the limit per minute is off), PostgreSQL with fsync on, everything on
this machine, the load generator too. Rounds of the limit and of the API alternate, so that a slow spell of the
machine touches both; medians are compared.
"""

from __future__ import annotations

import json
from statistics import median
from typing import Any

from rich.progress import Progress

from benchmarks.http_load import Load, post, run_load
from benchmarks.machine import insert_commits_per_second
from benchmarks.stage import Stage, stage
from notify_cli.commands.api_keys import bearer_token

CONNECTIONS = (1, 8, 32)


def run(*, quick: bool, progress: Progress) -> list[dict[str, Any]]:
    """Measure, and return a row for each number of connections."""
    rounds, seconds = (1, 1) if quick else (5, 3)
    environment = {"WEB_WORKERS": "2", "REDIS_ENABLED": "1"}
    task = progress.add_task("accepting texts", total=len(CONNECTIONS) * rounds)
    rows = []
    with stage(environment) as ready:
        ready.start("redis")
        ready.start("web")
        _round(ready, 8, 1)  # warm
        for connections in CONNECTIONS:
            limits, loads = [], []
            for _ in range(rounds):
                limits.append(
                    insert_commits_per_second(ready.parts.postgres, connections=connections, seconds=seconds)
                )
                loads.append(_round(ready, connections, seconds))
                progress.advance(task)
            rows.append(_row(connections, limits, loads))
    return rows


def _round(ready: Stage, connections: int, seconds: int) -> Load:
    body = {
        "phone_number": "07700 900123",
        "template_id": ready.world["templates"]["sms"],
        "personalisation": {"name": "Jo", "day": "Monday"},
    }
    token = bearer_token(ready.world["api_keys"]["normal"])
    request = post(ready.parts.at.web, "/v2/notifications/sms", token, json.dumps(body).encode())
    load = run_load(ready.parts.at.web, request, connections=connections, seconds=seconds)
    if set(load.statuses) != {201}:
        raise RuntimeError(f"not every text was accepted: {load.statuses}")
    return load


def _row(connections: int, limits: list[float], loads: list[Load]) -> dict[str, Any]:
    accepted, limit = median(load.per_second for load in loads), median(limits)
    return {
        "connections": connections,
        "accepted POSTs/s": round(accepted),
        "p50 ms": round(median(load.p50_ms for load in loads), 2),
        "p99 ms": round(median(load.p99_ms for load in loads), 2),
        "INSERT commits/s": round(limit),
        "ratio": round(accepted / limit, 3),
    }
