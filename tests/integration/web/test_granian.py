"""Requests over a socket, through granian, into PostgreSQL."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from notify_adapters.embedded import free_port
from tests.integration.processes import children_of
from tests.integration.web.conftest import RunningWeb, variables_of, web_child

SMS, EMAIL = "/v2/notifications/sms", "/v2/notifications/email"


def text_body(web: RunningWeb, **changes: object) -> bytes:
    body = {
        "phone_number": "07700900123",
        "template_id": str(web.sms.id),
        "personalisation": {"name": "Jo"},
    } | changes
    return json.dumps(body).encode()


def test_a_text_is_accepted_and_shown(running_web: RunningWeb) -> None:
    sent = running_web.ask("POST", SMS, text_body(running_web, reference="ré"))
    assert sent.status == 201
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.data.endswith(b"}\n")
    message = sent.json()["id"]
    assert sent.json()["uri"] == f"https://api.notify.example/v2/notifications/{message}"
    found = running_web.ask("GET", f"/v2/notifications/{message}")
    assert (found.status, found.json()["body"], found.json()["reference"]) == (200, "Hi Jo", "ré")


def test_an_email_is_accepted(running_web: RunningWeb) -> None:
    body = {
        "email_address": "jo@example.com",
        "template_id": str(running_web.email.id),
        "personalisation": {"name": "Jo"},
    }
    assert running_web.ask("POST", EMAIL, json.dumps(body).encode()).status == 201


def test_an_unsubscribe_link_works_and_its_token_is_not_logged(running_web: RunningWeb) -> None:
    body = {
        "email_address": "jo@example.com",
        "template_id": str(running_web.email.id),
        "personalisation": {"name": "Jo"},
    }
    message = running_web.ask("POST", EMAIL, json.dumps(body).encode()).json()["id"]
    url = running_web.ask("GET", f"/v2/notifications/{message}").json()["one_click_unsubscribe_url"]
    path = url.removeprefix("https://api.notify.example")
    other = path.replace(message, str(running_web.email.id))
    answers = [
        running_web.ask("POST", wanted, b"List-Unsubscribe=One-Click", {"Content-Type": "text/plain"})
        for wanted in (path, path, other)
    ]
    assert [answer.status for answer in answers] == [200, 200, 404]
    assert answers[1].json() == {"result": "success", "message": "Unsubscribe successful"}
    for answer in answers:
        assert str(wait_for_line(running_web, answer.headers["X-B3-TraceId"])["path"]).endswith("/...")
    assert path.rpartition("/")[2] not in running_web.child.log_path.read_text()


def test_many_at_once_are_all_accepted(running_web: RunningWeb) -> None:
    body = text_body(running_web)
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: running_web.ask("POST", SMS, body), range(400)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 400


def nested(levels: int) -> object:
    value: object = "deep"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "values",
    [
        {"name": "\0"},
        {"name": "x", "other": "\0", "k\0": 1},
        {"name": float("nan")},
        {"name": 10**400},
        {"name": -(2**63) - 1},
        {"name": 1e300},
        {"name": nested(150)},
        {"name": "\U0001d15e"},
        {"name": [], "": None},
        {"name": {"a": {"b": [True, None]}}},
    ],
)
def test_odd_values_are_accepted_and_shown_again(running_web: RunningWeb, values: dict[str, object]) -> None:
    sent = running_web.ask("POST", SMS, text_body(running_web, personalisation=values))
    assert sent.status == 201, sent.data
    found = running_web.ask("GET", f"/v2/notifications/{sent.json()['id']}")
    assert (found.status, found.json()["body"]) == (200, sent.json()["content"]["body"])


@pytest.mark.parametrize("reference", ["a\0b", "\ud800"])
def test_what_the_database_cannot_hold_is_refused(running_web: RunningWeb, reference: str) -> None:
    assert running_web.ask("POST", SMS, text_body(running_web, reference=reference)).status == 400


def test_receipts_reach_the_message(running_web: RunningWeb) -> None:
    message = running_web.ask("POST", SMS, text_body(running_web)).json()["id"]
    receipt = json.dumps({"CID": message, "status": "3", "substatus": "5"}).encode()
    answer = running_web.ask("POST", "/notifications/sms/mmg", receipt, {"Content-Type": "application/json"})
    assert (answer.status, answer.data) == (200, b'{"result":"success"}\n')
    assert running_web.ask("GET", f"/v2/notifications/{message}").json()["status"] == "delivered"
    shown = running_web.ask("GET", f"/v2/notifications/{message}/events").json()
    assert shown["id"] == message
    assert [(event["event"], event["status"], event["detail"]) for event in shown["events"]] == [
        ("accepted", None, None),
        ("receipt", "delivered", "Delivered to handset"),
    ]


def test_the_status_tells_the_version_of_the_database(running_web: RunningWeb) -> None:
    status = running_web.ask("GET", "/_status").json()
    assert status["status"] == "ok"
    assert status["db_version"]


def test_limits_are_told_with_what_was_accepted_and_what_was_not(running_web: RunningWeb) -> None:
    for body, status in ((text_body(running_web), 201), (b"{", 400)):
        answer = running_web.ask("POST", SMS, body)
        assert answer.status == status
        assert answer.headers["RateLimit-Policy"] == '"minute";q=3000;w=60, "day";q=999999999;w=86400'
        assert re.fullmatch(r'"minute";r=\d+;t=\d+, "day";r=9999\d{5};t=\d+', answer.headers["RateLimit"])
    assert "RateLimit" not in running_web.ask("GET", f"/v2/notifications/{uuid4()}").headers


def test_errors_over_a_socket(running_web: RunningWeb) -> None:
    assert running_web.ask("GET", "/nothing").status == 404
    assert running_web.ask("PUT", SMS).status == 405
    assert running_web.ask("OPTIONS", SMS).headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    head = running_web.ask("HEAD", "/_status")
    assert (head.status, head.data) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0
    assert running_web.ask("GET", f"/v2/notifications/{uuid4()}").status == 404
    # The server hangs up on who sends too much; a client that did not expect it could try the connection again.
    last = running_web.signed() | {"Connection": "close"}
    assert running_web.ask("POST", SMS, b"x" * 1_100_000, last).status == 413
    assert running_web.ask("POST", SMS, b"{", {"Authorization": "Bearer x"}).status == 403


def wait_for_line(web: RunningWeb, trace: str) -> dict[str, object]:
    """Return the line that the server logs of the request."""
    lines = list[dict[str, object]]()
    for _ in range(100):
        lines = [json.loads(line) for line in web.child.log_path.read_text().splitlines() if trace in line]
        if lines:
            break
        time.sleep(0.02)
    [line] = lines
    return line


def test_the_log_names_the_service_and_nothing_personal(running_web: RunningWeb) -> None:
    answer = running_web.ask("POST", SMS, text_body(running_web, personalisation={"name": "Hildegard"}))
    line = wait_for_line(running_web, answer.headers["X-B3-TraceId"])
    log = running_web.child.log_path.read_text()
    assert (line["path"], line["status"]) == (SMS, 201)
    assert line["service_id"] == str(running_web.key.service_id)
    assert "Hildegard" not in log
    assert "07700900123" not in log


@pytest.mark.parametrize("seconds", [0.2, 0.7])
def test_told_to_stop_while_it_loads_it_stops(postgres_url: str, tmp_path: Path, seconds: float) -> None:
    """Its processes had the signal handlers of the one above them, and served on until they were killed."""
    with web_child(free_port(), variables_of(postgres_url), tmp_path) as child:
        child.wait_until(lambda: len(children_of(child.pid)) == 2, timeout=60)
        time.sleep(seconds)
        asked = time.monotonic()
        child.stop(timeout=60)
        assert time.monotonic() - asked < 15
