"""A message that no worker can do ends where people can look at it, and stands in nobody's way meanwhile.

What once happened: a task that failed every time was delivered again and again, for days, each time taking the slot
of a worker; and a body that was no task at all ended the polling of its queue. What must be so: after as many
deliveries as the queue allows both lie in its dead-letter queue, everything else is done meanwhile, and once the
fault is put right `notify queues redrive` brings back what can be done.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from notify_core.outbox.condition import dead_letter_name
from notify_core.outbox.model import Queue, Task
from tests.integration.simulator import a_simulator
from tests.integration.worker.conftest import Broker, RecordingWorker, worker_environment, workers_of

MAX_RECEIVES = 3
DEAD = dead_letter_name(Queue.SEND_SMS)


@pytest.fixture
def own_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with a_simulator("sqs", logs=tmp_path) as simulator:
        broker = Broker(int(simulator.url.rpartition(":")[2]))
        broker.admin.ensure([Queue.SEND_SMS], visibility_timeout_seconds=2, max_receives=MAX_RECEIVES)
        yield broker


@pytest.fixture
def start_own_worker(own_broker: Broker, tmp_path: Path) -> Iterator[Callable[..., RecordingWorker]]:
    with workers_of(own_broker, tmp_path) as start:
        yield start


def send_nonsense(broker: Broker, *bodies: str) -> None:
    sqs = boto3.client("sqs", region_name="eu-west-1", endpoint_url=broker.url)
    url = sqs.get_queue_url(QueueName=f"{broker.prefix}{Queue.SEND_SMS}")["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def redrive(broker: Broker) -> dict[str, int]:
    ended = subprocess.run(
        [sys.executable, "-m", "notify_cli", "queues", "redrive", Queue.SEND_SMS, "--json"],
        env=dict(os.environ) | worker_environment(broker),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    (found,) = json.loads(ended.stdout)
    return dict(found)


def test_poison_is_put_aside_and_can_be_brought_back(
    own_broker: Broker, start_own_worker: Callable[..., RecordingWorker]
) -> None:
    worker = start_own_worker(Queue.SEND_SMS)
    (poison,) = own_broker.publish(Task.DELIVER_EMAIL)
    send_nonsense(own_broker, "no task at all", "eyJub3QiOiAiYSB0YXNrIn0=")
    others = own_broker.publish(Task.DELIVER_SMS, count=20)

    worker.wait_for("done", others)
    worker.wait_until(lambda: own_broker.waiting(DEAD) == (3, 0, 0))

    assert worker.noted("failed") == [str(poison)] * MAX_RECEIVES
    assert own_broker.waiting(Queue.SEND_SMS) == (0, 0, 0)
    worker.wait_for("done", own_broker.publish(Task.DELIVER_SMS))

    worker.child.stop()
    cured = start_own_worker(Queue.SEND_SMS, CURED="1")
    assert redrive(own_broker) == {"queue": Queue.SEND_SMS, "moved": 1, "strange": 2, "refused": 0}

    cured.wait_for("done", [poison])
    own_broker.wait_until_empty(Queue.SEND_SMS)
    assert own_broker.waiting(DEAD) == (2, 0, 0)
