"""Files by email through the public API: every refusal in its envelope, and the place in the day's count."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.documents.ports import DocumentRefused, DocumentsUnavailable
from notify_core.services.model import MessageLimits
from tests.unit.conftest import Town, make_town
from tests.unit.web.conftest import Web

EMAIL, SMS = "/v2/notifications/email", "/v2/notifications/sms"
FILE = {"file": base64.b64encode(b"Hello").decode()}


@pytest.fixture
def town(platform: MemoryPlatform, clock: FixedClock) -> Town:
    return make_town(platform, clock, contact_link="https://bins.example", limits=MessageLimits(email=1))


def with_file(web: Web, **file: Any) -> dict[str, object]:
    return web.email(personalisation={"name": FILE | file})


def test_an_email_with_a_file_is_answered_with_its_link(web: Web) -> None:
    reply = web.post(EMAIL, with_file(web, filename="hello.txt", confirm_email_before_download=None))
    [url] = web.town.platform.documents.kept
    assert (reply.status, reply.json["content"]["body"]) == (201, f"# Hi {url}")
    found = web.get(f"/v2/notifications/{reply.json['id']}")
    assert found.json["body"] == f"# Hi {url}"


def test_everything_that_is_wrong_with_a_file_is_told(web: Web) -> None:
    reply = web.post(EMAIL, with_file(web, is_csv="bad", retention_period="79 weeks"))
    assert reply.status == 400
    assert reply.json["errors"] == [
        {
            "error": "ValidationError",
            "message": "is_csv Unsupported value for is_csv: bad. Use a boolean true or false value.",
        },
        {
            "error": "ValidationError",
            "message": "retention_period Unsupported value for retention_period: 79 weeks."
            " Supported periods are from 1 to 78 weeks.",
        },
    ]


def test_a_service_without_contact_details_sends_no_files(
    web: Web, platform: MemoryPlatform, clock: FixedClock
) -> None:
    web.town = make_town(platform, clock, name="Parking")
    web.configure()
    assert web.post(EMAIL, with_file(web)).problem == (
        400,
        "BadRequestError",
        (
            "Send files by email has not been set up - add contact details for your service at "
            f"http://localhost:6012/services/{web.town.service.id}/service-settings/send-files-by-email"
        ),
    )


def test_a_refusal_of_the_file_service_is_passed_on_in_its_words(web: Web) -> None:
    web.town.platform.documents.failures.append(DocumentRefused("File did not pass the virus scan"))
    reply = web.post(EMAIL, with_file(web))
    assert reply.problem == (400, "BadRequestError", "File did not pass the virus scan")


def test_without_the_file_service_nothing_is_accepted_and_the_place_in_the_count_is_given_back(
    web: Web, logs: list[dict[str, Any]]
) -> None:
    web.town.platform.documents.failures.append(DocumentsUnavailable("10.0.0.1 answered 502"))
    reply = web.post(EMAIL, with_file(web))
    assert reply.problem == (
        503,
        "DocumentsUnavailable",
        "Files cannot be uploaded at the moment, please try again",
    )
    assert reply.header("retry-after") == "5"
    assert "10.0.0.1" not in str(reply.body)
    assert [line["error"] for line in logs if line["event"] == "request failed"] == ["DocumentsUnavailable"]
    assert web.town.platform.notify.relay_outbox().published == 0
    assert web.post(EMAIL, with_file(web)).status == 201
    assert web.post(EMAIL, web.email()).status == 429


def test_texts_carry_no_files(web: Web) -> None:
    reply = web.post(SMS, web.sms(personalisation={"name": FILE}))
    assert reply.problem == (400, "BadRequestError", "Can only send a file by email")
