"""A real Celery worker on the SQS simulator."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.request import Request, urlopen

import pytest

from notify_adapters.embedded import Child, ChildCommand
from notify_adapters.simulators.client import SimulatorClient

APPLICATION = """
import os
import time
from pathlib import Path

from celery import Celery

app = Celery("tasks", broker="URL".replace("http://", "sqs://test:test@"))
app.conf.update(
    task_default_queue="work",
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "region": "eu-west-1",
        "is_secure": False,
        "polling_interval": 0.01,
        "wait_time_seconds": 2,
        "predefined_queues": {
            "work": {
                "url": "URL/123456789012/work",
                "access_key_id": "test",
                "secret_access_key": "test",
            }
        },
    },
)


@app.task(shared=False, name="note")
def note(word, seconds=0):
    time.sleep(seconds)
    with Path("FILE").open("a") as noted:
        noted.write(word + "\\n")
"""

StartWorker = Callable[[], Child]


@pytest.fixture
def simulator(start_simulator: Callable[..., SimulatorClient]) -> SimulatorClient:
    return start_simulator("sqs", "--queue", "work", "--visibility-timeout", "2")


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    return tmp_path / "noted"


@pytest.fixture
def tasks(simulator: SimulatorClient, tmp_path: Path, noted: Path) -> ModuleType:
    path = tmp_path / "celery_application.py"
    path.write_text(APPLICATION.replace("URL", simulator.url).replace("FILE", str(noted)))
    spec = importlib.util.spec_from_file_location("celery_application", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def start_worker(tasks: ModuleType, tmp_path: Path) -> Iterator[StartWorker]:
    workers: list[Child] = []

    def start() -> Child:
        argv = ("-m", "celery", "-A", "celery_application", "worker", "--pool", "solo", "--loglevel", "info")
        command = ChildCommand(name="celery", argv=(sys.executable, *argv), working_directory=tmp_path)
        worker = Child(command, tmp_path / "worker.log")
        workers.append(worker)
        worker.start()
        return worker

    yield start
    for worker in workers:
        worker.stop(timeout=60)


def words(noted: Path) -> list[str]:
    return noted.read_text().split() if noted.exists() else []


def wait_for(worker: Child, reached: Callable[[], bool]) -> None:
    worker.wait_until(reached, timeout=60)


def test_every_task_is_done_and_deleted(
    simulator: SimulatorClient, tasks: Any, noted: Path, start_worker: StartWorker
) -> None:
    for number in range(30):
        tasks.note.delay(str(number))

    worker = start_worker()
    wait_for(worker, lambda: len(words(noted)) >= 30)
    wait_for(worker, lambda: simulator.counts()["messages"].get("deleted", 0) == 30)

    assert sorted(words(noted), key=int) == [str(number) for number in range(30)]
    assert simulator.counts()["queues"]["work"] == {"ready": 0, "in_flight": 0, "delayed": 0}


def test_the_task_of_a_killed_worker_is_done_by_another(
    simulator: SimulatorClient, tasks: Any, noted: Path, start_worker: StartWorker
) -> None:
    tasks.note.delay("slow", 30)
    tasks.note.apply_async(("delayed",), DelaySeconds=1)
    first = start_worker()
    wait_for(first, lambda: simulator.counts()["queues"]["work"]["in_flight"] > 0)
    assert first.process is not None
    first.process.kill()
    first.process.wait()

    deadline = time.monotonic() + 60
    while simulator.counts()["queues"]["work"]["ready"] < 2:
        assert time.monotonic() < deadline, simulator.counts()
        time.sleep(0.05)


def test_what_is_sent_before_and_after_an_outage_is_done(
    simulator: SimulatorClient, tasks: Any, noted: Path, start_worker: StartWorker
) -> None:
    """A worker of kombu 5.7.0 ends when its poll fails, so somebody has to start it again."""
    worker = start_worker()
    tasks.note.delay("before")
    wait_for(worker, lambda: words(noted) == ["before"])
    order = json.dumps({"outage": "drop", "seconds": 0.5}).encode()
    with urlopen(Request(f"{simulator.url}/_simulator/faults", data=order, method="PUT"), timeout=30):
        over = time.monotonic() + 0.55
    assert worker.process is not None
    with suppress(subprocess.TimeoutExpired):
        worker.process.wait(timeout=3)
    time.sleep(max(over - time.monotonic(), 0))

    tasks.note.delay("after")
    if not worker.is_running():
        worker = start_worker()

    wait_for(worker, lambda: set(words(noted)) == {"before", "after"})
