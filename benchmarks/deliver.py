"""Texts delivered a second by one worker of four processes, against a loop of bare calls to the same provider.

The queues are the in-memory simulator, the provider is MMG's simulator, which answers at once or after a delay. The
messages are accepted first; then relay and worker start, and the clock runs from the first text that the provider
gets to the last. Processor time of the worker, of the relay and of PostgreSQL is counted over the same span.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import urllib3
from attrs import frozen
from rich.progress import Progress

from benchmarks.processor import processor_seconds
from benchmarks.stage import Stage, stage
from benchmarks.texts import accept, count_sent, demo_sender, start_outside, wait_until_sent

PROCESSES = 4
_PARTS = ("worker", "relay", "postgres")


@frozen(kw_only=True)
class Delivery:
    """One round: the rate, and the processor seconds that each part used for a thousand texts."""

    per_second: float
    processor: dict[str, float]


def run(*, quick: bool, progress: Progress) -> list[dict[str, Any]]:
    """Measure with a provider that answers at once, and with one that takes 100 ms."""
    messages, rounds = (500, 1) if quick else (5000, 3)
    rows = []
    for delay in (0.0, 0.1):
        task = progress.add_task(f"delivering texts, provider takes {delay * 1000:.0f} ms", total=rounds)
        bare, delivered = [], []
        for _ in range(rounds):
            with stage({"CONCURRENCY": str(PROCESSES)}) as ready:
                start_outside(ready, delay)
                bare.append(_bare_calls(ready, 50 if delay else min(messages, 1000)))
                accept(ready, demo_sender(ready), messages)
                delivered.append(deliver_all(ready, messages))
            progress.advance(task)
        rate = median(one.per_second for one in delivered)
        rows.append(
            {
                "provider takes": f"{delay * 1000:.0f} ms",
                "delivered/s": round(rate),
                "bare calls/s": round(median(bare)),
                "ratio": round(rate / median(bare), 2),
                **{
                    f"{part} CPU s/1,000": round(median(one.processor[part] for one in delivered), 2)
                    for part in _PARTS
                },
            }
        )
    return rows


def deliver_all(ready: Stage, messages: int) -> Delivery:
    """Start relay and worker, and measure how they deliver what was accepted."""
    before = count_sent(ready)
    ready.start("worker")
    ready.start("relay")
    first = wait_until_sent(ready, before + 1)
    begun, used = time.perf_counter(), _used(ready)
    last = wait_until_sent(ready, before + messages)
    seconds = time.perf_counter() - begun
    texts = max(last - first, 1)
    return Delivery(
        per_second=texts / seconds,
        processor={part: (after - used[part]) / texts * 1000 for part, after in _used(ready).items()},
    )


def _used(ready: Stage) -> dict[str, float]:
    pids = ready.supervisor.pids()
    return {part: processor_seconds(pids[part]) for part in _PARTS}


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
