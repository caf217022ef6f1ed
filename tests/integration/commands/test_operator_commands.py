"""The operator's commands against a real database: what they print, and how they end."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from notify_adapters.settings import read_settings
from notify_core.calendar import london_date
from tests.integration.command_line import typed

KEYS = json.dumps({"k": base64.b64encode(b"k" * 32).decode()})

ENOUGH = {"NOTIFY_ENVIRONMENT": "test", "SQLALCHEMY_DATABASE_URI": "postgresql://h/d"}

Run = Callable[..., subprocess.CompletedProcess[str]]


def run_with(
    settings: Mapping[str, str], *arguments: str, text: str | None = None, fresh: bool = False
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "NOTIFY_"))}
    return typed(*arguments, environment=environment | dict(settings), text=text, fresh=fresh)


@pytest.fixture
def notify(postgres_url: str) -> Run:
    settings = {
        "NOTIFY_ENVIRONMENT": "test",
        "SQLALCHEMY_DATABASE_URI": postgres_url,
        "NOTIFY_ENCRYPTION_KEYS": KEYS,
    }

    def run(
        *arguments: str, text: str | None = None, fresh: bool = False, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return run_with(settings | more, *arguments, text=text, fresh=fresh)

    return run


def document(ended: subprocess.CompletedProcess[str]) -> Any:
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture
def service(notify: Run) -> dict[str, Any]:
    options = ("--guest", "07700900123", "--contact-link", "https://bins.example/contact")
    made = document(notify("service", "create", f"Bins {uuid.uuid4()}", *options, "--json"))
    return dict(made)


def test_a_service_says_what_becomes_of_doubts(notify: Run, service: dict[str, Any]) -> None:
    assert service["when_in_doubt"] == "resend"
    made = document(notify("service", "create", f"Bins {uuid.uuid4()}", "--when-in-doubt", "fail", "--json"))
    listed = {one["id"]: one["when_in_doubt"] for one in document(notify("service", "list", "--json"))}
    assert (listed[service["id"]], listed[made["id"]]) == ("resend", "fail")
    assert notify("service", "create", "Bins", "--when-in-doubt", "guess").returncode == 2


def test_status_tells_how_many_messages_are_in_doubt(notify: Run) -> None:
    ended = notify("status", "--json", AWS_ENDPOINT_URL_SQS="http://127.0.0.1:1")
    assert ended.returncode == 9, "there are no queues here"
    parts = {one["name"]: one for one in json.loads(ended.stdout)["dependencies"]}
    assert parts["doubts"]["ok"]
    assert re.fullmatch(r"\d+ messages in doubt; \d+ of the last 7 days ever were", parts["doubts"]["detail"])


def test_a_wait_longer_than_a_queue_can_hold_a_message_is_refused(notify: Run) -> None:
    ended = notify("worker", MMG_API_KEY="k", FIRETEXT_API_KEY="k", IN_DOUBT_WAIT_SECONDS="841")
    assert (ended.returncode, "IN_DOUBT_WAIT_SECONDS: 841" in ended.stderr) == (3, True), ended.stderr


def test_a_service_is_made_and_listed(notify: Run, service: dict[str, Any]) -> None:
    listed = document(notify("service", "list", "--json"))
    links = {one["id"]: one["contact_link"] for one in listed}
    assert links[service["id"]] == "https://bins.example/contact"
    again = notify("service", "create", service["name"])
    assert again.returncode == 5
    assert service["name"] in again.stderr
    table = notify("service", "list")
    assert "Services" in table.stdout


def test_a_key_is_made_shown_once_listed_and_revoked(notify: Run, service: dict[str, Any]) -> None:
    made = document(notify("api-key", "create", service["id"], "My key", "--type", "team", "--json"))
    assert made["api_key"].startswith(f"my_key-{service['id']}-")
    assert len(document(notify("api-key", "list", service["id"], "--json"))) == 1
    assert made["api_key"][-36:] not in notify("api-key", "list", service["id"]).stdout
    assert notify("api-key", "create", service["id"], "My key").returncode == 5
    revoked = document(notify("api-key", "revoke", made["id"], "--json"))
    assert revoked["revoked_at"]
    assert document(notify("api-key", "revoke", made["id"], "--json")) == revoked
    token = notify("api-key", "token", made["api_key"])
    assert token.stdout.count(".") == 2
    assert notify("api-key", "token", "nonsense").returncode == 2


def test_a_template_is_written_listed_and_shown(notify: Run, service: dict[str, Any]) -> None:
    options = ["--type", "email", "--subject", "Hello ((name))", "--content-file", "-", "--json"]
    made = document(notify("template", "create", service["id"], "Greeting", *options, text="# Dear ((name))\n"))
    assert (made["version"], made["content"]) == (1, "# Dear ((name))\n")
    [listed] = document(notify("template", "list", service["id"], "--json"))
    assert listed["id"] == made["id"]
    shown = notify("template", "show", made["id"])
    assert "# Dear ((name))" in shown.stdout
    assert "Hello ((name))" in shown.stdout
    assert notify("template", "show", made["id"], "--version", "2").returncode == 4


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["service", "create", " "], 5, "name: 0 characters long"),
        (["service", "create", "Bins", "--sms-sender", "much too long a name"], 5, "sms_sender"),
        (["service", "create", "Bins", "--permission", "fly"], 2, "'fly' is not one of"),
        (["api-key", "create", str(uuid.uuid4()), "key"], 4, "There is no service with id"),
        (["api-key", "revoke", str(uuid.uuid4())], 4, "There is no API key with id"),
        (["api-key", "list", "nonsense"], 2, "is not a valid UUID"),
        (["template", "show", str(uuid.uuid4())], 4, "There is no template with id"),
        (["template", "create", str(uuid.uuid4()), "T", "--type", "sms", "--content", " "], 5, "content: is empty"),
        (["template", "create", str(uuid.uuid4()), "T", "--type", "sms"], 2, "Give either --content or"),
        (["template", "create", str(uuid.uuid4()), "T", "--type", "email", "--content", "x"], 5, "subject: is empty"),
        (["providers", "set", "mmg", "--reason", "x"], 5, "Nothing would change"),
        (["providers", "set", "mmg", "--priority", "101", "--reason", "x"], 5, "priority: 101 is not from 0 to 100"),
        (["providers", "set", "mmg", "--priority", "much", "--reason", "x"], 2, "'much' is not a valid integer"),
        (["providers", "set", "mmg", "--priority", "7"], 2, "Missing option '--reason'"),
        (["providers", "set", "mmg", "--priority", "7", "--reason", " "], 5, "reason: 0 characters long"),
        (["providers", "set", "pigeon", "--priority", "7", "--reason", "x"], 2, "'pigeon' is not one of"),
        (["providers", "history", "pigeon"], 2, "'pigeon' is not one of"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_what_will_not_do_is_said(notify: Run, arguments: list[str], code: int, message: str) -> None:
    ended = notify(*arguments)
    assert (ended.returncode, message in ended.stderr) == (code, True), ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["api-key", "list", str(uuid.UUID(int=1))],
        ["apply", "nowhere.yaml"],
        ["callbacks", "endpoint", "list", str(uuid.UUID(int=1))],
        ["contact-list", "delete", str(uuid.UUID(int=1)), "--service", str(uuid.UUID(int=1))],
        ["job", "show", str(uuid.UUID(int=1)), "--service", str(uuid.UUID(int=1))],
        ["migrate"],
        ["providers", "list"],
        ["queues", "list"],
        ["service", "list"],
        ["settings"],
        ["template", "show", str(uuid.UUID(int=1))],
        ["worker"],
    ],
)
def test_a_fresh_interpreter_runs_a_command_the_same(notify: Run, arguments: list[str]) -> None:
    nowhere = {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1"}
    forked, fresh = notify(*arguments, **nowhere), notify(*arguments, fresh=True, **nowhere)
    assert (fresh.returncode, fresh.stdout, fresh.stderr) == (forked.returncode, forked.stdout, forked.stderr)


def test_missing_settings_are_listed() -> None:
    for command in (["migrate"], ["web"], ["worker"], ["relay"], ["beat"], ["status"], ["service", "list"]):
        ended = run_with({}, *command)
        assert ended.returncode == 3, command
        assert "SQLALCHEMY_DATABASE_URI is not set" in ended.stderr


def test_a_worker_without_its_providers_keys_does_not_start(notify: Run) -> None:
    ended = notify("worker")
    assert ended.returncode == 3
    assert "MMG_API_KEY is not set" in ended.stderr


def test_a_database_that_does_not_answer_is_said(notify: Run) -> None:
    ended = notify("service", "list", SQLALCHEMY_DATABASE_URI="postgresql://notify@127.0.0.1:1/notify")
    assert ended.returncode == 6
    assert "The database does not answer" in ended.stderr
    for command in ("migrate", "status"):
        assert notify(command, SQLALCHEMY_DATABASE_URI="postgresql://notify@127.0.0.1:1/notify").returncode in {6, 9}


def test_migrating_again_changes_nothing(notify: Run) -> None:
    before = document(notify("migrate", "--json"))
    assert before["before"] == before["after"]


def test_settings_shows_no_secrets(notify: Run) -> None:
    shown = notify("settings", "--json", MMG_API_KEY="swordfish", PORT="9000")
    assert "swordfish" not in shown.stdout
    values = {one["name"]: one["value"] for one in json.loads(shown.stdout)}
    assert (values["MMG_API_KEY"], values["PORT"]) == ("(set)", "9000")


def test_help_is_worth_reading(notify: Run) -> None:
    for command in (
        [],
        ["dev"],
        ["demo"],
        ["web"],
        ["worker"],
        ["service", "create"],
        ["template", "create"],
        ["providers"],
        ["job", "create"],
    ):
        ended = notify(*command, "--help", fresh=True)
        assert ended.returncode == 0
        assert "Usage:" in ended.stdout
        assert len(ended.stdout.splitlines()) > 6


@pytest.fixture
def firetext(notify: Run) -> Iterator[str]:
    """The name of a provider that may be changed: it is put back afterwards."""
    yield "firetext"
    notify("providers", "set", "firetext", "--activate", "--priority", "49", "--reason", "the test is over")


def test_providers_are_listed_changed_and_have_a_history(notify: Run, firetext: str) -> None:
    listed = {one["name"]: one for one in document(notify("providers", "list", "--json"))}
    assert list(listed) == ["firetext", "mmg", "ses", "dvla"]
    version = listed[firetext]["version"]
    reason = f"a test, {uuid.uuid4()}"
    options = ["--priority", "7", "--deactivate", "--reason", reason, "--json"]
    changed = document(notify("providers", "set", firetext, *options))
    assert (changed["priority"], changed["active"], changed["version"]) == (7, False, version + 1)
    assert (changed["reason"], changed["created_by"]) == (reason, None)
    assert document(notify("providers", "set", firetext, *options)) == changed
    [latest] = document(notify("providers", "history", firetext, "--limit", "1", "--json"))
    assert latest == changed
    assert len(document(notify("providers", "history", "--json"))) > 4
    assert reason[:6] in notify("providers", "history", firetext).stdout
    assert "Providers" in notify("providers", "list").stdout


def test_the_last_provider_is_deactivated_by_force_alone(notify: Run) -> None:
    refused = notify("providers", "set", "ses", "--deactivate", "--reason", "a test")
    assert refused.returncode == 5
    assert "ses is the last active provider for email" in refused.stderr
    try:
        assert notify("providers", "set", "ses", "--deactivate", "--force", "--reason", "a test").returncode == 0
    finally:
        assert notify("providers", "set", "ses", "--activate", "--reason", "the test is over").returncode == 0


def test_statistics_are_shown_minute_by_minute(notify: Run, postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DELETE FROM sms_delivery_statistics")
        connection.execute(
            "INSERT INTO sms_delivery_statistics SELECT date_trunc('minute', now()) - number * interval '1 minute',"
            " 'mmg', 90, 30, 70, 20, 50, 10, 4 FROM generate_series(1, 20) AS number"
        )
    shown = document(notify("providers", "statistics", "--minutes", "5", "--json"))
    within = {
        "1": {"judged": 90, "late": 30},
        "5": {"judged": 70, "late": 20},
        "10": {"judged": 50, "late": 10},
    }
    assert 4 <= len(shown) <= 5
    assert [one["measured_at"] for one in shown] == sorted((one["measured_at"] for one in shown), reverse=True)
    assert all((one["provider"], one["within_minutes"], one["errors"]) == ("mmg", within, 4) for one in shown)
    assert "20 of 70" in notify("providers", "statistics").stdout
    listed = {one["name"]: one for one in document(notify("providers", "list", "--json"))}
    assert listed["mmg"]["figures"] == shown[0]
    assert listed["ses"]["figures"] is None
    assert "20 of 70" in notify("providers", "list", COLUMNS="160").stdout


def documented(document: str) -> list[str]:
    """Return the lines of a document's shell blocks."""
    text = (Path(__file__).parents[3] / "docs" / document).read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def test_what_the_operators_guide_tells_to_type_works(notify: Run) -> None:
    ids = {"SERVICE_ID": "", "DAY": str(london_date(datetime.now(UTC)) - timedelta(days=1))}
    for line in documented("operators.md"):
        program, *arguments = shlex.split(line)
        if program == "python3":
            made = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout
            assert read_settings(dict(ENOUGH, NOTIFY_ENCRYPTION_KEYS=made)).encryption_keys
            continue
        assert program == "notify"
        if arguments[0] in ("callbacks", "archive"):
            continue  # test_callback_commands.py has something to call back, test_archive_commands.py an archive
        made_by_command = document(notify(*(ids.get(word, word) for word in arguments), "--json"))
        if arguments[:2] == ["service", "create"]:
            ids["SERVICE_ID"] = made_by_command["id"]
    assert ids["SERVICE_ID"]
