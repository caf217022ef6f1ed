"""A small HTTP/1.1 client with kept-alive connections, for the event loop the simulators run on.

It speaks to two kinds of server only, our own webhooks and moto, and so knows what those need:
fixed-length and chunked answers, and one more attempt when a kept connection turns out to be closed.
"""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import Mapping
from urllib.parse import SplitResult, unquote, urlsplit

from attrs import define, field, frozen

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class HttpFailure(Exception):
    """No usable answer came: refused, reset, too slow, or not HTTP."""


@frozen
class Target:
    """A URL taken apart once: where to connect, what to ask for, who we say we are."""

    host: str
    port: int
    tls: bool
    path: str
    authorization: str

    @classmethod
    def of(cls, url: str) -> Target:
        """Read an http or https URL; user and password in it become basic authentication.

        ValueError when it is no such URL.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url!r} is not an http or https URL")
        tls = parts.scheme == "https"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.hostname, parts.port or (443 if tls else 80), tls, path, _basic(parts))


@frozen
class Answer:
    """What the server said. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@define
class HttpClient:
    """Kept-alive connections to any number of servers. For one event loop."""

    timeout: float = 10.0
    _idle: dict[tuple[str, int], deque[Connection]] = field(factory=dict)

    async def request(self, method: str, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
        """Ask, and return the answer whatever its status; HttpFailure when none came."""
        message = _render(method, target, headers, body)
        try:
            async with asyncio.timeout(self.timeout):
                return await self._exchange(target, message)
        except (OSError, TimeoutError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise HttpFailure(f"{type(error).__name__}: {error}") from error

    async def _exchange(self, target: Target, message: bytes) -> Answer:
        idle = self._idle.setdefault((target.host, target.port), deque())
        while idle:
            connection = idle.pop()
            try:
                return await self._over(connection, idle, message)
            except (ConnectionError, EOFError):  # closed while it was idle
                continue
        connection = await asyncio.open_connection(target.host, target.port, ssl=target.tls or None)
        return await self._over(connection, idle, message)

    async def _over(self, connection: Connection, idle: deque[Connection], message: bytes) -> Answer:
        reader, writer = connection
        keep = False
        try:
            writer.write(message)
            answer = await _read_answer(reader)
            keep = answer.headers.get("connection", "").lower() != "close"
        finally:
            if keep:
                idle.append(connection)
            else:
                writer.close()
        return answer


def _basic(parts: SplitResult) -> str:
    if parts.username is None:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _render(method: str, target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {target.path} HTTP/1.1", f"Host: {target.host}:{target.port}"]
    if target.authorization:
        lines.append(f"Authorization: {target.authorization}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "\r\n".join(lines).encode() + body


async def _read_answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ", 2)[1])
    headers = {}
    for line in head[1:-2]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Answer(status, headers, await _read_body(reader, status, headers))


async def _read_body(reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> bytes:
    if status in {204, 304}:
        return b""
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    headers["connection"] = "close"  # the end of the connection is the end of the body
    return await reader.read()


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body
