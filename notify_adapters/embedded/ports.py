"""Loopback ports: choosing free ones, and noticing taken ones before a server does."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack, suppress

from notify_adapters.embedded.errors import EmbeddedPartError

LOOPBACK = "127.0.0.1"
#: Below the ports that the kernel gives to clients: a server that is stopped and started again must not find that a
#: connection of somebody else has taken its port meanwhile.
PORTS = range(20_000, 32_700)
# Not to be seeded: processes that look for ports at the same time must not look in the same order.
_RANDOM = random.SystemRandom()


def free_port() -> int:
    """Return a TCP port on loopback that nothing listened on a moment ago."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return `count` different free TCP ports on loopback.

    All are held open until the last one is found, so that they differ.
    """
    with ExitStack() as held:
        found: list[int] = []
        for port in _RANDOM.sample(PORTS, len(PORTS)):
            if len(found) == count:
                break
            one = held.enter_context(socket.socket())
            with suppress(OSError):
                one.bind((LOOPBACK, port))
                found.append(port)
    if len(found) < count:
        raise EmbeddedPartError(f"There are no {count} free ports between {PORTS.start} and {PORTS.stop}.")
    return found


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen on this port now."""
    with socket.socket() as probe:
        # As servers do: a port whose old connections are in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def require_free_port(port: int, wanted_by: str, host: str = LOOPBACK) -> None:
    """Refuse with EmbeddedPartError when something listens on the port that `wanted_by` is to use."""
    if not port_is_free(port, host):
        raise EmbeddedPartError(
            f"{wanted_by} cannot listen on {host}:{port}: the port is taken. "
            f"Stop what is using it, or choose another port."
        )


def accepts_connections(port: int, host: str = LOOPBACK) -> bool:
    """Say whether something answers a TCP connection on this port."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
