"""`notify retention` and `notify partitions`, against a real database, as docs/operators.md shows them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from notify_adapters.embedded import EmbeddedPostgres
from notify_adapters.postgres.migrate import migrate
from tests.integration.commands.test_operator_commands import KEYS, Run, document, run_with
from tests.integration.databases import drop_database

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "operators.md"


@pytest.fixture(scope="module")
def url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A database of one's own: other tests keep their days."""
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE retention_commands")
    url = postgres_server.url_of("retention_commands").replace("postgresql://", "postgresql+psycopg://")
    migrate(url)
    yield url
    drop_database(postgres_server.url, "retention_commands")


@pytest.fixture
def notify(url: str) -> Run:
    settings = {"NOTIFY_ENVIRONMENT": "test", "SQLALCHEMY_DATABASE_URI": url, "NOTIFY_ENCRYPTION_KEYS": KEYS}

    def run(*arguments: str, text: str | None = None, **more: str) -> Any:
        return run_with(settings | more, *arguments, text=text)

    return run


@pytest.fixture
def service_id(notify: Run) -> str:
    return str(document(notify("service", "create", f"Bins {uuid.uuid4()}", "--json"))["id"])


def execute(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def make_day(url: str, table: str, day: date) -> None:
    bounds = f"FROM ('{day}') TO ('{day + timedelta(days=1)}')"
    execute(url, f"CREATE TABLE {table}_{day:%Y_%m_%d} PARTITION OF {table} FOR VALUES {bounds}")


def test_a_setting_is_shown_and_changed_with_its_promise(notify: Run, url: str, service_id: str) -> None:
    before = document(notify("retention", "show", service_id, "--json"))
    assert before == {
        "service_id": service_id,
        "days": {"email": 7, "sms": 7, "letter": 7},
        "chosen": [],
        "redating": None,
    }
    after = document(notify("retention", "set", service_id, "sms", "30", "--json"))
    assert (after["days"]["sms"], after["chosen"], after["redating"]) == (30, ["sms"], "normal")
    assert execute(url, f"SELECT task, queue FROM outbox WHERE subject_id = '{service_id}'") == [  # noqa: S608 - ours
        ("redate-contents", "reporting-tasks")
    ]
    assert "being applied" in notify("retention", "show", service_id).stdout


def test_what_has_expired_is_removed(notify: Run, url: str) -> None:
    make_day(url, "callbacks", date(2026, 1, 5))
    make_day(url, "inbound_sms", date(2026, 1, 5))
    execute(
        url, "INSERT INTO bulk_rows_apart SELECT gen_random_uuid(), 1, '2026-01-05', '' FROM generate_series(1, 3)"
    )
    listed = {one["name"]: one for one in document(notify("partitions", "list", "--json"))}
    assert listed["callbacks_2026_01_05"]["period"] == "2026-01-05"
    assert (listed["bulk_rows_apart_default"]["rows"], listed["bulk_rows_apart_default"]["default"]) == (3, True)
    status = json.loads(notify("status", "--json", AWS_ENDPOINT_URL_SQS="http://127.0.0.1:1").stdout)
    [line] = [one for one in status["dependencies"] if one["name"] == "partitions"]
    assert line["detail"] == "without one: 3 of bulk_rows_apart; see `notify partitions list`"
    done = document(notify("retention", "apply", "--json"))
    assert {one["table"] for one in done["dropped"]} == {"callbacks", "inbound_sms"}
    assert (done["held"], done["swept"], done["unfinished"]) == ([], {"bulk_rows_apart": 3}, False)
    again = notify("retention", "apply")
    assert again.returncode == 0
    assert "0 removed" in again.stdout


def test_what_is_in_use_is_told_with_an_exit_code(notify: Run, url: str) -> None:
    make_day(url, "callbacks", date(2026, 1, 6))
    with psycopg.connect(url.replace("+psycopg", "")) as reader:
        reader.execute("SELECT count(*) FROM callbacks")
        ended = notify("retention", "apply", "--json")
    assert ended.returncode == 9
    assert json.loads(ended.stdout)["held"] == [{"table": "callbacks", "expired_on": "2026-01-06"}]
    assert document(notify("retention", "apply", "--json"))["held"] == []


def test_partitions_are_made_once(notify: Run, url: str) -> None:
    document(notify("partitions", "create", "--json"))
    [(name,)] = execute(
        url, "SELECT max(relname) FROM pg_class WHERE relname ~ '^inbound_sms_[0-9_]+$' AND relkind = 'r'"
    )
    execute(url, f"DROP TABLE {name}")
    assert document(notify("partitions", "create", "--json")) == {"made": [name]}
    assert "No partitions made" in notify("partitions", "create").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["retention", "show", str(uuid.uuid4())], 4, "There is no service with id"),
        (["retention", "set", str(uuid.uuid4()), "sms", "3"], 4, "There is no service with id"),
        (["retention", "set", str(uuid.uuid4()), "sms", "0"], 5, "days: 0 for sms; use 1 to 90"),
        (["retention", "set", str(uuid.uuid4()), "sms", "91"], 5, "days: 91 for sms; use 1 to 90"),
        (["retention", "set", str(uuid.uuid4()), "sms", "many"], 2, "'many' is not a valid integer"),
        (["retention", "set", str(uuid.uuid4()), "pigeon", "3"], 2, "'pigeon' is not one of"),
        (["retention", "set", "nonsense", "sms", "3"], 2, "is not a valid UUID"),
        (["partitions", "frobnicate"], 2, "No such command"),
    ],
)
def test_what_will_not_do_is_said(notify: Run, arguments: list[str], code: int, message: str) -> None:
    ended = notify(*arguments)
    assert (ended.returncode, message in ended.stderr) == (code, True), ended.stderr


def test_what_the_document_says_to_type_works(notify: Run, service_id: str) -> None:
    lines = re.findall(r"^notify ((?:retention|partitions) .*)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        ended = notify(*line.replace("SERVICE_ID", service_id).split())
        assert ended.returncode == 0, (line, ended.stderr)
