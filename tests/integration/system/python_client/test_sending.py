"""The official Python client, unmodified, sends and reads back until delivered."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest

from notify_adapters.simulators.client import SimulatorClient
from notify_cli.dev.system import DevSystem
from tests.integration.system.conftest import client_for, client_of, service_of, template_of
from tests.integration.system.python_client.conftest import IN_COLOUR, VALUES, bad_request, followed, refused


def handed_over(system: DevSystem, name: str, *, reference: str = "", to: str = "") -> list[dict[str, Any]]:
    """Return what a provider was given."""
    simulator = SimulatorClient(system.ready_document()["simulators"][name])
    return [message["content"] for message in simulator.messages(reference=reference, to=to)]


def test_a_text_is_sent_and_read_back_until_delivered(system: DevSystem) -> None:
    client = client_of(system)
    template = system.world["templates"]["sms"]
    reference = str(uuid.uuid4())
    sent = client.send_sms_notification("07700 900123", template, personalisation=VALUES, reference=reference)
    assert sent["content"] == {"body": "Hello Jo, your bins are collected on Monday.", "from_number": "DEMO"}
    found = followed(client, sent["id"])
    assert found["phone_number"] == "07700 900123"
    assert found["reference"] == reference
    assert found["template"]["id"] == template
    assert found["body"] == sent["content"]["body"]
    assert found["sent_at"] <= found["completed_at"]
    assert found["cost_details"]["billable_sms_fragments"] == 1


def test_an_email_is_sent_and_read_back_until_delivered(system: DevSystem) -> None:
    client = client_of(system)
    template = system.world["templates"]["email"]
    sent = client.send_email_notification("jo@example.com", template, personalisation=VALUES)
    assert sent["content"]["subject"] == "Your bins, Jo"
    assert sent["content"]["from_email"] == "demo.service@notify.example"
    assert sent["sanitised_content"] == {}
    found = followed(client, sent["id"])
    assert found["email_address"] == "jo@example.com"
    assert found["subject"] == "Your bins, Jo"
    assert found["cost_in_pounds"] == 0


def test_a_text_with_everything_that_can_be_said(system: DevSystem) -> None:
    client, template = client_for(system), template_of(system)
    sent = client.send_sms_notification(
        phone_number="07700 900123",
        template_id=template,
        personalisation=IN_COLOUR,
        reference="everything",
        sms_sender_id=service_of(system)["sms_senders"]["SECOND"]["id"],
    )
    base_url = system.ready_document()["base_url"]
    assert sent == {
        "id": sent["id"],
        "reference": "everything",
        "content": {"body": "Jo, put your blue bin out on Monday.", "from_number": "SECOND"},
        "scheduled_for": None,
        "template": {
            "id": template,
            "uri": f"{base_url}/services/{service_of(system)['id']}/templates/{template}",
            "version": 3,
        },
        "uri": f"{base_url}/v2/notifications/{sent['id']}",
    }
    followed(client, sent["id"])
    senders = [text["sender"] for text in handed_over(system, "mmg", reference=sent["id"])]
    senders += [text["from"] for text in handed_over(system, "firetext", reference=sent["id"])]
    assert senders == ["SECOND"]


def test_an_email_with_everything_that_can_be_said(system: DevSystem) -> None:
    client, unsubscribe = client_for(system), "https://www.example.com/unsubscribe"
    recipient = f"{uuid.uuid4()}@example.com"
    sent = client.send_email_notification(
        email_address=recipient,
        template_id=template_of(system, "Missed collection"),
        personalisation={"name": "Jo", "day": "please [click](https://evil.link)"},
        reference="everything",
        email_reply_to_id=service_of(system)["reply_tos"]["second@example.gov.uk"]["id"],
        one_click_unsubscribe_url=unsubscribe,
        sanitise_content_for=["day", "name"],
    )
    assert sent["reference"] == "everything"
    assert sent["content"] == {
        "subject": "Sorry, Jo",
        "body": r"# Sorry, Jo" + "\n\n" + r"We come again on please \[click\]\(\).",
        "from_email": "clients@notify.example",
        "one_click_unsubscribe_url": unsubscribe,
    }
    assert sent["sanitised_content"] == {
        "day": {"unsanitised": "please [click](https://evil.link)", "sanitised": r"please \[click\]\(\)"}
    }
    found = followed(client, sent["id"])
    assert found["one_click_unsubscribe_url"] == unsubscribe
    assert found["body"] == sent["content"]["body"]
    [email] = handed_over(system, "ses", to=recipient)
    assert email["reply_to"] == ["second@example.gov.uk"]
    assert "evil.link" not in email["text"]


def test_what_is_to_be_sanitised_may_be_a_set(system: DevSystem) -> None:
    sent = client_for(system).send_email_notification(
        "jo@example.com", template_of(system, "Missed collection"), VALUES, sanitise_content_for={"day"}
    )
    assert sent["sanitised_content"] == {}


def test_senders_are_the_default_ones_unless_said(system: DevSystem) -> None:
    client, recipient = client_for(system), f"{uuid.uuid4()}@example.com"
    text = client.send_sms_notification("07700 900123", template_of(system), IN_COLOUR)
    assert (text["content"]["from_number"], text["reference"]) == ("FIRST", None)
    email = client.send_email_notification(recipient, template_of(system, "Missed collection"), VALUES)
    assert email["content"]["one_click_unsubscribe_url"] is None
    followed(client, email["id"])
    assert [email["reply_to"] for email in handed_over(system, "ses", to=recipient)] == [["first@example.gov.uk"]]


@pytest.mark.parametrize(
    ("number", "status"),
    [("07700900003", "temporary-failure"), ("07700900002", "permanent-failure"), ("07700900123", "delivered")],
)
def test_a_test_key_ends_as_the_number_says(system: DevSystem, number: str, status: str) -> None:
    client = client_of(system, "test")
    sent = client.send_sms_notification(number, system.world["templates"]["sms"], personalisation=VALUES)
    followed(client, sent["id"], status)


def test_a_team_key_writes_to_the_guest_list_only(system: DevSystem) -> None:
    client = client_of(system, "team")
    template = system.world["templates"]["sms"]
    sent = client.send_sms_notification("+447700900123", template, personalisation=VALUES)
    followed(client, sent["id"])
    assert refused(client.send_sms_notification, "07700900124", template, personalisation=VALUES) == bad_request(
        "Can’t send to this recipient using a team-only API key"
    )


def test_a_service_on_trial_writes_to_its_team_and_guest_list_only(system: DevSystem) -> None:
    client = client_for(system, service="Clients on trial")
    template = template_of(system, service="Clients on trial")
    for number in ("07700 900201", "07700 900202"):
        followed(client, client.send_sms_notification(number, template)["id"])
    assert refused(client.send_sms_notification, "07700 900123", template) == bad_request(
        "Can’t send to this recipient when service is in trial mode"
        " – see https://www.notifications.service.gov.uk/trial-mode"
    )


def test_letters_are_refused_in_known_words(system: DevSystem) -> None:
    client, template = client_for(system), template_of(system, "Yearly calendar")
    address = {"address_line_1": "Jo Bloggs", "address_line_2": "1 High Street", "postcode": "SW1A 1AA"}
    not_allowed = bad_request("Service is not allowed to send letters")
    assert refused(client.send_letter_notification, template, address | {"name": "Jo"}, reference="x") == not_allowed
    assert refused(client.send_letter_notification, template, None) == bad_request(
        "personalisation None is not of type object", "ValidationError"
    )
    pdf = b"%PDF-1.7\n"
    send_pdf = client.send_precompiled_letter_notification
    assert refused(send_pdf, "a reference", io.BytesIO(pdf), postage="first") == not_allowed
    assert refused(send_pdf, "a reference", io.BytesIO(pdf)) == not_allowed
    assert refused(send_pdf, "a reference", io.BytesIO(pdf), postage="pigeon") == bad_request(
        "postage invalid. It must be either first, second or economy.", "ValidationError"
    )
