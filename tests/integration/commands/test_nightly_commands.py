"""`notify nightly`, against a real database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from notify_core.calendar import london_date
from tests.integration.commands.test_operator_commands import KEYS, Run, document, run_with


@pytest.fixture
def notify(postgres_url: str) -> Run:
    settings = {
        "NOTIFY_ENVIRONMENT": "test",
        "SQLALCHEMY_DATABASE_URI": postgres_url,
        "NOTIFY_ENCRYPTION_KEYS": KEYS,
    }
    return lambda *arguments, **more: run_with(settings | more, *arguments)


def yesterday() -> str:
    return str(london_date(datetime.now(UTC)) - timedelta(days=1))


def test_the_steps_are_listed(notify: Run) -> None:
    listed = document(notify("nightly", "list", "--json"))
    assert "timeout-sending-notifications" in [step["name"] for step in listed]
    table = notify("nightly", "list", COLUMNS="160").stdout
    assert all(step["name"] in table and step["about"] in table for step in listed)


def test_a_night_is_run_and_told(notify: Run) -> None:
    day = yesterday()
    told = document(notify("nightly", "run", "--day", day, "--json"))
    listed = document(notify("nightly", "list", "--json"))
    assert (told["day"], told["ok"]) == (day, True)
    assert [step["name"] for step in told["steps"]] == [step["name"] for step in listed]
    assert all(piece["problem"] is None for step in told["steps"] for piece in step["pieces"])
    ended = notify("nightly", "run", COLUMNS="160")
    assert ended.returncode == 0
    assert f"The night after {day}" in ended.stdout
    assert "nothing to do" in ended.stdout


def test_only_some_steps_are_run(notify: Run) -> None:
    told = document(notify("nightly", "run", "--only", "timeout-sending-notifications", "--json"))
    assert [step["name"] for step in told["steps"]] == ["timeout-sending-notifications"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--only", "coffee"], 4, "There is no step coffee in the night; `notify nightly list`"),
        (["--day", "9999-12-31"], 5, "day: 9999-12-31 is not one that has ended"),
        (["--day", "0001-01-01"], 5, "day: 0001-01-01 is not one that has ended; give one from 2016-01-01"),
        (["--day", "yesterday"], 2, "'yesterday' is not a day such as"),
    ],
)
def test_nonsense_is_refused(notify: Run, arguments: list[str], code: int, message: str) -> None:
    ended = notify("nightly", "run", *arguments)
    assert ended.returncode == code
    assert message in ended.stderr


def test_a_night_without_a_database_tells_which_parts_failed(notify: Run) -> None:
    away = {"SQLALCHEMY_DATABASE_URI": "postgresql://127.0.0.1:1/nothing"}
    ended = notify("nightly", "run", "--only", "timeout-sending-notifications", **away)
    assert ended.returncode == 10
    assert "timeout-sending-notifications, messages: DatabaseUnavailable" in ended.stderr
    told = notify("nightly", "run", "--only", "timeout-sending-notifications", "--json", **away)
    assert told.returncode == 10
    assert json.loads(told.stdout)["ok"] is False
