"""The services' server writes down what it is told, and is not always well."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import urllib3

from notify_adapters.embedded import ChildCommand, free_port
from notify_adapters.embedded.child import Child
from notify_adapters.embedded.ports import accepts_connections
from tests.chaos.history import Called
from tests.chaos.receiver import read_calls

CALLS = 300


def test_what_is_answered_well_is_written_down(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "calls"
    command = ChildCommand(name="receiver", argv=(sys.executable, "-m", "tests.chaos.receiver", str(port), str(log)))
    server = Child(command, tmp_path / "log")
    server.start()
    answers: Counter[str] = Counter()
    well: set[str] = set()
    try:
        server.wait_until(lambda: accepts_connections(port), 30)
        pool = urllib3.PoolManager(retries=False)
        for number in range(CALLS):
            try:
                told = {"id": str(number), "status": "delivered", "to": "jo@example.com"}
                status = pool.request("POST", f"http://127.0.0.1:{port}/", json=told, timeout=10).status
            except urllib3.exceptions.HTTPError:
                answers["none"] += 1
                continue
            answers[str(status)] += 1
            if status == 204:
                well.add(str(number))
    finally:
        server.stop()
    calls = list(read_calls(log))
    assert {call.id for call in calls} >= well
    assert len(calls) == answers["204"] + answers["none"]
    assert set(answers) <= {"204", "503", "none"}
    assert "jo@example.com" not in log.read_text()


def test_a_line_that_is_not_finished_is_left_out(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    log.write_text('{"id": "1", "status": "delivered"}\n{"id": "2", "sta')
    assert list(read_calls(log)) == [Called(id="1", status="delivered")]
