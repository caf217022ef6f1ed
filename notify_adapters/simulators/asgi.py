"""A tiny layer over ASGI: a request, an answer, and the answer that never comes.

The simulators do without a web framework for speed: they must not be what a benchmark measures.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson
from attrs import frozen

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

JSON_HEADERS = ((b"content-type", b"application/json"),)


@frozen
class Request:
    """What a client asked. Header names are lower-case."""

    method: str
    path: str
    body: bytes
    scope: Scope
    receive: Receive

    def header(self, name: bytes) -> str:
        """Return one header's value, or an empty text."""
        for key, value in self.scope["headers"]:
            if key == name:
                return str(value, "latin-1")
        return ""

    def query(self) -> dict[str, str]:
        """Return the query parameters; the last of several with one name."""
        return dict(parse_qsl(str(self.scope["query_string"], "latin-1")))

    async def until_gone(self) -> None:
        """Return when the client closed the connection without waiting for the answer."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


@frozen
class Response:
    """What a client is answered."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = JSON_HEADERS


#: Returned by a handler instead of a response: the connection is closed without an answer.
DROPPED = Response(0, b"")


def json_response(value: object, status: int = 200) -> Response:
    """Return an answer with a JSON body."""
    return Response(status, orjson.dumps(value))


def text_response(text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Response:
    """Return an answer with a text body."""
    return Response(status, text.encode(), ((b"content-type", content_type.encode()),))


class Handler(Protocol):
    """Whatever answers requests."""

    async def __call__(self, request: Request) -> Response:
        """Answer one request; DROPPED to close the connection instead."""
        ...


def application(handler: Handler) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return the ASGI application of a handler."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(scope, receive)
        response = await handler(Request(scope["method"], scope["path"], body, scope, receive))
        if response is DROPPED:
            host, port = scope["client"]
            drop_connection((host, int(port)))
            return
        await send({"type": "http.response.start", "status": response.status, "headers": list(response.headers)})
        await send({"type": "http.response.body", "body": response.body})

    return respond


async def _body(scope: Scope, receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    length = next((value for key, value in scope["headers"] if key == b"content-length"), None)
    if length is not None and len(body) == int(length):
        return body  # granian would only say so in one more message
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


def drop_connection(client: tuple[str, int]) -> None:
    """Close the connection of this client, by the server's own descriptor for it.

    ASGI knows no way to say nothing, so the descriptor is looked up among those of this process.
    """
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - descriptors, not paths
        descriptor = int(name)
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                with socket.socket(fileno=os.dup(descriptor)) as connection:
                    if _peer(connection) == client:
                        connection.shutdown(socket.SHUT_RDWR)
                        return


def _peer(connection: socket.socket) -> tuple[str, int] | None:
    try:
        host, port, *_ = connection.getpeername()
    except (OSError, ValueError):  # listening, or of another family
        return None
    return host, port
