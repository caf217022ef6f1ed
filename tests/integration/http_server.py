"""An HTTP server in the tests' own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_server, socket
from threading import Thread

from attrs import define, field

Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


def reply(
    request: BaseHTTPRequestHandler, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> None:
    """Send a whole answer."""
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def serving(answer: Answer, port: int = 0) -> Iterator[str]:
    """Serve on loopback, yielding the URL. `answer` is called with each GET or POST and its body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            answer(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # of those who come at once, none is to wait for the kernel
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """A client that has waited or read enough hangs up."""

    with Server(("127.0.0.1", port), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@define
class SilentServer:
    """Takes connections, and never says anything."""

    listener: socket
    _taken: list[socket] = field(factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def calls(self) -> int:
        """Return how many connections were made until now."""
        with suppress(BlockingIOError):
            while True:
                self._taken.append(self.listener.accept()[0])
        return len(self._taken)

    def hang_up(self) -> None:
        for connection in self._taken:
            connection.close()


@contextmanager
def saying_nothing() -> Iterator[SilentServer]:
    """Take up to a hundred connections on loopback, and leave them at that."""
    with create_server(("127.0.0.1", 0), backlog=100) as listener:
        listener.setblocking(False)
        server = SilentServer(listener)
        yield server
        server.hang_up()
