"""A load generator that costs little: fixed requests over keep-alive connections, one at a time on each.

Loopback only, and bounded: it stops by itself after the time it is given.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from functools import partial
from statistics import quantiles

from attrs import define, field, frozen


@frozen(kw_only=True)
class Load:
    """What came back: requests a second, times in milliseconds, and how often each status was answered."""

    per_second: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int]


@define(eq=False)
class _Connection(asyncio.Protocol):
    request: bytes
    until: float
    statuses: Counter[int]
    times: list[float]
    done: asyncio.Future[None]
    transport: asyncio.Transport | None = None
    sent_at: float = 0.0
    received: bytearray = field(factory=bytearray)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0 or len(self.received) < end + 4 + _length(self.received[:end]):
            return
        self.times.append(time.perf_counter() - self.sent_at)
        self.statuses[int(self.received[9:12])] += 1
        self.received.clear()
        if time.perf_counter() < self.until:
            self._send()
        elif self.transport is not None:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio passes it
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        assert self.transport is not None
        self.sent_at = time.perf_counter()
        self.transport.write(self.request)


def _length(head: bytes | bytearray) -> int:
    for line in bytes(head).lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


def post(port: int, path: str, token: str, body: bytes) -> bytes:
    """Return the bytes of a POST to loopback."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(port: int, path: str, token: str) -> bytes:
    """Return the bytes of a GET to loopback."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def run_load(port: int, request: bytes, *, connections: int, seconds: float) -> Load:
    """Send `request` over and over on `connections` connections to loopback, for `seconds`."""
    return asyncio.run(_run(port, request, connections, seconds))


async def _run(port: int, request: bytes, connections: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    statuses: Counter[int] = Counter()
    times: list[float] = []
    begun = time.perf_counter()
    waiting = []
    for _ in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        connection = partial(_Connection, request, begun + seconds, statuses, times, done)
        await loop.create_connection(connection, "127.0.0.1", port)
        waiting.append(done)
    await asyncio.gather(*waiting)
    elapsed = time.perf_counter() - begun
    cuts = quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    return Load(
        per_second=len(times) / elapsed,
        p50_ms=cuts[49] * 1000,
        p99_ms=cuts[98] * 1000,
        statuses=dict(statuses),
    )
