"""Serving one handler with granian, in this process, until SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable, Sequence

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from notify_adapters.simulators.asgi import Handler, application

STOP_SECONDS = 0.3
GC_THRESHOLD = 50_000  # the journal is large and has no cycles: looking through it often is waste


def serve(handler: Handler, host: str, port: int, background: Sequence[Callable[[], Awaitable[None]]] = ()) -> None:
    """Serve until SIGTERM or SIGINT. `background` runs beside it on the same event loop."""
    gc.set_threshold(GC_THRESHOLD)
    asyncio.run(_serve(handler, host, port, background))


async def _serve(handler: Handler, host: str, port: int, background: Sequence[Callable[[], Awaitable[None]]]) -> None:
    server = Server(
        application(handler),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
        backlog=1024,
        backpressure=4096,
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.stop()  # type: ignore[no-untyped-call]  # granian's is not annotated
        # Granian waits for open requests, of which a long poll or a slow answer may be one; nothing is
        # worth it.
        loop.call_later(STOP_SECONDS, os._exit, 0)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    tasks = [asyncio.ensure_future(run()) for run in background]
    await server.serve()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
