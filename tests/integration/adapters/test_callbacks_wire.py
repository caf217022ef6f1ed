"""Calls to services' servers, by real servers that answer as they are told."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from notify_adapters.callbacks import HttpCaller
from notify_adapters.callbacks.addresses import look_up
from notify_core.callbacks.model import Answer
from notify_core.callbacks.ports import Call
from notify_core.callbacks.targets import InvalidCallbackUrl
from tests.integration.http_server import reply, serving

if TYPE_CHECKING:
    from tests.integration.adapters.conftest import Told

HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer a-token", "webhook-id": "1"}
BODY = b'{"to": "07700 900123"}'


@pytest.fixture
def caller() -> Iterator[HttpCaller]:
    caller = HttpCaller(loopback_allowed=True)
    yield caller
    caller.close()


def call(caller: HttpCaller, url: str) -> Answer:
    return caller(Call(url=url, headers=HEADERS, body=BODY))


def read_whole(connection: socket.socket) -> bytes:
    """Read a call to its end: to close a connection with something unread takes the answer back."""
    request = b""
    while not request.endswith(BODY):
        request += connection.recv(65536)
    return request


def test_a_call_arrives_as_it_is(caller: HttpCaller, told: Told) -> None:
    answer = call(caller, f"{told.url}/notify?a=1")
    assert (answer.status, answer.failure) == (200, None)
    [asked] = told.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/notify?a=1", BODY)
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers == {
        "host": told.url.removeprefix("http://"),
        "user-agent": "notify-callbacks",
        "content-type": "application/json",
        "authorization": "Bearer a-token",
        "webhook-id": "1",
        "content-length": str(len(BODY)),
    }


def test_a_connection_is_used_again(caller: HttpCaller, told: Told) -> None:
    for _ in range(3):
        call(caller, told.url)
    assert len({asked.client_port for asked in told.asked}) == 1


def test_a_connection_that_was_closed_meanwhile_is_replaced(caller: HttpCaller) -> None:
    ports = []

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        ports.append(request.client_address[1])
        reply(request, 200)
        request.close_connection = True  # without saying so

    with serving(answer) as url:
        assert [call(caller, url).status for _ in range(3)] == [200] * 3
    assert len(set(ports)) == 3


@pytest.mark.parametrize("status", [204, 302, 404, 410, 429, 500, 503])
def test_any_answer_is_an_answer(caller: HttpCaller, told: Told, status: int) -> None:
    told.answer(status, b"", Location="/elsewhere", **{"Retry-After": "7"})
    answer = call(caller, told.url)
    assert (answer.status, answer.retry_after) == (status, "7")
    assert len(told.asked) == 1


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_method_is_followed(caller: HttpCaller, status: int) -> None:
    heard = []

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        heard.append((request.command, request.path, body, request.headers["Authorization"]))
        if request.path == "/old":
            reply(request, status, headers={"Location": "new?x=1"})
        else:
            reply(request, 201)

    with serving(answer) as url:
        assert call(caller, f"{url}/old").status == 201
    token = "Bearer a-token"
    assert heard == [("POST", "/old", BODY, token), ("POST", "/new?x=1", BODY, token)]


def test_the_token_does_not_follow_to_another_server(caller: HttpCaller, told: Told) -> None:
    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        reply(request, 307, headers={"Location": f"{told.url}/there"})

    with serving(answer) as url:
        assert call(caller, url).status == 200
    [asked] = told.asked
    assert asked.body == BODY
    assert "Authorization" not in asked.headers


def test_three_redirects_are_followed_and_no_more(caller: HttpCaller, told: Told) -> None:
    told.answer(307, b"", Location="/again")
    assert call(caller, told.url).status == 307
    assert len(told.asked) == 4


@pytest.mark.parametrize(
    "location", ["https://10.0.0.1/", "http://bins.example/", "https://[fe80::1]/", "file:///etc"]
)
def test_a_redirect_inside_is_not_followed(caller: HttpCaller, told: Told, location: str) -> None:
    told.answer(307, b"", Location=location)
    answer = call(caller, told.url)
    assert (answer.status, answer.failure) == (None, "not called: the URL leads where callbacks may not go")
    assert len(told.asked) == 1


def test_loopback_is_for_development_only(told: Told) -> None:
    caller = HttpCaller()
    for url in (told.url, told.url.replace("127.0.0.1", "localhost"), told.url.replace("http:", "https:")):
        assert call(caller, url).failure == "not called: the URL leads where callbacks may not go"
        with pytest.raises(InvalidCallbackUrl):
            caller.check(url)
    assert told.asked == []
    caller.close()


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "017700000001"])
def test_a_number_that_the_resolver_takes_for_an_address_is_seen_through(host: str) -> None:
    caller = HttpCaller()
    with pytest.raises(InvalidCallbackUrl):
        caller.check(f"https://{host}/")
    assert call(caller, f"https://{host}/").failure == "not called: the URL leads where callbacks may not go"
    caller.close()


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["fe80::1%eth0"], ["::ffff:127.0.0.1"], ["nonsense"]]
)
def test_what_a_name_leads_to_is_judged_and_all_of_it(addresses: list[str]) -> None:
    caller = HttpCaller(look_up=lambda *_: addresses)
    with pytest.raises(InvalidCallbackUrl, match="inside a network"):
        caller.check("https://bins.example/")
    assert call(caller, "https://bins.example/").failure == "not called: the URL leads where callbacks may not go"
    caller.close()


def test_a_name_is_looked_up_once_for_a_call_so_that_it_cannot_change_meanwhile(told: Told) -> None:
    """Somebody's name server gives a harmless address to who judges it, and another to who calls."""
    looked_up: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["10.0.0.1"]

    caller = HttpCaller(loopback_allowed=True, look_up=rebinding)
    port = told.url.rpartition(":")[2]
    assert call(caller, f"http://localhost:{port}/").status == 200
    assert looked_up == ["localhost"]
    caller.close()


def test_a_name_that_leads_nowhere_is_accepted_and_found_to_lead_nowhere() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    caller = HttpCaller(look_up=nowhere)
    caller.check("https://bins.example/")
    assert call(caller, "https://bins.example/").failure == "host not found"
    caller.close()


def test_a_resolver_that_hangs_holds_nobody_up() -> None:
    over = Event()

    def hanging(host: str, port: int) -> list[str]:
        over.wait(60)
        return []

    caller = HttpCaller(look_up=hanging)
    began = time.monotonic()
    assert call(caller, "https://bins.example/").failure == "host not found"
    assert 4.5 < time.monotonic() - began < 30
    over.set()
    caller.close()


def test_silence_ends_after_five_seconds(caller: HttpCaller, silence: str) -> None:
    answer = call(caller, silence)
    assert answer.failure == "timed out"
    assert 4900 < answer.milliseconds < 6000


def test_nobody_there_is_said(caller: HttpCaller) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert call(caller, f"http://127.0.0.1:{unused.getsockname()[1]}/").failure == "connection refused"


@pytest.fixture
def speak() -> Iterator[Callable[[Callable[[socket.socket], object]], str]]:
    """Serve one connection by hand."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def speak(conversation: Callable[[socket.socket], object]) -> str:
            def serve() -> None:
                connection, _ = listener.accept()
                with connection:
                    read_whole(connection)
                    with suppress(OSError):  # when the caller has had enough
                        conversation(connection)

            Thread(target=serve, daemon=True).start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}/"

        yield speak


def test_a_server_that_speaks_ever_so_slowly_is_cut_off(
    caller: HttpCaller, speak: Callable[[Callable[[socket.socket], object]], str]
) -> None:
    """Each byte comes in time; all together would take hours."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(200):
            time.sleep(0.1)
            connection.sendall(b"x")

    answer = call(caller, speak(drip))
    assert answer.failure == "timed out"
    assert 9_500 < answer.milliseconds < 11_000


def test_an_endless_answer_is_not_read(
    caller: HttpCaller, speak: Callable[[Callable[[socket.socket], object]], str]
) -> None:
    def pour(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")

    answer = call(caller, speak(pour))
    assert (answer.status, answer.milliseconds < 2000) == (200, True)


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (b"SSH-2.0-OpenSSH_9.9\r\n", "not an HTTP answer"),
        (b"HTTP/1.1 twohundred OK\r\n\r\n", "not an HTTP answer"),
        (b"", "connection failed"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200, "not an HTTP answer"),
    ],
)
def test_what_is_no_http_is_said(
    caller: HttpCaller,
    speak: Callable[[Callable[[socket.socket], object]], str],
    said: bytes,
    failure: str,
) -> None:
    assert call(caller, speak(lambda connection: connection.sendall(said))).failure == failure


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate, with its key, for bins.example."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bins.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("bins.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[tuple[int, list[tuple[str | None, str | None]]]]:
    """A port of loopback where bins.example answers, and the names by which it was asked."""
    heard: list[tuple[str | None, str | None]] = []
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _, name, __: names.append(name)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as connection:
                        request = read_whole(connection).decode()
                        host = next(line[6:] for line in request.splitlines() if line.startswith("Host: "))
                        heard.append((names[-1], host))
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                except OSError:
                    pass  # the caller did not like the certificate

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard


def test_the_checked_address_is_called_under_the_hosts_own_name(
    certificate: Path, tls_server: tuple[int, list[tuple[str | None, str | None]]]
) -> None:
    port, heard = tls_server
    trusting = ssl.create_default_context(cafile=str(certificate))
    caller = HttpCaller(loopback_allowed=True, tls=trusting, look_up=lambda *_: ["127.0.0.1"])
    assert call(caller, f"https://bins.example:{port}/").status == 200
    assert heard == [("bins.example", f"bins.example:{port}")]
    # The certificate must be that of the host that was asked for, whatever the address.
    assert call(caller, f"https://other.example:{port}/").failure == "certificate not valid"
    caller.close()


def test_a_certificate_of_nobody_we_know_is_refused(tls_server: tuple[int, list[object]]) -> None:
    port, heard = tls_server
    caller = HttpCaller(loopback_allowed=True, look_up=lambda *_: ["127.0.0.1"])
    assert call(caller, f"https://bins.example:{port}/").failure == "certificate not valid"
    assert heard == []
    caller.close()


def test_the_systems_own_resolver_is_asked() -> None:
    assert "127.0.0.1" in look_up("localhost", 80)
