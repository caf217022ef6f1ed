"""A server that answers as it is told, for what the simulators do not do."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from attrs import define, field, frozen

from tests.integration.http_server import reply, saying_nothing, serving


@frozen
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    client_port: int


@define
class Told:
    """What the server answers to whatever it is asked, and what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(factory=dict)
    wait: float = 0.0
    asked: list[Asked] = field(factory=list)

    def answer(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        self.status, self.body, self.headers = status, body, headers


@pytest.fixture
def told() -> Iterator[Told]:
    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        state.asked.append(
            Asked(request.command, request.path, dict(request.headers), body, request.client_address[1])
        )
        time.sleep(state.wait)
        if state.status == 0:
            request.connection.shutdown(socket.SHUT_RDWR)
            request.close_connection = True
            return
        reply(request, state.status, state.body, state.headers)

    state = Told()
    with serving(answer) as state.url:
        yield state


@pytest.fixture
def silence() -> Iterator[str]:
    """The URL of a server that takes connections and never says anything."""
    with saying_nothing() as server:
        yield f"http://{server.address}"
