"""What happens to every request before the framework sees it, and to every answer after.

One wrapper instead of a stack of middleware: this is the busiest code there is.
"""

from __future__ import annotations

import re
from collections.abc import Container
from time import perf_counter
from typing import cast

import structlog
from attrs import define, frozen
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from notify_web import headers, limits
from notify_web.tracing import Trace, begin_trace

_QUIET = frozenset({"/", "/_status"})
_SERVER_ERROR = 500
_LONGEST_PATH = 200
_MOST_PARTS = 10
_ID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_log = structlog.get_logger("notify.web.request")


@define
class Reply:
    """Passes an answer on, with the common headers, and without its body where none was asked for."""

    send: Send
    trace: Trace
    bodiless: bool
    status: int = 0

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], *headers.for_answer(self.trace), *self._limits()]
        elif message["type"] == "http.response.body" and self.bodiless:
            message["body"] = b""
        await self.send(message)

    def _limits(self) -> list[tuple[bytes, bytes]]:
        return limits.headers_of(self.trace.standing) if self.trace.standing is not None else []


@frozen
class Edge:
    """The outermost part of the web shell. `words` are those that its addresses are made of."""

    app: ASGIApp
    words: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == ScopeType.HTTP:
            await self._serve(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        started, method, path = perf_counter(), scope["method"], scope["path"]
        trace = begin_trace(scope)
        structlog.contextvars.bind_contextvars(trace_id=trace.trace_id, span_id=trace.span_id)
        reply = Reply(send, trace, bodiless=method == "HEAD")
        if method == "HEAD":
            scope["method"] = "GET"
        if _sloppy(path):
            # The router would forgive it; two addresses for one thing are one too many.
            scope["path"] = "/no-such-page"
        try:
            await self.app(scope, receive, cast("Send", reply))
        finally:
            self._log(method, path, reply, trace, perf_counter() - started)

    def _log(self, method: str, path: str, reply: Reply, trace: Trace, seconds: float) -> None:
        write = _log.warning if reply.status >= _SERVER_ERROR else _log.debug if path in _QUIET else _log.info
        write(
            "request",
            method=method,
            path=loggable(path, self.words)[:_LONGEST_PATH],
            status=reply.status,
            milliseconds=round(seconds * 1000, 2),
            service_id=trace.service_id,
            **({} if trace.user_id is None else {"user_id": trace.user_id}),
        )


def loggable(path: str, words: Container[str]) -> str:
    """Return the path as it may be logged: our own words and ids.

    Whoever knows an unsubscribe link's token can follow the link, and people ask for `/.../jo@example.com`.

    >>> loggable("/unsubscribe/740e5834-3a29-46b4-9a6f-16142fde533a/AQx-y_z", {"unsubscribe"})
    '/unsubscribe/740e5834-3a29-46b4-9a6f-16142fde533a/...'
    """
    return "/".join(
        part if not part or part in words or _ID.fullmatch(part) else "..." for part in path.split("/", _MOST_PARTS)
    )


def _sloppy(path: str) -> bool:
    return "//" in path or (path.endswith("/") and path != "/")
