"""`notify callbacks`, against a real database, as docs/operators.md shows it."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notify_adapters.encryption import AesGcmCipher
from notify_adapters.postgres import PostgresDatabase, make_engine
from notify_adapters.system import SystemClock, SystemIds
from notify_core.callbacks.model import Callback, CallbackKind, CallbackState
from tests.integration.commands.test_operator_commands import KEYS, document, run_with

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "operators.md"
Run = Callable[..., Any]


@pytest.fixture
def notify(postgres_url: str) -> Run:
    settings = {
        "NOTIFY_ENVIRONMENT": "test",
        "SQLALCHEMY_DATABASE_URI": postgres_url,
        "NOTIFY_ENCRYPTION_KEYS": KEYS,
        "CALLBACKS_TO_LOOPBACK": "1",
    }

    def run(*arguments: str, text: str | None = None, **more: str) -> Any:
        return run_with(settings | more, *arguments, text=text)

    return run


@pytest.fixture
def service_id(notify: Run) -> str:
    return str(document(notify("service", "create", f"Bins {uuid.uuid4()}", "--json"))["id"])


def add(notify: Run, service_id: str, *more: str) -> dict[str, Any]:
    options = ("--token-file", "-", "--kind", "delivery_status", "--json", *more)
    url = "http://localhost:1/secret-path"
    made: dict[str, Any] = document(
        notify("callbacks", "endpoint", "add", service_id, url, *options, text="a-long-token\n")
    )
    return made


def failed_callback(postgres_url: str, endpoint: dict[str, Any]) -> Callback:
    """Store a callback that failed an hour ago."""
    key = base64.b64decode(json.loads(KEYS)["k"])
    engine = make_engine(postgres_url, pool_size=1, statement_timeout_ms=5_000, application_name="commands")
    clock = SystemClock()
    ago = clock() - timedelta(hours=1)
    new_id = SystemIds(lambda: ago)
    callback = Callback(
        id=new_id(),
        endpoint_id=uuid.UUID(endpoint["id"]),
        service_id=uuid.UUID(endpoint["service_id"]),
        kind=CallbackKind.DELIVERY_STATUS,
        subject_id=new_id(),
        body=b'{"to": "07700 900123"}',
        created_at=ago,
        queued_at=ago,
        next_attempt_at=ago,
        expires_on=(ago + timedelta(days=8)).date(),
        state=CallbackState.FAILED,
    )
    with PostgresDatabase(engine, AesGcmCipher({"k": key}), clock).statement() as work:
        work.callbacks.add([callback])
    engine.dispose()
    return callback


def test_an_endpoint_is_added_listed_rotated_and_removed(notify: Run, service_id: str) -> None:
    made = add(notify, service_id, "--status", "delivered", "--channel", "sms")
    assert made["signing_secret"].startswith("whsec_")
    [listed] = document(notify("callbacks", "endpoint", "list", "--service", service_id, "--json"))
    assert (listed["id"], listed["active"], listed["statuses"]) == (made["id"], True, ["delivered"])
    shown = notify("callbacks", "endpoint", "list", "--service", service_id, "--json").stdout
    assert made["signing_secret"] not in shown
    assert "a-long-token" not in shown
    rotated = document(notify("callbacks", "endpoint", "rotate-secret", made["id"], "--json"))
    assert (rotated["signing_secrets"], rotated["signing_secret"] != made["signing_secret"]) == (2, True)
    finished = document(notify("callbacks", "endpoint", "rotate-secret", made["id"], "--finish", "--json"))
    assert (finished["signing_secrets"], finished["signing_secret"]) == (1, rotated["signing_secret"])
    assert document(notify("callbacks", "endpoint", "remove", made["id"], "--json")) == {"abandoned": 0}
    [listed] = document(notify("callbacks", "endpoint", "list", "--service", service_id, "--json"))
    assert not listed["active"]
    assert add(notify, service_id)["id"] == made["id"]


def test_what_failed_is_listed_replayed_and_recovered(notify: Run, service_id: str, postgres_url: str) -> None:
    endpoint = add(notify, service_id)
    callback = failed_callback(postgres_url, endpoint)
    today = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    wanted = ("callbacks", "list", "--service", service_id, "--state", "failed", "--since", today, "--json")
    [listed] = document(notify(*wanted))
    assert (listed["id"], listed["state"]) == (str(callback.id), "failed")
    assert document(notify("callbacks", "attempts", listed["id"], "--json")) == []
    recover = ("callbacks", "recover", "--endpoint", endpoint["id"], "--since", today, "--json")
    assert document(notify(*recover)) == {"recovered": 1}
    assert document(notify(*recover)) == {"recovered": 0}
    [replayed] = document(notify("callbacks", "replay", listed["id"], "--json"))
    assert replayed["state"] == "waiting"
    table = notify("callbacks", "list", "--endpoint", endpoint["id"])
    assert "Callbacks" in table.stdout
    assert "900123" not in table.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["replay", str(uuid.uuid4())], 4, "These are not known"),
        (["recover", "--since", "2026-11-21"], 2, "either --service or --endpoint"),
        (["recover", "--service", str(uuid.uuid4()), "--since", "yesterday"], 2, "is not a moment such as"),
        (["endpoint", "remove", str(uuid.uuid4())], 4, "There is no endpoint with id"),
        (["endpoint", "rotate-secret", str(uuid.uuid4())], 4, "There is no endpoint with id"),
        (
            ["endpoint", "add", str(uuid.uuid4()), "http://a.example", "--token-file", "-", "--kind", "complaint"],
            5,
            "does not begin with https://",
        ),
        (
            ["endpoint", "add", str(uuid.uuid4()), "http://localhost/", "--token-file", "-", "--kind", "complaint"],
            4,
            "There is no service with id",
        ),
    ],
)
def test_what_will_not_do_is_said(notify: Run, arguments: list[str], code: int, message: str) -> None:
    ended = notify("callbacks", *arguments, text="a-long-token")
    assert (ended.returncode, message in ended.stderr) == (code, True), ended.stderr


def test_loopback_needs_the_setting(notify: Run, service_id: str) -> None:
    arguments = ("callbacks", "endpoint", "add", service_id, "https://localhost/", "--token-file", "-")
    ended = notify(*arguments, "--kind", "complaint", text="a-long-token", CALLBACKS_TO_LOOPBACK="0")
    assert (ended.returncode, "leads to this machine" in ended.stderr) == (5, True)


def test_the_commands_of_the_document_are_understood(
    notify: Run, service_id: str, postgres_url: str, tmp_path: Path
) -> None:
    """All of them, in their order, with the ids and the file that they speak of."""
    (tmp_path / "token.txt").write_text("a-long-token")
    endpoint = add(notify, service_id)
    names = {
        "SERVICE_ID": service_id,
        "ENDPOINT_ID": endpoint["id"],
        "CALLBACK_ID": str(failed_callback(postgres_url, endpoint).id),
        "token.txt": str(tmp_path / "token.txt"),
    }
    commands = re.findall(r"^notify (callbacks .+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 10
    removing = next(command for command in commands if "remove" in command)
    commands = [*(command for command in commands if command != removing), removing]
    for command in commands:
        ended = notify(*(names.get(word, word) for word in command.split()))
        assert ended.returncode == 0, (command, ended.stderr)
