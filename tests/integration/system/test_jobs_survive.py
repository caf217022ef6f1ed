"""A file is sent to everybody in it, whatever is killed in between.

`NOTIFY_SURVIVAL_ROWS` says how many they are, up to 100,000: docs/reliability.md has the command.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
import urllib3

from notify_adapters.assembly import Role, assemble, file_store
from notify_adapters.embedded import end_group
from notify_cli.dev.system import DevSystem
from notify_core.files.ports import StoredFile
from notify_core.jobs.create import NewJob
from notify_core.jobs.model import Job, JobStatus, file_name
from notify_core.notifications.status import Status
from notify_core.templates.write import NewTemplate
from notify_core.unit_of_work import DatabaseUnavailable
from notify_core.vocabulary import Channel
from tests.integration.system.conftest import started, wait_for

ROWS = int(os.environ.get("NOTIFY_SURVIVAL_ROWS", "2000"))
PATIENCE_SECONDS = 240.0 + ROWS / 50
# For a few rows those that matter; for many as many more.
DEATHS = ("worker", "relay", "worker", "postgres", "relay") * max(1, min(4, ROWS // 10_000))
CONTENT = "Dear ((name)), your ((what)) is at ((place)) on ((day)) at ((time))."


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
        url, since = f"{simulators[name]}/_simulator/messages", 0
        while page := urllib3.request("GET", url, fields={"since": str(since), "limit": "5000"}).json()["messages"]:
            for message in page:
                texted[message["to"]].add(message["reference"])
            since = page[-1]["sequence"]
    return texted


def accepted_by_providers(system: DevSystem) -> int:
    """Return how many texts the providers have taken, the same ones again included."""
    simulators = system.ready_document()["simulators"]
    counts = [urllib3.request("GET", f"{simulators[name]}/_simulator/counts").json() for name in ("mmg", "firetext")]
    return sum(int(count["accepted"]) for count in counts)


def doubts_of(system: DevSystem, job: Job) -> int:
    """Return how often nobody could tell whether a provider had taken a text of the job."""
    with psycopg.connect(system.parts.postgres.url) as connection:
        found = connection.execute("SELECT sum(doubts) FROM notifications WHERE job_id = %s", [job.id]).fetchone()
    assert found is not None
    return int(found[0])


def test_a_file_reaches_everybody_once_whatever_is_killed(
    own_system: DevSystem, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, own_system.parts.environment[name])
    chance = random.Random(20261121)
    service_id, upload_id = UUID(own_system.world["service_id"]), uuid4()
    lines = (
        f"07400{row:06d},Person {row},appointment,Town hall {row % 97},Monday,{row % 12}:30\n" for row in range(ROWS)
    )
    platform = assemble(own_system.parts.settings, Role.COMMAND)
    wanted = NewTemplate(service_id=service_id, name="Appointment", channel=Channel.SMS, content=CONTENT)
    metadata = {
        "template_id": str(platform.notify.create_template(wanted).id),
        "notification_count": str(ROWS),
        "original_file_name": "people.csv",
        "valid": "True",
    }
    file_store(own_system.parts.settings).put(
        file_name(service_id, upload_id),
        StoredFile(("phone number,name,what,place,day,time\n" + "".join(lines)).encode(), metadata),
    )
    begun = time.monotonic()
    job = platform.notify.create_job(NewJob(id=upload_id, service_id=service_id))
    # At first while the file is checked, then wherever it has got to.
    moments = [0, *sorted(chance.sample(range(ROWS // 2), len(DEATHS) - 1))]

    def has_accepted(moment: int) -> bool:
        return accepted_by_providers(own_system) >= moment

    def is_complete() -> bool:
        try:
            found = platform.notify.find_job(service_id, job.id)
            counts = platform.notify.count_job(found)
        except DatabaseUnavailable:
            return False
        return found.status is JobStatus.FINISHED_ALL_CREATED and counts == {Status.DELIVERED: ROWS}

    try:
        for part, moment in zip(DEATHS, moments, strict=True):
            wait_for(partial(has_accepted, moment), PATIENCE_SECONDS)
            if part == "postgres":
                os.kill(own_system.supervisor.pids()[part], signal.SIGINT)
            else:
                end_group(own_system.supervisor.pids()[part])
            own_system.restart(part)
        wait_for(is_complete, PATIENCE_SECONDS)
        seconds, doubts = time.monotonic() - begun, doubts_of(own_system, job)
    finally:
        platform.close()
    texted, accepted = handed_over(own_system), accepted_by_providers(own_system)
    with capsys.disabled():
        print(
            f"\n{ROWS:,} rows delivered in {seconds:,.0f} s, {len(DEATHS)} parts killed on the way: "
            f"{accepted:,} texts accepted by providers, {doubts:,} doubts counted"
        )
    assert accepted - ROWS <= doubts
    assert texted == {f"447400{row:06d}": {str(job.row_id(row))} for row in range(ROWS)}
