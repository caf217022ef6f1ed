"""What was accepted is delivered, whatever is killed in between."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3

from notify_adapters.assembly import queue_admin
from notify_adapters.embedded import end_group
from notify_cli.dev.system import DevSystem
from notify_core.outbox.model import Queue
from tests.integration.system.conftest import client_of, started, wait_for

MESSAGES = 200
# A task that died with its worker comes back when the queue's visibility timeout ends.
PATIENCE_SECONDS = 150.0


@pytest.fixture
def own_system(tmp_path: Path) -> Iterator[DevSystem]:
    tmp_path.chmod(0o755)
    with started(tmp_path) as running:
        yield running


def accept(system: DevSystem, how_many: int = MESSAGES) -> list[str]:
    """Send texts through the API, and return the ids of those that were accepted: all of them."""
    client, template = client_of(system), system.world["templates"]["sms"]

    def send(number: int) -> str:
        values = {"name": f"number {number}", "day": "Monday"}
        sent: dict[str, Any] = client.send_sms_notification("07700 900123", template, personalisation=values)
        return str(sent["id"])

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(send, range(how_many)))


def handed_over(system: DevSystem) -> list[str]:
    """Return the references of all texts that either provider has accepted."""
    simulators = system.ready_document()["simulators"]
    answers = [
        urllib3.request("GET", f"{simulators[name]}/_simulator/messages").json() for name in ("mmg", "firetext")
    ]
    return [str(message["reference"]) for answer in answers for message in answer["messages"]]


def assert_all_delivered(system: DevSystem, accepted: list[str]) -> None:
    wait_for(lambda: set(accepted) <= set(handed_over(system)), PATIENCE_SECONDS)
    client = client_of(system)

    def is_delivered(notification_id: str) -> bool:
        return bool(client.get_notification_by_id(notification_id)["status"] == "delivered")

    for notification_id in accepted:
        wait_for(partial(is_delivered, notification_id))


def test_killing_the_worker_loses_nothing(own_system: DevSystem) -> None:
    accepted = accept(own_system, MESSAGES // 2)
    worker = own_system.supervisor.pids()["worker"]
    end_group(worker)
    accepted += accept(own_system, MESSAGES // 2)
    own_system.restart("worker")
    assert len(set(accepted)) == MESSAGES
    assert_all_delivered(own_system, accepted)


def test_with_the_queues_down_messages_are_accepted_and_delivered_later(
    own_system: DevSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = own_system.supervisor.pids()["aws"]
    os.kill(aws, signal.SIGKILL)
    accepted = accept(own_system)
    own_system.restart("aws")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, own_system.parts.environment[name])
    queue_admin(own_system.parts.settings).ensure([queue.value for queue in Queue])
    own_system.restart("worker")
    assert len(set(accepted)) == MESSAGES
    assert_all_delivered(own_system, accepted)
    assert len(handed_over(own_system)) == MESSAGES, "and each only once"


def test_killing_the_relay_and_the_web_loses_nothing(own_system: DevSystem) -> None:
    end_group(own_system.supervisor.pids()["relay"])
    accepted = accept(own_system, 20)
    end_group(own_system.supervisor.pids()["web"])
    own_system.restart("relay")
    own_system.restart("web")
    assert_all_delivered(own_system, accepted)


@pytest.fixture
def impatient_system(tmp_path: Path) -> Iterator[DevSystem]:
    tmp_path.chmod(0o755)
    with started(tmp_path, environment={"DELIVERY_RETRY_SECONDS": "1"}) as running:
        yield running


def test_with_every_provider_down_messages_wait_for_them(impatient_system: DevSystem) -> None:
    system = impatient_system
    for name in ("mmg", "firetext", "ses"):
        end_group(system.supervisor.pids()[name])
    accepted = accept(system, 10)
    client, template = client_of(system), system.world["templates"]["email"]
    values = {"name": "Jo", "day": "Monday"}
    email = client.send_email_notification("jo@example.com", template, personalisation=values)["id"]
    log = system.directory.logs / "worker.log"
    wait_for(lambda: "delivery attempt failed" in log.read_text())
    assert "Traceback" not in log.read_text()
    assert "07700" not in log.read_text()
    assert client.get_notification_by_id(accepted[0])["status"] == "created"
    for name in ("mmg", "firetext", "ses"):
        system.restart(name)
    assert_all_delivered(system, [*accepted])
    wait_for(lambda: bool(client.get_notification_by_id(email)["status"] == "delivered"), PATIENCE_SECONDS)
