"""The way past the framework for the few addresses that nearly everybody asks.

Finding the handler, working out its arguments and wrapping its answer cost the framework more than accepting a
message costs us (docs/performance.md has the figures). For the handlers given here, and for nothing else, this does
the same in the plainest way. The declarations are read from Litestar's own handlers, and the functions behind them
are the same, so whatever is said about a route is still said once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import Any, cast

from attrs import frozen
from litestar import Litestar, Request
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from notify_web.answers import Answer
from notify_web.errors import answer_error, answer_framework_error
from notify_web.ports import HttpRequest

_PARAMETER_END = ":str}"


class _Gone(Exception):
    """The client went away before it had sent everything."""


@frozen
class Lane:
    """One handler: what it calls, the name of its last path segment if that varies, and how large a body may be."""

    call: Callable[..., Answer]
    parameter: str | None
    takes_body: bool
    largest_body: int


class Express:
    """Serves some of an app's handlers, and leaves the rest to the app."""

    def __init__(self, app: Litestar, handlers: Iterable[HTTPRouteHandler], largest_body: int) -> None:
        self._app: ASGIApp = app
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._by_folder: dict[tuple[str, str], Lane] = {}
        # A varying segment does not stand for what has an address of its own.
        self._addresses = {(method, route.path) for route in app.routes for method in getattr(route, "methods", ())}
        for handler in handlers:
            self._add(handler, largest_body)

    def _add(self, handler: HTTPRouteHandler, largest_body: int) -> None:
        for path in handler.paths:
            folder, _, last = path.rpartition("/")
            parameter = last[1 : -len(_PARAMETER_END)] if last.endswith(_PARAMETER_END) else None
            limit = handler.request_max_body_size
            lane = Lane(
                call=cast("Callable[..., Answer]", handler.fn),
                parameter=parameter,
                takes_body="body" in handler.fn.__annotations__,
                largest_body=limit if isinstance(limit, int) else largest_body,
            )
            for method in handler.http_methods:
                if parameter is None:
                    self._lanes[method, path] = lane
                else:
                    self._by_folder[method, folder] = lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == ScopeType.HTTP:
            lane = self._lane(scope["method"], scope["path"])
            if lane is not None:
                await self._serve(lane, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _lane(self, method: str, path: str) -> Lane | None:
        lane = self._lanes.get((method, path))
        if lane is not None or (method, path) in self._addresses:
            return lane
        folder, _, last = path.rpartition("/")
        return self._by_folder.get((method, folder)) if last else None

    async def _serve(self, lane: Lane, scope: HTTPScope, receive: Receive, send: Send) -> None:
        scope["litestar_app"] = cast("Litestar", self._app)
        request: HttpRequest = Request(scope, receive, send)
        arguments: dict[str, Any] = {}
        if lane.parameter is not None:
            arguments[lane.parameter] = scope["path"].rpartition("/")[2]
        try:
            if lane.takes_body:
                arguments["body"] = await _body(request, receive, lane.largest_body)
            answer = await asyncio.get_running_loop().run_in_executor(
                None, copy_context().run, lambda: lane.call(request, **arguments)
            )
        except _Gone:
            return
        except HTTPException as error:
            answer = answer_framework_error(request, error)
        except Exception as error:  # noqa: BLE001 - what the app's own handlers of errors do
            answer = answer_error(request, error)
        await _send(answer, send)


async def _body(request: HttpRequest, receive: Receive, largest: int) -> bytes:
    """Return the request's body. Raises RequestEntityTooLarge, before reading it where its length is told."""
    if (request.content_length or 0) > largest:
        raise RequestEntityTooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise _Gone
        size += len(event["body"])
        if size > largest:
            raise RequestEntityTooLarge
        parts.append(event["body"])
        if not event["more_body"]:
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _send(answer: Answer, send: Send) -> None:
    content = answer.content
    headers = [
        (b"content-type", (answer.media_type or "").encode("ascii")),
        (b"content-length", str(len(content)).encode("ascii")),
        *((name.lower().encode("ascii"), str(value).encode("latin-1")) for name, value in answer.headers.items()),
    ]
    await send({"type": "http.response.start", "status": answer.status_code or 200, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
