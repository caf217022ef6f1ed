"""Connections to an address that was judged, and a deadline that nobody can talk past."""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
import time
from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from typing import Any

from attrs import define, field, frozen

from notify_core.callbacks.targets import Target

# Each step may take so long; all steps of one call together must keep the call's deadline.
STEP_SECONDS = 5.0
# What a server says beyond its headers is of no use. A little is read, to use the connection again.
_MOST_READ = 64 * 1024
_IDLE_SECONDS = 10.0
_MOST_IDLE = 100


@frozen
class Deadline:
    """A moment of the monotonic clock, by which everything must be over."""

    at: float

    def step(self) -> float:
        """Return for how many seconds the next step may last. Raises TimeoutError when there are none left."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return min(left, STEP_SECONDS)


@frozen
class Reply:
    """What came back: the status, and the two headers that matter."""

    status: int
    location: str | None
    retry_after: str | None


class _Reader(io.RawIOBase):
    """Reads from a socket until the deadline, however little comes at a time."""

    def __init__(self, stream: socket.socket, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._stream.settimeout(self._deadline.step())
        return self._stream.recv_into(buffer)


class _Stream:
    """A socket as `http.client` uses one, for the time of one call."""

    def __init__(self, stream: socket.socket, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._stream, self._deadline))

    def sendall(self, data: Any) -> None:
        self._stream.settimeout(self._deadline.step())
        self._stream.sendall(data)  # which takes its time limit for all of it

    def close(self) -> None:
        """Leave it open: whoever lent it decides."""


_Origin = tuple[bool, str, int, str]


@define
class Connections:
    """Opens connections, and keeps those that can be used again for a few seconds. Safe to share between threads."""

    _tls: ssl.SSLContext | None = None
    _idle: deque[tuple[_Origin, float, socket.socket]] = field(factory=deque, init=False)
    _lock: Lock = field(factory=Lock, init=False)
    _owner: int = field(factory=os.getpid, init=False)

    def post(
        self, target: Target, address: str, *, headers: Mapping[str, str], body: bytes, deadline: Deadline
    ) -> Reply:
        """Post to the target at that address, and return the answer.

        The certificate, if there is one, must be the host's, whatever the address. Raises OSError (of which
        TimeoutError and ssl.SSLError are kinds) or http.client.HTTPException.
        """
        origin = (target.secure, target.host, target.port, address)
        kept = self._take(origin)
        if kept is not None:
            try:
                return self._exchange(origin, kept, target, headers, body, deadline)
            except (http.client.RemoteDisconnected, ConnectionError):
                pass  # The other side had closed it. Should it have read the call, it hears it twice, as it may any.
        return self._exchange(origin, self._open(target, address, deadline), target, headers, body, deadline)

    def close(self) -> None:
        """Close those that are idle."""
        with self._lock:
            while self._idle:
                self._idle.pop()[2].close()

    def _open(self, target: Target, address: str, deadline: Deadline) -> socket.socket:
        stream = socket.create_connection((address, target.port), timeout=deadline.step())
        try:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not target.secure:
                return stream
            stream.settimeout(deadline.step())
            return (self._tls or _tls()).wrap_socket(stream, server_hostname=target.host)
        except BaseException:
            stream.close()
            raise

    def _exchange(
        self,
        origin: _Origin,
        stream: socket.socket,
        target: Target,
        headers: Mapping[str, str],
        body: bytes,
        deadline: Deadline,
    ) -> Reply:
        reusable = False
        try:
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.sock = _Stream(stream, deadline)  # as much of a socket as it uses
            connection.putrequest("POST", target.target, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", target.authority)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            reply = Reply(response.status, response.getheader("Location"), response.getheader("Retry-After"))
            reusable = _read_to_the_end(response)
        finally:
            if reusable:
                self._keep(origin, stream)
            else:
                stream.close()
        return reply

    def _take(self, origin: _Origin) -> socket.socket | None:
        self._forget_what_was_inherited()
        oldest = time.monotonic() - _IDLE_SECONDS
        with self._lock:
            while self._idle and self._idle[0][1] < oldest:
                self._idle.popleft()[2].close()
            for number, (kept, _, stream) in enumerate(self._idle):
                if kept == origin:
                    del self._idle[number]
                    return stream
        return None

    def _keep(self, origin: _Origin, stream: socket.socket) -> None:
        with self._lock:
            self._idle.append((origin, time.monotonic(), stream))
            if len(self._idle) > _MOST_IDLE:
                self._idle.popleft()[2].close()

    def _forget_what_was_inherited(self) -> None:
        """After a fork: two processes on one connection would read each other's answers."""
        if self._owner != os.getpid():
            self._idle, self._lock, self._owner = deque(), Lock(), os.getpid()


def _read_to_the_end(response: http.client.HTTPResponse) -> bool:
    """Read the answer's rest if it is short, and return whether the connection can be used again.

    The answer has been given with its status: what goes wrong now changes nothing.
    """
    try:
        if response.length is None or response.length > _MOST_READ or response.will_close:
            return False
        response.read()
    except (OSError, http.client.HTTPException):
        return False
    return response.isclosed()


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()  # reads all certificate authorities: some 10 ms, so only once
