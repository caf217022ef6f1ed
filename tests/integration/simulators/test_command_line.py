"""Starting and stopping simulators from the command line."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import time

import pytest

from notify_adapters.embedded import free_port
from notify_adapters.simulators.client import SimulatorClient

SIMULATORS = ("mmg", "firetext", "ses", "documents", "sqs")


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (sys.executable, "-m", "notify_adapters.simulators", *arguments),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("name", SIMULATORS)
def test_every_simulator_explains_its_options(name: str) -> None:
    with start(name, "--help") as process:
        output, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "--port" in output


@pytest.mark.parametrize("name", SIMULATORS)
def test_sigterm_ends_a_simulator_at_once_even_while_it_answers(name: str) -> None:
    port = free_port()
    with start(name, "--port", str(port)) as process:
        SimulatorClient(f"http://127.0.0.1:{port}").wait_until_ready(60)
        idle = http.client.HTTPConnection("127.0.0.1", port)
        idle.connect()
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        idle.close()

    assert process.returncode == 0
    assert time.monotonic() - started < 10


def test_a_taken_port_is_a_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start("mmg", "--port", str(port)) as process:
            _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert f"127.0.0.1:{port}: the port is taken" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--receipts-url", "nowhere"], "is not an http or https URL"),
        (["--behaviour", "sulk"], "behaviour must be one of"),
    ],
)
def test_senseless_options_are_clear_errors(options: list[str], message: str) -> None:
    with start("mmg", "--port", str(free_port()), *options) as process:
        _, errors = process.communicate(timeout=60)

    assert process.returncode != 0
    assert message in errors
    assert "Traceback" not in errors


def test_the_default_behaviour_can_be_chosen_at_start() -> None:
    port = free_port()
    with start("mmg", "--port", str(port), "--behaviour", "slow", "--behaviour-seconds", "0.1") as process:
        SimulatorClient(f"http://127.0.0.1:{port}").wait_until_ready(60)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/_simulator/default")
        answer = connection.getresponse().read()
        connection.close()
        process.terminate()
        process.communicate(timeout=30)

    assert answer == b'{"behaviour":"slow","seconds":0.1,"times":null}'
