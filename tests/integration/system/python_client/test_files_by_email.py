"""The official Python client sends a file by email, and its recipient downloads the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import notifications_python_client
import pytest
import urllib3
from notifications_python_client.errors import HTTPError

from notify_adapters.simulators.client import SimulatorClient
from notify_cli.commands.api_keys import bearer_token
from notify_cli.dev.system import DevSystem
from tests.integration.system.conftest import client_of, wait_for

CONTENT = b"%PDF-1.7\n" + bytes(range(256)) * 100


@pytest.fixture
def files(system: DevSystem) -> Iterator[SimulatorClient]:
    simulator = SimulatorClient(system.ready_document()["simulators"]["documents"])
    simulator.clear()
    yield simulator
    simulator.behave_normally()


def upload(content: bytes = CONTENT, **more: Any) -> Any:
    client: Any = notifications_python_client
    return client.prepare_upload(io.BytesIO(content), **more)


def send(system: DevSystem, *values: Any, to: str = "jo@example.com", **more: Any) -> Any:
    """Send the demo email with these values in the place of the day."""
    personalisation = {"name": "Jo"} | {("day", "other", "third")[place]: value for place, value in enumerate(values)}
    return client_of(system).send_email_notification(
        to, system.world["templates"]["email"], personalisation=personalisation, **more
    )


def stored(system: DevSystem) -> int:
    from notify_adapters.postgres import make_engine

    engine = make_engine(
        system.ready_document()["database_url"], pool_size=1, statement_timeout_ms=5000, application_name="test"
    )
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM notifications").scalar_one()
    engine.dispose()
    return int(found)


def link_in(body: str) -> str:
    return next(word for word in body.split() if "/d/" in word).rstrip(":")


def test_a_file_is_downloaded_as_it_was_sent(system: DevSystem, files: SimulatorClient) -> None:
    sent = send(system, upload(filename="bins.pdf", retention_period="4 weeks"))
    url = link_in(sent["content"]["body"])
    assert urllib3.request("GET", url).data == CONTENT
    client = client_of(system)
    wait_for(lambda: client.get_notification_by_id(sent["id"])["status"] == "delivered")
    assert client.get_notification_by_id(sent["id"])["body"] == sent["content"]["body"]
    [noted] = files.messages()
    assert noted["to"] == system.world["service_id"]
    assert {name: noted["content"][name] for name in ("filename", "confirmation_email", "retention_period")} == {
        "filename": "bins.pdf",
        "confirmation_email": "jo@example.com",
        "retention_period": "4 weeks",
    }
    emails = SimulatorClient(system.ready_document()["simulators"]["ses"]).messages(to="jo@example.com")
    assert any(url in email["content"]["text"] for email in emails)


def test_what_is_not_said_of_a_file_is_left_to_the_platform(system: DevSystem, files: SimulatorClient) -> None:
    assert upload(b"x") == {
        "file": "eA==",
        "filename": None,
        "confirm_email_before_download": None,
        "retention_period": None,
    }
    send(system, upload(b"x"))
    [noted] = files.messages()
    assert noted["content"]["filename"] is None
    assert noted["content"]["confirmation_email"] == "jo@example.com"
    assert noted["content"]["retention_period"] == "26 weeks"


@pytest.mark.parametrize(("confirm", "asked"), [(True, "jo@example.com"), (False, None)])
def test_the_recipient_is_asked_for_the_address_unless_said(
    system: DevSystem, files: SimulatorClient, confirm: bool, asked: str | None
) -> None:
    send(system, upload(confirm_email_before_download=confirm))
    assert [noted["content"].get("confirmation_email") for noted in files.messages()] == [asked]


def test_a_file_that_is_too_large_is_not_even_sent(system: DevSystem, files: SimulatorClient) -> None:
    largest = 2 * 1024 * 1024
    with pytest.raises(ValueError, match="File is larger than 2MB"):
        upload(b"a" * (largest + 1))
    sent = send(system, upload(b"a" * largest))
    assert len(urllib3.request("GET", link_in(sent["content"]["body"])).data) == largest


def test_several_files_are_uploaded_at_the_same_time(system: DevSystem, files: SimulatorClient) -> None:
    files.behave_by_default("slow", seconds=1.0)
    sent = send(system, *(upload(f"file {number}".encode()) for number in range(3)))
    assert urllib3.request("GET", link_in(sent["content"]["body"])).data == b"file 0"
    times = [noted["accepted_at"] for noted in files.messages()]
    assert len(times) == 3
    assert max(times) - min(times) < 0.9


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            {"file": 1},
            {"error": "ValidationError", "message": "file 1 is not of type string"},
        ),
        (
            {"file": "eA==", "filename": "bins"},
            {
                "error": "ValidationError",
                "message": "filename `filename` must end with a file extension. For example, filename.csv",
            },
        ),
        (
            {"file": "eA==", "confirm_email_before_download": "x"},
            {
                "error": "ValidationError",
                "message": "confirm_email_before_download Unsupported value for confirm_email_before_download: x."
                " Use a boolean true or false value.",
            },
        ),
        (
            {"file": "eA==", "retention_period": "79 weeks"},
            {
                "error": "ValidationError",
                "message": "retention_period Unsupported value for retention_period: 79 weeks."
                " Supported periods are from 1 to 78 weeks.",
            },
        ),
        ({"file": "x"}, {"error": "BadRequestError", "message": "Document is not base64 encoded"}),
        (
            {"file": "eA==", "filename": f"{'x' * 100}.txt"},
            {"error": "BadRequestError", "message": "`filename` cannot be longer than 100 characters"},
        ),
    ],
)
def test_a_file_that_will_not_do_is_refused_in_known_words(
    system: DevSystem, files: SimulatorClient, file: dict[str, object], message: dict[str, str]
) -> None:
    before = stored(system)
    with pytest.raises(HTTPError) as refused:
        send(system, file)
    errors: Any = refused.value.message
    assert (refused.value.status_code, errors) == (400, [message])
    assert (stored(system), files.messages()) == (before, [])


def test_for_a_message_that_is_refused_nothing_is_uploaded(system: DevSystem, files: SimulatorClient) -> None:
    with pytest.raises(HTTPError):
        send(system, upload(), email_reply_to_id="7b4f3a04-0000-4000-8000-000000000000")
    with pytest.raises(HTTPError) as long:
        send(system, "x" * 2_000_000, upload())
    assert "Your message is too long" in str(long.value.message)
    assert files.messages() == []


def test_for_simulated_recipients_nothing_is_uploaded(system: DevSystem, files: SimulatorClient) -> None:
    sent = send(system, upload(), to="simulate-delivered@notifications.service.gov.uk")
    link = f"{files.url}/services/{system.world['service_id']}/documents/test-document"
    assert link in sent["content"]["body"]
    assert files.messages() == []


@pytest.mark.parametrize("trouble", ["fail", "refuse", "nonsense"])
def test_without_the_file_service_nothing_is_accepted(
    system: DevSystem, files: SimulatorClient, trouble: str
) -> None:
    before = stored(system)
    files.behave_by_default(trouble)
    with pytest.raises(HTTPError) as failed:
        send(system, upload(), upload())
    assert failed.value.status_code == 503
    errors: Any = failed.value.message
    assert errors[0]["error"] == "DocumentsUnavailable"
    answer: Any = failed.value.response
    assert answer.headers["Retry-After"] == "5"
    assert stored(system) == before
    log = (system.directory.logs / "web.log").read_text()
    assert "the file service takes no files" in log
    assert "jo@example.com" not in log
    files.behave_normally()
    assert send(system, upload())["id"]


def test_who_asks_again_during_the_upload_waits_and_nothing_is_uploaded_twice(
    system: DevSystem, files: SimulatorClient
) -> None:
    files.behave_by_default("slow", seconds=2.0)
    ready = system.ready_document()
    body = {
        "email_address": "jo@example.com",
        "template_id": system.world["templates"]["email"],
        "personalisation": {"name": "Jo", "day": upload()},
    }

    def ask(_: int) -> urllib3.BaseHTTPResponse:
        headers = {
            "Authorization": f"Bearer {bearer_token(ready['api_keys']['normal'])}",
            "Idempotency-Key": "one upload",
        }
        url = f"{ready['base_url']}/v2/notifications/email"
        return urllib3.request("POST", url, json=body, headers=headers, retries=False)

    with ThreadPoolExecutor(5) as pool:
        answers = sorted(pool.map(ask, range(5)), key=lambda answer: answer.status)
    done = [answer for answer in answers if answer.status == 201]
    told_to_wait = [answer for answer in answers if answer.status == 409]
    # On a busy machine somebody may come so late that the upload is over: that is told the same as the first.
    assert len(done) + len(told_to_wait) == 5
    assert {answer.headers["Retry-After"] for answer in told_to_wait} <= {"1"}
    assert {answer.data for answer in done} == {ask(0).data}
    assert len(files.messages()) == 1
