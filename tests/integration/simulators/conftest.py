"""Real simulators as child processes, and a webhook they post their receipts to."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from attrs import define, field, frozen

from notify_adapters.embedded import Child, ChildCommand, free_port
from notify_adapters.simulators.client import SimulatorClient

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

    server: ThreadingHTTPServer
    posts: list[Posted] = field(factory=list)
    statuses: list[int] = field(factory=list)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/receipts"

    def wait_for(self, count: int, timeout: float = 5.0) -> list[Posted]:
        deadline = time.monotonic() + timeout
        while len(self.posts) < count:
            assert time.monotonic() < deadline, f"{len(self.posts)} of {count} receipts came"
            time.sleep(0.01)
        return self.posts


def listen(port: int = 0) -> Webhook:
    """Start a webhook; `.server.shutdown()` ends it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard.posts.append(Posted(self.path, headers, body))
            self.send_response(heard.statuses.pop(0) if heard.statuses else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    heard = Webhook(server)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return heard


@pytest.fixture
def listen_on() -> Iterator[Callable[[int], Webhook]]:
    started: list[Webhook] = []

    def start(port: int = 0) -> Webhook:
        started.append(listen(port))
        return started[-1]

    yield start
    for webhook in started:
        webhook.server.shutdown()
        webhook.server.server_close()


@pytest.fixture
def webhook(listen_on: Callable[[int], Webhook]) -> Webhook:
    return listen_on(0)


@pytest.fixture(scope="module")
def start_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartSimulator]:
    """Start a simulator: `start_simulator("mmg", "--receipts-url", url)`."""
    children: list[Child] = []
    logs = tmp_path_factory.mktemp("simulators")

    def start(name: str, *options: str) -> SimulatorClient:
        port = free_port()
        command = ChildCommand(
            name=name,
            argv=(sys.executable, "-m", "notify_adapters.simulators", name, "--port", str(port), *options),
        )
        child = Child(command, logs / f"{name}-{port}.log")
        children.append(child)
        child.start()
        client = SimulatorClient(f"http://127.0.0.1:{port}")
        child.wait_until(client.is_ready, timeout=20)
        return client

    yield start
    for child in children:
        child.stop()
