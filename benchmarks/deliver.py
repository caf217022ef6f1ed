"""Texts delivered a second by one worker, against a loop of bare calls to the same provider.

The queues are the in-memory simulator, the provider is MMG's simulator, which answers at once or after a delay. The
messages are accepted first; then relay and worker start, and the clock runs from the first text that the provider
gets to the last.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any
from uuid import UUID

import urllib3
from rich.progress import Progress

from benchmarks.stage import Stage, stage
from notify_adapters.assembly import queue_admin
from notify_core import ApiKey, KeyType, SmsRequest
from notify_core.outbox.model import Queue

_PATIENCE_SECONDS = 120.0


def run(*, quick: bool, progress: Progress) -> list[dict[str, Any]]:
    """Measure with a provider that answers at once, and with one that takes 100 ms."""
    messages, rounds = (200, 1) if quick else (5000, 3)
    rows = []
    for delay in (0.0, 0.1):
        task = progress.add_task(f"delivering texts, provider takes {delay * 1000:.0f} ms", total=rounds)
        bare, delivered = [], []
        for _ in range(rounds):
            with stage({"CONCURRENCY": "2"}) as ready:
                _start_outside(ready, delay)
                bare.append(_bare_calls(ready, 50 if delay else min(messages, 1000)))
                delivered.append(_deliveries(ready, messages))
            progress.advance(task)
        rows.append(
            {
                "provider takes": f"{delay * 1000:.0f} ms",
                "delivered/s": round(median(delivered)),
                "bare calls/s": round(median(bare)),
                "ratio": round(median(delivered) / median(bare), 2),
            }
        )
    return rows


def _start_outside(ready: Stage, delay: float) -> None:
    """Start the providers and the queues, and let the providers take `delay` seconds for each text."""
    for key in ("queues", "mmg", "firetext"):
        ready.start(key)
    for name in ("mmg", "firetext"):
        url = f"{ready.parts.at.url(name)}/_simulator/default"
        behaviour = {"behaviour": "slow", "seconds": delay} if delay else {"behaviour": "no-receipt"}
        answer = urllib3.request("PUT", url, json=behaviour)
        assert answer.status < 300, answer.data


def _bare_calls(ready: Stage, calls: int) -> float:
    """Call the provider one time after the other, with nothing around it."""
    pool = urllib3.PoolManager()
    url = f"{ready.parts.at.url('mmg')}/jsonv2a/api.php"
    body = {"reqType": "BULK", "MSISDN": "447700900123", "msg": "x", "sender": "x", "cid": "x", "multi": True}
    headers = {"Authorization": f"Basic {ready.parts.secrets.mmg_api_key}"}
    begun = time.perf_counter()
    for _ in range(calls):
        assert pool.request("POST", url, json=body, headers=headers).status == 200
    return calls / (time.perf_counter() - begun)


def _deliveries(ready: Stage, messages: int) -> float:
    notify, world = ready.platform.notify, ready.world
    service_id = UUID(world["service_id"])
    key: ApiKey = next(key for key in notify.list_api_keys(service_id) if key.key_type is KeyType.NORMAL)
    request = SmsRequest(
        key=key,
        phone_number="07700 900123",
        template_id=UUID(world["templates"]["sms"]),
        personalisation={"name": "Jo", "day": "Monday"},
    )
    for _ in range(messages):
        notify.send_sms(request)
    queue_admin(ready.platform.settings).ensure([queue.value for queue in Queue])
    before = _sent(ready)
    ready.start("relay")
    ready.start("worker")
    return _rate(ready, before, messages)


def _rate(ready: Stage, before: int, messages: int) -> float:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    begun, first = 0.0, 0
    while True:
        sent, now = _sent(ready) - before, time.perf_counter()
        if sent and not begun:
            begun, first = now, sent
        if sent >= messages:
            return (sent - first) / (now - begun) if now > begun else float(sent)
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {sent} of {messages} texts reached the provider in {_PATIENCE_SECONDS:g} s")
        ready.supervisor.check()
        time.sleep(0.02)


def _sent(ready: Stage) -> int:
    total = 0
    for name in ("mmg", "firetext"):
        answer = urllib3.request("GET", f"{ready.parts.at.url(name)}/_simulator/counts")
        total += int(answer.json()["accepted"])
    return total
