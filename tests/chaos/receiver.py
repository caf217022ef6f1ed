"""`python -m tests.chaos.receiver PORT LOG`: a service's own server, which writes down what it is told.

It is not always well: some calls it answers 503, and some it writes down and then hangs up on: those come again.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

from notify_adapters.embedded.ports import LOOPBACK
from tests.chaos.history import Called

_UNWELL = 0.02
_HANGS_UP = 0.02


class Server(ThreadingHTTPServer):
    """Listens on loopback, and writes a line for each call."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, log: Path) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self._file = log.open("a", buffering=1, encoding="utf-8")
        self._lock = Lock()

    def note(self, body: bytes) -> None:
        """Write down what we are told."""
        told = json.loads(body)
        with self._lock:
            self._file.write(json.dumps({"id": told["id"], "status": told["status"]}) + "\n")


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Say that we are there."""
        self._answer(204)

    def do_POST(self) -> None:
        """Hear of a message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if random.random() < _UNWELL:
            self._answer(503)
            return
        self.server.note(body)
        if random.random() < _HANGS_UP:
            self.close_connection = True
            return
        self._answer(204)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Keep silent."""

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def read_calls(log: Path) -> Iterator[Called]:
    """Yield what the server wrote down; a line that it was killed at is left out."""
    for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            yield Called(**json.loads(line))


if __name__ == "__main__":
    Server(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()
