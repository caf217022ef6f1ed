"""The official Python client's errors say what its users test for."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from notifications_python_client.errors import HTTP503Error, HTTPError

from notify_adapters.embedded import free_port
from notify_cli.dev.system import DevSystem
from tests.integration.system.conftest import client_for, client_of, client_with, service_of, template_of
from tests.integration.system.python_client.conftest import IN_COLOUR, bad_request, refused

NOWHERE = "7b4f3a04-0000-4000-8000-000000000000"


def test_errors_reach_the_client_as_it_expects_them(system: DevSystem) -> None:
    client = client_of(system)
    missing = refused(client.send_sms_notification, "07700900123", system.world["templates"]["sms"])
    assert missing == bad_request("Missing personalisation: name, day")
    unknown = refused(client.get_notification_by_id, str(uuid.uuid4()))
    assert unknown == (404, [{"error": "NoResultFound", "message": "No result found"}])
    stranger = client_with(f"x-{uuid.uuid4()}-{uuid.uuid4()}", client.base_url)
    assert refused(stranger.get_notification_by_id, str(uuid.uuid4())) == (
        403,
        [{"error": "AuthError", "message": "Invalid token: service not found"}],
    )


def test_each_thing_wrong_with_a_request_is_an_error_of_its_own(system: DevSystem) -> None:
    client = client_for(system)
    assert refused(client.send_sms_notification, "0790090012x", "bins", sms_sender_id="me") == (
        400,
        [
            {"error": "ValidationError", "message": "phone_number Must not contain letters or symbols"},
            {"error": "ValidationError", "message": "template_id is not a valid UUID"},
            {"error": "ValidationError", "message": "sms_sender_id is not a valid UUID"},
        ],
    )
    assert refused(client.send_email_notification, "jo", NOWHERE, one_click_unsubscribe_url="http://x") == (
        400,
        [
            {"error": "ValidationError", "message": "email_address Not a valid email address"},
            {"error": "ValidationError", "message": "one_click_unsubscribe_url is not a valid https url"},
        ],
    )


def test_what_is_not_there_is_named(system: DevSystem) -> None:
    client, service_id = client_for(system), service_of(system)["id"]
    text, email = client.send_sms_notification, client.send_email_notification
    assert refused(text, "07700900123", NOWHERE) == bad_request("Template not found")
    assert refused(text, "07700900123", template_of(system, "Strike")) == bad_request("Template has been deleted")
    assert refused(text, "07700900123", template_of(system, "Missed collection")) == bad_request(
        "email template is not suitable for sms notification"
    )
    assert refused(text, "07700900123", template_of(system), IN_COLOUR, sms_sender_id=NOWHERE) == bad_request(
        f"sms_sender_id {NOWHERE} does not exist in database for service id {service_id}"
    )
    missed = template_of(system, "Missed collection")
    assert refused(email, "jo@example.com", missed, IN_COLOUR, email_reply_to_id=NOWHERE) == bad_request(
        f"email_reply_to_id {NOWHERE} does not exist in database for service id {service_id}"
    )


@pytest.mark.parametrize("ask", ["get_template", "get_notification_by_id", "get_pdf_for_letter"])
def test_what_another_service_has_is_not_found(system: DevSystem, ask: str) -> None:
    assert refused(getattr(client_for(system), ask), NOWHERE) == (
        404,
        [{"error": "NoResultFound", "message": "No result found"}],
    )


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("{withdrawn}", "Invalid token: API key revoked"),
        (f"live-{{service_id}}-{NOWHERE}", "Invalid token: API key not found"),
        (f"live-{NOWHERE}-{NOWHERE}", "Invalid token: service not found"),
        (f"{'x' * 36}-{NOWHERE}", "Invalid token: service id is not the right data type"),
    ],
)
def test_a_key_that_does_not_open_says_why(system: DevSystem, key: str, message: str) -> None:
    service = service_of(system)
    key = key.format(withdrawn=service["api_keys"]["withdrawn"]["api_key"], service_id=service["id"])
    client = client_with(key, system.ready_document()["base_url"])
    denied = (403, [{"error": "AuthError", "message": message}])
    assert refused(client.get_all_notifications) == denied
    assert refused(client.send_sms_notification, "07700900123", template_of(system), IN_COLOUR) == denied


def test_a_service_in_a_hurry_is_told_its_rate(system: DevSystem) -> None:
    client = client_for(system, service="Clients in a hurry")
    template = template_of(system, service="Clients in a hurry")

    def hurry() -> None:
        for _ in range(5):
            client.send_sms_notification("07700900123", template)

    message = "Exceeded rate limit for key type LIVE of 1 requests per 60 seconds"
    assert refused(hurry) == (429, [{"error": "RateLimitError", "message": message}])


def test_a_service_that_has_used_up_its_day_is_told_its_limit(system: DevSystem) -> None:
    client = client_for(system, service="Clients without texts")
    template = template_of(system, service="Clients without texts")
    assert refused(client.send_sms_notification, "07700900123", template) == (
        429,
        [{"error": "TooManyRequestsError", "message": "Exceeded send limits (sms: 0) for today"}],
    )


def test_where_nobody_listens_the_client_says_503(system: DevSystem) -> None:
    client = client_with(service_of(system)["api_keys"]["live"]["api_key"], f"http://127.0.0.1:{free_port()}")
    with pytest.raises(HTTP503Error) as failed:
        client.get_all_templates()
    assert (failed.value.status_code, failed.value.message) == (503, "Request failed")
    assert failed.value.response is None


def test_an_error_can_be_printed(system: DevSystem) -> None:
    with pytest.raises(HTTPError) as raised:
        client_for(system).get_template("bins")
    assert str(raised.value) == "400 - [{'error': 'ValidationError', 'message': 'id is not a valid UUID'}]"
    answer: Any = raised.value.response
    assert answer.json()["status_code"] == 400


def test_the_clients_own_verbs_are_answered_whatever_they_ask(system: DevSystem) -> None:
    client = client_for(system)
    assert client.get("/v2/templates", params={"type": "sms"}) == client.get_all_templates("sms")
    assert client.request("GET", "/v2/templates") == client.get_all_templates()
    preview = client.post(f"/v2/template/{template_of(system)}/preview", data={"personalisation": IN_COLOUR})
    assert preview == client.post_template_preview(template_of(system), IN_COLOUR)
    not_allowed: Any = (405, "The method is not allowed for the requested URL.")
    assert refused(client.put, "/v2/templates", data={}) == not_allowed
    assert refused(client.delete, "/v2/templates", data={}) == not_allowed
    assert client.generate_headers("token")["User-agent"].startswith("NOTIFY-API-PYTHON-CLIENT/")
