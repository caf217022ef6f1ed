"""`notify dev` and `notify demo` as people and scripts start them: real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from notify_adapters.embedded import free_port
from tests.integration.processes import running_groups

NOTIFY = [sys.executable, "-m", "notify_cli"]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path / "data"


@contextmanager
def dev(data_dir: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run `notify dev` until its ready file is there, and end it afterwards."""
    ready = data_dir.parent / "ready.json"
    ready.unlink(missing_ok=True)
    command = [*NOTIFY, "dev", "--data-dir", str(data_dir), "--ready-file", str(ready), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            deadline = time.monotonic() + 60
            while not ready.exists():
                assert process.poll() is None, process.stdout.read() if process.stdout else ""
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield process, json.loads(ready.read_text())
        finally:
            process.terminate()
            process.wait(60)


def gone(groups: list[int]) -> bool:
    """Say whether nothing runs any more in these process groups: neither a part nor a child of one."""
    return not set(groups) & set(running_groups())


def wait_until_gone(pids: list[int], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not gone(pids):
        assert time.monotonic() < deadline, [pid for pid in pids if not gone([pid])]
        time.sleep(0.05)


def test_the_ready_file_says_everything_state_survives_and_nothing_stays_behind_whoever_dies(data_dir: Path) -> None:
    port = str(free_port())
    with dev(data_dir, "--port", port, "--quiet") as (process, first):
        assert first["base_url"] == f"http://127.0.0.1:{port}"
        assert set(first["api_keys"]) == {"normal", "team", "test"}
        assert set(first["templates"]) == {"sms", "email"}
        assert set(first["simulators"]) == {"mmg", "firetext", "ses", "documents"}
        assert set(first["admin"]) == {"client_id", "secret"}
        assert {"web", "worker", "relay", "beat", "postgres", "aws"} <= set(first["processes"])
        assert first["database_url"].startswith("postgresql://")
        assert first["sqs_endpoint_url"].startswith("http://127.0.0.1:")
        assert first["queue_prefix"]
        status = urllib3.request("GET", f"{first['base_url']}/_status").json()
        assert status["status"] == "ok"
        pids = list(first["processes"].values())
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        wait_until_gone(pids)
    with dev(data_dir, "--port", port, "--quiet") as (process, second):
        assert second["service_id"] == first["service_id"]
        assert second["api_keys"] == first["api_keys"]
        process.kill()
        process.wait(10)
        wait_until_gone(list(second["processes"].values()))
    with dev(data_dir, "--port", port, "--quiet", "--fresh") as (process, third):
        assert third["service_id"] != first["service_id"]
        os.kill(third["processes"]["mmg"], signal.SIGKILL)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 7
        assert "the mmg simulator was ended by SIGKILL" in output
        assert "Traceback" not in output
        wait_until_gone(list(third["processes"].values()))


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NOTIFY, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_taken_port_is_said(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("dev", "--port", str(port), "--data-dir", str(data_dir))
    assert ended.returncode == 7
    assert f"127.0.0.1:{port}: the port is taken" in ended.stderr


def test_a_directory_of_another_version_is_said(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "version.json").write_text('{"layout": 0}')
    ended = run("dev", "--port", str(free_port()), "--data-dir", str(data_dir))
    assert ended.returncode == 7
    assert "was made by another version of `notify dev`" in ended.stderr
    assert "--fresh" in ended.stderr


def test_a_directory_that_is_somebody_elses_is_left_alone(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "letter.txt").write_text("dear")
    ended = run("dev", "--port", str(free_port()), "--data-dir", str(data_dir))
    assert ended.returncode == 7
    assert "was not made by `notify dev`" in ended.stderr
    assert (data_dir / "letter.txt").read_text() == "dear"


def test_the_demo_delivers_both_messages() -> None:
    ended = run("demo")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Both messages arrived." in ended.stdout
    assert "Hello Jo, your bins are collected on Monday." in ended.stdout
