"""The official Python client, unmodified, sends and reads back until delivered."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from notifications_python_client.errors import HTTPError

from notify_cli.dev.system import DevSystem
from tests.integration.system.conftest import client_of, client_with, wait_for

VALUES = {"name": "Jo", "day": "Monday"}


def followed(client: Any, notification_id: str, status: str = "delivered") -> dict[str, Any]:
    found: dict[str, Any] = {}

    def there() -> bool:
        found.update(client.get_notification_by_id(notification_id))
        return bool(found["status"] == status)

    wait_for(there)
    return found


def first_error(raised: pytest.ExceptionInfo[HTTPError]) -> Any:
    """Return what users of the client look at; the client calls it a text, and it is a list."""
    errors: Any = raised.value.message
    return errors[0]


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
    with pytest.raises(HTTPError) as refused:
        client.send_sms_notification("07700900124", template, personalisation=VALUES)
    assert refused.value.status_code == 400
    assert first_error(refused) == {
        "error": "BadRequestError",
        "message": "Can’t send to this recipient using a team-only API key",
    }


def test_errors_reach_the_client_as_it_expects_them(system: DevSystem) -> None:
    client = client_of(system)
    with pytest.raises(HTTPError) as missing:
        client.send_sms_notification("07700900123", system.world["templates"]["sms"])
    assert first_error(missing)["message"] == "Missing personalisation: name, day"
    with pytest.raises(HTTPError) as unknown:
        client.get_notification_by_id(str(uuid.uuid4()))
    assert (unknown.value.status_code, first_error(unknown)["error"]) == (404, "NoResultFound")
    stranger = client_with(f"x-{uuid.uuid4()}-{uuid.uuid4()}", client.base_url)
    with pytest.raises(HTTPError) as refused:
        stranger.get_notification_by_id(str(uuid.uuid4()))
    assert first_error(refused)["message"] == "Invalid token: service not found"


def test_all_messages_are_read_back_page_by_page(system: DevSystem) -> None:
    client = client_of(system)
    template = system.world["templates"]["sms"]
    reference = str(uuid.uuid4())
    sent = [
        client.send_sms_notification("07700 900123", template, personalisation=VALUES, reference=reference)["id"]
        for _ in range(3)
    ]
    page = client.get_all_notifications(reference=reference, template_type="sms", include_jobs=True)
    assert sorted(page["links"]) == ["current", "next"]
    assert [message["id"] for message in page["notifications"]] == sent[::-1]
    rest = client.get_all_notifications(reference=reference, older_than=sent[1])
    assert [message["id"] for message in rest["notifications"]] == sent[:1]
    everything = [message["id"] for message in client.get_all_notifications_iterator(status=["accepted", "received"])]
    assert [message for message in everything if message in sent] == sent[::-1]
    assert client_of(system, "test").get_all_notifications(reference=reference)["notifications"] == []


def test_templates_are_read_and_previewed(system: DevSystem) -> None:
    client = client_of(system)
    template = system.world["templates"]["sms"]
    shown = client.get_template(template)
    assert shown == client.get_template_version(template, shown["version"])
    assert list(shown["personalisation"]) == ["day", "name"]
    assert shown in client.get_all_templates()["templates"]
    assert all(other["type"] == "email" for other in client.get_all_templates("email")["templates"])
    preview = client.post_template_preview(template, VALUES)
    assert (preview["body"], preview["html"]) == ("Hello Jo, your bins are collected on Monday.", None)


def test_received_texts_are_read_to_their_end(system: DevSystem) -> None:
    client = client_of(system)
    assert client.get_received_texts()["received_text_messages"] == []
    assert list(client.get_received_texts_iterator()) == []


def test_there_is_no_pdf_of_a_text(system: DevSystem) -> None:
    client = client_of(system)
    sent = client.send_sms_notification("07700 900123", system.world["templates"]["sms"], personalisation=VALUES)
    with pytest.raises(HTTPError) as refused:
        client.get_pdf_for_letter(sent["id"])
    assert first_error(refused)["message"] == "Notification is not a letter"
