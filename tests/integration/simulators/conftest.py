"""Real simulators as child processes, and a webhook they post their receipts to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler

import pytest
from attrs import define, field, frozen

from notify_adapters.simulators.client import SimulatorClient
from tests.integration.http_server import reply, serving
from tests.integration.simulator import a_simulator

StartSimulator = Callable[..., SimulatorClient]


@frozen
class Posted:
    """One request the webhook got. Header names are lower-case."""

    path: str
    headers: dict[str, str]
    body: bytes


@define
class Webhook:
    """Answers 200, or the statuses it was told, and remembers what it got."""

    url: str = ""
    posts: list[Posted] = field(factory=list)
    statuses: list[int] = field(factory=list)

    def wait_for(self, count: int, timeout: float = 30.0) -> list[Posted]:
        deadline = time.monotonic() + timeout
        while len(self.posts) < count:
            assert time.monotonic() < deadline, f"{len(self.posts)} of {count} receipts came"
            time.sleep(0.01)
        return self.posts


@contextmanager
def listening(port: int) -> Iterator[Webhook]:
    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        heard.posts.append(Posted(request.path, headers, body))
        reply(request, heard.statuses.pop(0) if heard.statuses else 200)

    heard = Webhook()
    with serving(answer, port) as address:
        heard.url = f"{address}/receipts"
        yield heard


@pytest.fixture
def listen_on() -> Iterator[Callable[[int], Webhook]]:
    """Start a webhook at a port: `listen_on(8080)`; 0 is any."""
    with ExitStack() as started:
        yield lambda port: started.enter_context(listening(port))


@pytest.fixture
def webhook(listen_on: Callable[[int], Webhook]) -> Webhook:
    return listen_on(0)


@pytest.fixture(scope="module")
def start_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartSimulator]:
    """Start a simulator: `start_simulator("mmg", "--receipts-url", url)`."""
    logs = tmp_path_factory.mktemp("simulators")
    with ExitStack() as running:
        yield lambda name, *options: running.enter_context(a_simulator(name, *options, logs=logs))
