"""`notify job` and `notify contact-list` on a whole system, as the guide tells to type them."""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
import urllib3
from attrs import frozen

from notify_adapters.assembly import Role, assemble, file_store
from notify_cli.dev.system import DevSystem
from notify_core.files.ports import StoredFile
from notify_core.jobs.create import NewJob
from notify_core.jobs.model import file_name
from tests.integration.command_line import typed
from tests.integration.system.conftest import started

NONE: Mapping[str, str] = {}
GUIDE = Path(__file__).parents[3] / "docs" / "jobs.md"
PEOPLE = "phone number;name;day\n" + "".join(f"07700 9001{row:02};Person {row};Monday\n" for row in range(30))


@frozen
class CommandLine:
    """`notify`, run beside the system, where `people.csv` is."""

    system: DevSystem
    folder: Path

    @property
    def words(self) -> dict[str, str]:
        """What the words in capitals stand for."""
        return {
            "SERVICE_ID": self.system.world["service_id"],
            "TEMPLATE_ID": self.system.world["templates"]["sms"],
            "WHEN": (datetime.now(UTC) + timedelta(days=6)).isoformat(),
        }

    def run(self, line: str, ids: Mapping[str, str] = NONE) -> subprocess.CompletedProcess[str]:
        words = self.words | dict(ids)
        return typed(
            *(words.get(word, word) for word in shlex.split(line)),
            environment=dict(self.system.parts.environment) | {"COLUMNS": "200"},
            folder=self.folder,
            seconds=240,
        )

    def document(self, line: str, ids: Mapping[str, str] = NONE, code: int = 0) -> Any:
        ended = self.run(f"{line} --json", ids)
        assert ended.returncode == code, ended.stderr
        return json.loads(ended.stdout)

    def write(self, name: str, content: str) -> None:
        (self.folder / name).write_text(content, encoding="utf-8")


@pytest.fixture(scope="module")
def notify() -> Iterator[CommandLine]:
    """Not under pytest's own directory, for the reason that `postgres_server` tells."""
    with TemporaryDirectory(prefix="notify-tests-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "people.csv").write_text(PEOPLE, encoding="utf-8")
        with started(directory, fast_queues=True) as running:
            yield CommandLine(running, directory)


SEND = "job create {} --service SERVICE_ID --template TEMPLATE_ID"


def test_what_the_guide_tells_to_type_works(notify: CommandLine) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line.removeprefix("notify ") for block in blocks for line in block.splitlines()]
    ids: dict[str, str] = {}
    for line in lines:
        if line.startswith(("job report", "contact-list delete")):
            assert notify.run(line, ids).returncode == 0, line
            continue
        made = notify.document(line, ids)
        if line.startswith("job create") and "--dry-run" not in line:
            ids["JOB_ID"] = made["id"]
        if line.startswith("contact-list create"):
            ids["LIST_ID"] = made["id"]
        if "--follow" in line:
            assert made["statistics"] == {"delivered": 30}
    outcome = list(csv.reader(StringIO((notify.folder / "outcome.csv").read_text(encoding="utf-8"))))
    assert outcome[0][:4] == ["Row number", "phone number", "name", "day"]
    assert [line[0] for line in outcome[1:]] == [str(row) for row in range(1, 31)]
    assert {line[-2] for line in outcome[1:]} == {"Delivered"}
    assert len(lines) == 12


def test_the_website_gets_the_same_over_http(notify: CommandLine) -> None:
    made = notify.document(f"{SEND.format('people.csv')} --follow")
    claims = {"iss": "notify-admin", "iat": int(time.time())}
    token = jwt.encode(claims, notify.system.parts.secrets.admin_secret, "HS256")
    base = f"{notify.system.ready_document()['base_url']}/service/{notify.words['SERVICE_ID']}/job/{made['id']}"
    with urllib3.PoolManager(headers={"Authorization": f"Bearer {token}"}) as website:
        shown = website.request("GET", base).json()["data"]
        assert shown["statistics"] == [{"count": 30, "status": "delivered"}]
        for _ in range(3):  # on one connection, which a report leaves as it was
            report = website.request("GET", f"{base}/report")
            assert (report.status, report.headers["transfer-encoding"]) == (200, "chunked")
            typed = notify.run("job report JOB_ID --service SERVICE_ID", {"JOB_ID": made["id"]}).stdout
            assert report.data.decode().splitlines() == typed.splitlines()
        assert website.request("GET", f"{base}/report", headers={}).status == 401


def test_a_dry_run_tells_rows_fragments_and_cost(notify: CommandLine) -> None:
    found = notify.document(f"{SEND.format('people.csv')} --dry-run")
    assert (found["valid"], found["rows"], found["fragments"], found["pounds"]) == (True, 30, 30, 0.72)
    table = notify.run(f"{SEND.format('people.csv')} --dry-run")
    assert (table.returncode, "£0.72" in table.stdout) == (0, True)


@pytest.mark.parametrize("how", ["", " --dry-run"])
def test_what_is_wrong_is_told_by_row_and_column_and_nothing_is_sent(notify: CommandLine, how: str) -> None:
    notify.write("wrong.csv", "phone number,name,day\n07700900123,Jo,Monday\n0740,Sam,Monday\n07700900124,,Monday\n")
    before = notify.document("job list --service SERVICE_ID")
    found = notify.document(SEND.format("wrong.csv") + how, code=5)
    assert (found["valid"], found["error_count"]) == (False, 2)
    assert [(error["row"], error["column"]) for error in found["errors"]] == [(3, "phone number"), (4, "name")]
    table = notify.run(SEND.format("wrong.csv") + how)
    assert table.returncode == 5
    assert "phone number" in table.stdout
    assert "2 errors" in table.stderr or how
    assert notify.document("job list --service SERVICE_ID") == before


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("job create --service SERVICE_ID --template TEMPLATE_ID", 2, "Give either FILE or --contact-list"),
        (f"{SEND.format('people.csv')} --dry-run --follow", 2, "A dry run makes no job"),
        (SEND.format("nowhere.csv"), 2, "does not exist"),
        (f"{SEND.format('people.csv')} --schedule soon", 2, "is not a moment"),
        (f"{SEND.format('people.csv')} --schedule 2020-01-01", 5, "Date cannot be in the past"),
        (f"{SEND.format('people.csv')} --sender {UUID(int=1)}", 4, str(UUID(int=1))),
        (f"job create people.csv --service SERVICE_ID --template {UUID(int=1)}", 4, "Template not found"),
        (
            f"job create --contact-list {UUID(int=1)} --service SERVICE_ID --template TEMPLATE_ID",
            4,
            "no contact list",
        ),
        (f"job show {UUID(int=1)} --service SERVICE_ID", 4, "There is no job with id"),
        (f"job report {UUID(int=1)} --service SERVICE_ID", 4, "There is no job with id"),
        (f"job cancel {UUID(int=1)} --service SERVICE_ID", 4, "No result found"),
        (f"job list --service {UUID(int=1)}", 4, "There is no service with id"),
        ("contact-list create people.csv --service SERVICE_ID --type letter", 2, "'letter' is not one of"),
        ("contact-list create people.csv --service SERVICE_ID --type email", 5, "no column `email address`"),
        (f"contact-list delete {UUID(int=1)} --service SERVICE_ID", 4, "There is no contact list"),
    ],
)
def test_what_will_not_do_is_said(notify: CommandLine, line: str, code: int, message: str) -> None:
    ended = notify.run(line)
    assert (ended.returncode, message in ended.stderr) == (code, True), ended.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("phone number\n", "no rows"),
        ("phone number,phone number\n07700900123,07700900124\n", "several columns `phone number`"),
        ("phone number,name\n07700900123,Jo\n0740,Sam\n", "Row 3: phone number:"),
        ("", "The file is empty"),
        ("PK\x03\x04", "save it as CSV"),
    ],
)
def test_a_contact_list_is_of_people_who_can_be_written_to(notify: CommandLine, content: str, message: str) -> None:
    notify.write("list.csv", content)
    ended = notify.run("contact-list create list.csv --service SERVICE_ID --type sms")
    assert (ended.returncode, message in ended.stderr) == (5, True), ended.stderr


def test_a_job_that_stopped_is_taken_up_again_once_its_file_is_right(
    notify: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, notify.system.parts.environment[name])
    files, wanted = file_store(notify.system.parts.settings), uuid4()
    name = file_name(UUID(notify.words["SERVICE_ID"]), wanted)
    metadata = {
        "template_id": notify.words["TEMPLATE_ID"],
        "notification_count": "1",
        "original_file_name": "people.csv",
        "valid": "True",
    }
    files.put(name, StoredFile(b"phone number,name,day\n0740,Jo,Monday\n", metadata))
    platform = assemble(notify.system.parts.settings, Role.COMMAND)
    try:
        platform.notify.create_job(NewJob(id=wanted, service_id=UUID(notify.words["SERVICE_ID"])))
    finally:
        platform.close()
    job = {"JOB_ID": str(wanted)}
    stopped = notify.document("job show JOB_ID --service SERVICE_ID --follow --timeout 120", job, code=8)
    assert (stopped["status"], stopped["statistics"], stopped["error_count"]) == ("error", {}, 1)
    assert (stopped["errors"][0]["row"], stopped["errors"][0]["column"]) == (2, "phone number")

    files.put(name, StoredFile(b"phone number,name,day\n07700900123,Jo,Monday\n", metadata))
    assert notify.document("job retry JOB_ID --service SERVICE_ID", job)["error_count"] == 0
    arrived = notify.document("job show JOB_ID --service SERVICE_ID --follow --timeout 120", job)
    assert arrived["statistics"] == {"delivered": 1}
    again = notify.run("job retry JOB_ID --service SERVICE_ID", job)
    assert (again.returncode, "There is nothing to retry" in again.stderr) == (5, True)
