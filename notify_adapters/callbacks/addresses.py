"""Where a host's name leads to, and whether calls may go there."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from ipaddress import ip_address

from attrs import define, field

from notify_core.callbacks.targets import may_call

_AT_ONCE = 25

LookUp = Callable[[str, int], list[str]]


class NotFoundByName(Exception):
    """The name leads nowhere, or nobody says in time where."""


class Forbidden(Exception):
    """The name leads to an address that calls may not go to."""


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host, the preferred first. Raises OSError when it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@define
class Addresses:
    """Looks names up, in threads of its own: the system's resolver knows no time limit.

    Every address of a name must be one that calls may go to: of a name that leads inside as well as outside,
    nobody can say what it is for.
    """

    loopback_allowed: bool
    look_up: LookUp = look_up
    _pool: ThreadPoolExecutor | None = field(default=None, init=False)
    _owner: int = field(default=0, init=False)

    def __call__(self, host: str, port: int, *, timeout: float) -> list[str]:
        """Return the addresses, all of which were judged. Raises Forbidden or NotFoundByName."""
        try:
            addresses = self._submit(host, port).result(timeout)
        except (OSError, UnicodeError, TookTooLong):
            raise NotFoundByName from None
        if not addresses:
            raise NotFoundByName
        if not all(self._may_call(address) for address in addresses):
            raise Forbidden
        return addresses

    def _may_call(self, address: str) -> bool:
        try:
            # Without the zone of a link-local address: those are forbidden in any zone.
            return may_call(ip_address(address.partition("%")[0]), loopback_allowed=self.loopback_allowed)
        except ValueError:
            return False

    def _submit(self, host: str, port: int) -> Future[list[str]]:
        # Threads do not survive a fork; the pool that was inherited has none.
        if self._pool is None or self._owner != os.getpid():
            self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="look-up")
            self._owner = os.getpid()
        return self._pool.submit(self.look_up, host, port)

    def close(self) -> None:
        """Take no more; what is being looked up is left to itself."""
        if self._pool is not None and self._owner == os.getpid():
            self._pool.shutdown(wait=False, cancel_futures=True)
