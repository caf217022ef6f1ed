"""The HTTP client: what it takes, what it returns, and the two ways it fails.

    HttpFailure
    ├── Unreachable    no connection could be made, or it broke before the answer was complete
    └── TimedOut       connecting or answering took too long

Neither holds a body, a path or a header, so both may be logged.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from attrs import field, frozen
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationValueError, NewConnectionError
from urllib3.exceptions import TimeoutError as TookTooLong
from urllib3.response import BaseHTTPResponse

LARGEST_BODY = 1024 * 1024
USER_AGENT = "notify"

_NOTHING: Mapping[str, str] = {}


class HttpFailure(Exception):
    """There is no answer. Whether the other side has acted is not known, unless it was not even `connected`."""

    def __init__(self, message: str, *, connected: bool = True) -> None:
        super().__init__(message)
        self.connected = connected


class Unreachable(HttpFailure):
    """No connection could be made, or it broke before the answer was complete."""


class TimedOut(HttpFailure):
    """Connecting or answering took too long."""


@frozen
class HttpResponse:
    """An answer with any status. Bodies are cut off after LARGEST_BODY bytes."""

    status: int
    body: bytes = field(repr=False)


@frozen
class _Address:
    """A URL, taken apart."""

    secure: bool
    host: str
    port: int | None
    target: str

    @property
    def origin(self) -> tuple[bool, str, int | None]:
        return self.secure, self.host, self.port


_Pools = dict[tuple[bool, str, int | None], HTTPConnectionPool]


class HttpClient:
    """Asks servers, over connections that are kept open. One client serves all threads.

    `connections` is how many idle connections are kept per server; more than that may be in use at a time.
    A process that was forked opens its own: two processes on one connection would read each other's answers.
    """

    def __init__(self, connections: int = 50) -> None:
        self._connections = connections
        self._owner = os.getpid()
        self._pools: _Pools = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        timeout: float,
        headers: Mapping[str, str] = _NOTHING,
        body: bytes | None = None,
    ) -> HttpResponse:
        """Ask once and return the answer, whatever its status; a redirect is an answer like any other.

        `timeout` is in seconds: for connecting and the first byte together, then for each further wait.
        Raises Unreachable or TimedOut. ValueError when `url` is not an http or https URL.
        """
        address = _address(url)
        try:
            response = self._pool(address).urlopen(
                method,
                address.target,
                body=body,
                headers={"User-Agent": USER_AGENT, **headers},
                timeout=Timeout(total=timeout, connect=timeout, read=timeout),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
            )
            return _read(response)
        except (HTTPError, OSError) as error:
            # Not `from error`: its text can name the path, and a path can name a person.
            raise _failure(error, address) from None

    def _pool(self, address: _Address) -> HTTPConnectionPool:
        if self._owner != os.getpid():
            self._pools, self._owner = {}, os.getpid()
        pool = self._pools.get(address.origin)
        # Two threads may both make one; `setdefault` lets one of them win.
        return pool or self._pools.setdefault(address.origin, self._new_pool(address))

    def _new_pool(self, address: _Address) -> HTTPConnectionPool:
        if address.secure:
            return HTTPSConnectionPool(
                address.host,
                address.port,
                maxsize=self._connections,
                socket_options=_socket_options(),
                ssl_context=_tls(),
            )
        return HTTPConnectionPool(
            address.host, address.port, maxsize=self._connections, socket_options=_socket_options()
        )


def _read(response: BaseHTTPResponse) -> HttpResponse:
    try:
        body = response.read(LARGEST_BODY + 1)
    except BaseException:
        response.close()
        raise
    if len(body) > LARGEST_BODY:
        response.close()  # rather than read on: this connection is not worth keeping
        return HttpResponse(response.status, body[:LARGEST_BODY])
    response.release_conn()
    return HttpResponse(response.status, body)


def _failure(error: Exception, address: _Address) -> HttpFailure:
    # A name that is no name leads nowhere either.
    connected = not isinstance(error, ConnectTimeoutError | LocationValueError)
    # urllib3 counts a refused connection among its time-outs.
    if isinstance(error, TookTooLong) and not isinstance(error, NewConnectionError):
        return TimedOut(f"{address.host} did not answer in time", connected=connected)
    return Unreachable(f"{address.host} cannot be reached ({type(error).__name__})", connected=connected)


@lru_cache(maxsize=1024)
def _address(url: str) -> _Address:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("not an http or https URL")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Address(parts.scheme == "https", parts.hostname, parts.port, target)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()  # reads all certificate authorities: some 10 ms, so only once


def _socket_options() -> list[tuple[int, int, int]]:
    """Notice a dead peer within 20 seconds: idle 4 s, then 8 probes 2 s apart (where the system can)."""
    options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPIDLE", 4), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 8)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options
