"""`notify archive`, typed as docs/archive.md tells, against PostgreSQL and a stand-in for S3."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest

from notify_adapters.embedded import EmbeddedAws, free_port
from notify_core.identifiers import first_id_at
from tests.integration.commands.test_operator_commands import run_with
from tests.unit.test_settings import ENOUGH

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "archive.md"
BUCKET = "deep-history"
# As the document has it: a month that is old enough whenever this runs.
MONTH = datetime(2025, 3, 1, tzinfo=UTC)
NEXT_MONTH = datetime(2025, 4, 1, tzinfo=UTC)

ADD = """
INSERT INTO notifications (id, service_id, template_id, created_at, expires_on, template_version, billable_units,
    attempts, international, channel, key_type, status)
VALUES (%(id)s, %(service)s, %(service)s, %(at)s, '2025-03-20', 1, 1, 1, false, 'sms', 'normal', 'delivered')
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedAws(free_port(), tmp_path_factory.mktemp("s3") / "moto.log") as aws:
        yield aws.url


@pytest.fixture
def s3(s3_url: str) -> Any:
    client = boto3.client(
        "s3", endpoint_url=s3_url, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield client
    for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=found["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def old_facts(postgres_url: str) -> Iterator[list[uuid.UUID]]:
    """Three messages of two hours, in a month of a time long gone."""
    moments = [datetime(2025, 3, 9, hour, 30, tzinfo=UTC) for hour in (10, 10, 22)]
    ids = [uuid.UUID(int=first_id_at(moment).int + number) for number, moment in enumerate(moments)]
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE notifications_2025_03 PARTITION OF notifications"
            f" FOR VALUES FROM ('{first_id_at(MONTH)}') TO ('{first_id_at(NEXT_MONTH)}')".encode()
        )
        for one, moment in zip(ids, moments, strict=True):
            connection.execute(ADD, {"id": one, "service": uuid.UUID(int=5), "at": moment})
        yield ids
        connection.execute("DROP TABLE IF EXISTS notifications_2025_03")
        connection.execute("DELETE FROM archived_hours")
        connection.execute("DELETE FROM archived_months")


@pytest.fixture
def notify(postgres_url: str, s3_url: str) -> Run:
    settings = ENOUGH | {
        "SQLALCHEMY_DATABASE_URI": postgres_url,
        "S3_BUCKET_NOTIFICATION_DEEP_HISTORY": BUCKET,
        "NOTIFICATION_DEEP_HISTORY_S3_KEY_PREFIX": "facts/",
        "AWS_ENDPOINT_URL_S3": s3_url,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return run_with(settings | more, *arguments)

    return run


def document(ended: subprocess.CompletedProcess[str]) -> Any:
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_facts_are_archived_listed_and_looked_into(
    notify: Run, s3: Any, old_facts: list[uuid.UUID], postgres_url: str
) -> None:
    [due] = document(notify("archive", "run", "--until", "2025-03", "--dry-run", "--json"))
    assert due == {"month": "2025-03", "hours": 744, "hours_left": 744}
    assert document(notify("archive", "list", "--json")) == []
    done = document(notify("archive", "run", "--until", "2025-03", "--json"))
    assert done == {"files": 2, "changed": 0, "months_removed": 1}
    [month] = document(notify("archive", "list", "--json"))
    assert month["removed_at"] is not None
    assert (month["month"], month["files"], month["rows"], month["files_to_tag"]) == ("2025-03", 2, 3, 0)
    morning, evening = document(notify("archive", "show", "2025-03", "--json"))
    assert (morning["rows"], evening["rows"]) == (2, 1)
    assert re.fullmatch(r"facts/created_at_date_hour=2025-03-09T10/[0-9a-f-]{36}\.orc", morning["key"])
    found = document(notify("archive", "show", morning["key"], "--rows", "1", "--json"))
    assert (found["rows_written"], found["rows_found"], found["problem"]) == (2, 2, None)
    assert found["tags"]["contents_deleted"] == "true"
    [row] = found["sample"]
    assert (row["id"] in map(str, old_facts), row["notification_type"], row["notification_status"]) == (
        True,
        "sms",
        "delivered",
    )
    table = notify("archive", "show", morning["key"])
    assert str(old_facts[0]) in table.stdout
    s3.put_object(Bucket=BUCKET, Key=morning["key"], Body=b"nonsense")
    damaged = notify("archive", "show", morning["key"])
    assert (damaged.returncode, "it cannot be read" in damaged.stdout) == (5, True)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        [left] = connection.execute("SELECT to_regclass('notifications_2025_03')").fetchone() or ()
    assert left is None


def test_progress_goes_to_standard_error(notify: Run, s3: Any, old_facts: list[uuid.UUID]) -> None:
    ended = notify("archive", "run", "--until", "2025-03")
    assert ended.returncode == 0
    assert "2025-03: " in ended.stderr
    assert "Archived" in ended.stdout


def test_every_command_that_is_documented_can_be_typed(notify: Run, s3: Any, old_facts: list[uuid.UUID]) -> None:
    told = [
        line
        for block in re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
        for line in block.splitlines()
    ]
    assert {line.split()[2] for line in told} == {"run", "list", "show"}
    key = None
    for line in told:
        program, *arguments = shlex.split(line)
        assert program == "notify"
        if any(".orc" in argument for argument in arguments):
            # The name in the document is of its own example.
            key = key or document(notify("archive", "show", "2025-03", "--json"))[0]["key"]
            arguments = [key if ".orc" in argument else argument for argument in arguments]
        ended = notify(*arguments)
        assert ended.returncode == 0, (line, ended.stderr)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("run", "--until", "March"), 2, "'March' is not a month such as 2025-10"),
        (("run", "--until", "2025-13"), 2, "'2025-13' is not a month"),
        (("show", "2019-01"), 4, "Nothing of 2019-01 is in the archive"),
        (("show", "no-such-file.orc"), 4, "no file of that name is in the archive"),
    ],
)
def test_what_will_not_do_is_said(notify: Run, arguments: tuple[str, ...], code: int, message: str) -> None:
    ended = notify("archive", *arguments)
    assert (ended.returncode, message in ended.stderr) == (code, True), ended.stderr


@pytest.mark.parametrize("arguments", [("run",), ("run", "--dry-run"), ("show", "some.orc")])
def test_without_a_bucket_there_is_no_archive(notify: Run, arguments: tuple[str, ...]) -> None:
    ended = notify("archive", *arguments, S3_BUCKET_NOTIFICATION_DEEP_HISTORY="")
    assert ended.returncode == 3
    assert "S3_BUCKET_NOTIFICATION_DEEP_HISTORY is not set" in ended.stderr


def test_a_bucket_that_is_not_there_is_told(notify: Run, old_facts: list[uuid.UUID]) -> None:
    ended = notify("archive", "run", "--until", "2025-03")
    assert (ended.returncode, "NoSuchBucket" in ended.stderr) == (6, True), ended.stderr
