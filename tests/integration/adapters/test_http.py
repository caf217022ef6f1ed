"""The HTTP client: what it promises about time, connections, redirects and processes."""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from notify_adapters.embedded import free_port
from notify_adapters.http import HttpClient, HttpFailure, HttpResponse, TimedOut, Unreachable, with_credentials
from notify_adapters.http.client import LARGEST_BODY

SECRET = "447700900123"


def test_it_sends_what_it_is_given_and_returns_the_answer(told: Any) -> None:
    told.answer(201, b"made")
    url = f"{told.url}/a/b?c=d&e=%20"
    response = HttpClient().request("POST", url, timeout=30, headers={"X-One": "1"}, body=b"\x00\xff")
    assert response == HttpResponse(201, b"made")
    (asked,) = told.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/a/b?c=d&e=%20", b"\x00\xff")
    assert asked.headers["X-One"] == "1"
    assert asked.headers["User-Agent"] == "notify"


def test_connections_are_used_again(told: Any) -> None:
    http = HttpClient()
    for _ in range(5):
        http.request("GET", told.url, timeout=30)
    assert len({asked.client_port for asked in told.asked}) == 1


def test_many_threads_share_one_client(told: Any) -> None:
    told.wait = 0.01
    http = HttpClient(connections=10)
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: http.request("GET", told.url, timeout=30).status, range(100)))
    assert answers == [200] * 100
    assert len({asked.client_port for asked in told.asked}) <= 10


def test_more_threads_than_connections_only_open_more(told: Any) -> None:
    told.wait = 0.02
    http = HttpClient(connections=1)
    with ThreadPoolExecutor(10) as threads:
        assert set(threads.map(lambda _: http.request("GET", told.url, timeout=30).status, range(30))) == {200}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer(told: Any, status: int) -> None:
    told.answer(status, b"", Location="/elsewhere")
    assert HttpClient().request("POST", told.url, timeout=30, body=b"x").status == status
    assert len(told.asked) == 1


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_an_error_is_an_answer_and_is_not_asked_for_again(told: Any, status: int) -> None:
    told.answer(status, b"why", **{"Retry-After": "0"})
    assert HttpClient().request("GET", told.url, timeout=30) == HttpResponse(status, b"why")
    assert len(told.asked) == 1


def test_who_does_not_answer_is_given_up_in_time_and_not_asked_again(told: Any) -> None:
    told.wait = 5.0
    start = time.monotonic()
    with pytest.raises(TimedOut):
        HttpClient().request("POST", f"{told.url}/{SECRET}", timeout=0.2, body=b"x")
    assert time.monotonic() - start < 4
    assert len(told.asked) == 1


def test_who_says_nothing_at_all_is_given_up_in_time(silence: str) -> None:
    with pytest.raises(TimedOut) as caught:
        HttpClient().request("GET", silence, timeout=0.5)
    assert caught.value.connected


def test_a_queue_of_connections_that_is_full_is_given_up_in_time_and_was_told_nothing() -> None:
    """Where the system drops what does not fit into the queue, connecting takes too long."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as clients:
        port = server.getsockname()[1]
        for _ in range(4):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        with pytest.raises(HttpFailure) as caught:
            HttpClient().request("GET", f"http://127.0.0.1:{port}/", timeout=0.3)
    assert not caught.value.connected


def test_who_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable) as caught:
        HttpClient().request("GET", f"http://127.0.0.1:{free_port()}/", timeout=30)
    assert not caught.value.connected, "nothing can have been sent"


def test_who_hangs_up_is_unreachable_and_not_asked_again(told: Any) -> None:
    told.answer(0)
    with pytest.raises(Unreachable) as caught:
        HttpClient().request("POST", told.url, timeout=30, body=b"x")
    assert caught.value.connected, "nobody knows how far it got"
    assert len(told.asked) == 1


@pytest.mark.parametrize("name", ["no-such-host.invalid", "ŵ.invalid", "a" * 64 + ".invalid", "a..invalid"])
def test_a_name_that_leads_nowhere_is_unreachable(name: str) -> None:
    with pytest.raises(Unreachable) as caught:
        HttpClient().request("GET", f"http://{name}/", timeout=30)
    assert not caught.value.connected


def test_failures_hold_neither_path_nor_body() -> None:
    url = f"http://127.0.0.1:{free_port()}/{SECRET}"
    with pytest.raises(Unreachable) as caught:
        HttpClient().request("POST", url, timeout=30, body=SECRET.encode())
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("url", ["ftp://example.com", "file:///etc/passwd", "nonsense", "http://", "http://x:y/"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"not an http|Port"):
        HttpClient().request("GET", url, timeout=30)


def test_a_body_without_end_is_cut_off(told: Any) -> None:
    told.answer(200, b"x" * (3 * LARGEST_BODY))
    http = HttpClient()
    assert len(http.request("GET", told.url, timeout=30).body) == LARGEST_BODY
    told.answer(200, b"next")
    assert http.request("GET", told.url, timeout=30).body == b"next"


def _ask(http: HttpClient, url: str, results: Any) -> None:
    results.put((os.getpid(), http.request("GET", url, timeout=30).status))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_opens_its_own_connection(told: Any) -> None:
    http = HttpClient()
    http.request("GET", told.url, timeout=30)
    fork = multiprocessing.get_context("fork")
    results = fork.SimpleQueue()
    child = fork.Process(target=_ask, args=(http, told.url, results))
    child.start()
    assert results.get()[1] == 200
    child.join()
    http.request("GET", told.url, timeout=30)
    first, forked, last = (asked.client_port for asked in told.asked)
    assert first == last != forked


def test_credentials_are_spliced_into_a_url() -> None:
    url = "https://notify.example:8443/receipts?x=1"
    assert with_credentials(url, None) == url
    assert with_credentials(url, ("user", "pass")) == "https://user:pass@notify.example:8443/receipts?x=1"
    assert with_credentials(url, ("u@", "p:/ ?")) == "https://u%40:p%3A%2F%20%3F@notify.example:8443/receipts?x=1"
