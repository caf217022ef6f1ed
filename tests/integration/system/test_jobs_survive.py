"""A file is sent to everybody in it, whatever is killed in between."""

from __future__ import annotations

import os
import random
import signal
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import urllib3

from notify_adapters.assembly import Role, assemble, file_store
from notify_cli.dev.supervisor import end_group
from notify_cli.dev.system import DevSystem
from notify_core.files.ports import StoredFile
from notify_core.jobs.create import NewJob
from notify_core.jobs.model import JobStatus, file_name
from notify_core.notifications.status import Status
from notify_core.unit_of_work import DatabaseUnavailable
from tests.integration.system.conftest import started, wait_for

ROWS = 2_000
PATIENCE_SECONDS = 240.0


@pytest.fixture
def own_system(tmp_path: Path) -> Iterator[DevSystem]:
    tmp_path.chmod(0o755)
    with started(tmp_path, fast_queues=True) as running:
        yield running


def handed_over(system: DevSystem) -> dict[str, set[str]]:
    """Return which references each recipient was texted under."""
    simulators = system.ready_document()["simulators"]
    texted = defaultdict(set)
    for name in ("mmg", "firetext"):
        for message in urllib3.request("GET", f"{simulators[name]}/_simulator/messages").json()["messages"]:
            texted[message["to"]].add(message["reference"])
    return texted


def has_texted(system: DevSystem, people: int) -> bool:
    """Say whether so many people have been texted, as far as texts tell."""
    simulators = system.ready_document()["simulators"]
    counts = [urllib3.request("GET", f"{simulators[name]}/_simulator/counts").json() for name in ("mmg", "firetext")]
    return sum(int(count["accepted"]) for count in counts) >= people


def test_a_file_reaches_everybody_once_whatever_is_killed(
    own_system: DevSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, own_system.parts.environment[name])
    chance = random.Random(20261121)
    service_id, upload_id = UUID(own_system.world["service_id"]), uuid4()
    lines = (f"07400{row:06d},Person {row},Monday\n" for row in range(ROWS))
    metadata = {
        "template_id": own_system.world["templates"]["sms"],
        "notification_count": str(ROWS),
        "original_file_name": "people.csv",
        "valid": "True",
    }
    file_store(own_system.parts.settings).put(
        file_name(service_id, upload_id),
        StoredFile(("phone number,name,day\n" + "".join(lines)).encode(), metadata),
    )
    platform = assemble(own_system.parts.settings, Role.COMMAND)
    job = platform.notify.create_job(NewJob(id=upload_id, service_id=service_id))
    # At first while the file is checked, then wherever it has got to.
    moments = [0, *sorted(chance.sample(range(ROWS // 2), 4))]

    def is_complete() -> bool:
        try:
            found = platform.notify.find_job(service_id, job.id)
            counts = platform.notify.count_job(found)
        except DatabaseUnavailable:
            return False
        return found.status is JobStatus.FINISHED_ALL_CREATED and counts == {Status.DELIVERED: ROWS}

    try:
        for part, moment in zip(("worker", "relay", "worker", "postgres", "relay"), moments, strict=True):
            wait_for(partial(has_texted, own_system, moment), PATIENCE_SECONDS)
            if part == "postgres":
                os.kill(own_system.supervisor.pids()[part], signal.SIGINT)
            else:
                end_group(own_system.supervisor.pids()[part])
            own_system.restart(part)
        wait_for(is_complete, PATIENCE_SECONDS)
    finally:
        platform.close()
    texted = handed_over(own_system)
    assert texted == {f"447400{row:06d}": {str(job.row_id(row))} for row in range(ROWS)}
