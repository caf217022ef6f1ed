"""The official Python client reads messages back: one, a choice of them, and all of them page by page."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from notify_cli.dev.system import DevSystem
from tests.integration.system.conftest import MANY, OF_MANY_PAGES, PAGE, client_for, client_of, template_of
from tests.integration.system.python_client.conftest import IN_COLOUR, VALUES, bad_request, followed, refused


def ids(messages: Any) -> list[str]:
    return [message["id"] for message in messages]


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
    assert ids(page["notifications"]) == sent[::-1]
    rest = client.get_all_notifications(reference=reference, older_than=sent[1])
    assert ids(rest["notifications"]) == sent[:1]
    everything = ids(client.get_all_notifications_iterator(status=["accepted", "received"]))
    assert [message for message in everything if message in sent] == sent[::-1]
    assert client_of(system, "test").get_all_notifications(reference=reference)["notifications"] == []


def test_a_choice_of_messages_is_listed(system: DevSystem) -> None:
    client = client_for(system, "test")
    reference = str(uuid.uuid4())
    delivered, failed = (
        client.send_sms_notification(number, template_of(system), IN_COLOUR, reference=reference)["id"]
        for number in ("07700900123", "07700900002")
    )
    email = client.send_email_notification(
        "jo@example.com", template_of(system, "Missed collection"), VALUES, reference=reference
    )["id"]
    for message, status in ((delivered, "delivered"), (failed, "permanent-failure"), (email, "delivered")):
        followed(client, message, status)

    def listed(**which: Any) -> list[str]:
        return ids(client.get_all_notifications(reference=reference, **which)["notifications"])

    assert listed() == [email, failed, delivered]
    assert listed(include_jobs=True) == [email, failed, delivered]
    assert listed(template_type="sms") == [failed, delivered]
    assert listed(template_type=["sms", "email"]) == [email, failed, delivered]
    assert listed(template_type="letter") == []
    assert listed(status="failed") == [failed]
    assert listed(status=["delivered", "permanent-failure"]) == [email, failed, delivered]
    assert listed(status="received", template_type="email") == [email]
    assert listed(older_than=email) == [failed, delivered]
    assert listed(older_than=email, status="received", template_type=["sms"], include_jobs=True) == [delivered]
    assert listed(older_than=str(uuid.uuid4())) == []
    of_its_own = client.get_all_notifications_iterator(
        status=["delivered"], template_type="sms", reference=reference, older_than=email
    )
    assert ids(of_its_own) == [delivered]
    everything = client.get_all_notifications(reference=reference)["notifications"]
    assert everything == [client.get_notification_by_id(message) for message in (email, failed, delivered)]


def test_a_choice_that_there_is_not_is_refused(system: DevSystem) -> None:
    client = client_for(system)
    statuses = (
        "cancelled, created, sending, sent, delivered, pending, failed, technical-failure, temporary-failure,"
        " permanent-failure, pending-virus-check, validation-failed, virus-scan-failed, returned-letter, accepted,"
        " received"
    )
    assert refused(client.get_all_notifications, status="lost", template_type="pigeon", older_than="x") == (
        400,
        [
            {"error": "ValidationError", "message": f"status lost is not one of [{statuses}]"},
            {"error": "ValidationError", "message": "template_type pigeon is not one of [sms, email, letter]"},
            {"error": "ValidationError", "message": "older_than is not a valid UUID"},
        ],
    )
    assert refused(client.get_notification_by_id, "x") == bad_request(
        "notification_id is not a valid UUID", "ValidationError"
    )


def test_across_the_edges_of_pages_every_message_comes_once(system: DevSystem, many_sent: list[str]) -> None:
    client = client_for(system, "test", OF_MANY_PAGES)
    page = client.get_all_notifications()
    assert len(page["notifications"]) == PAGE
    assert page["links"]["next"].endswith(f"?older_than={page['notifications'][-1]['id']}")
    found = list(client.get_all_notifications_iterator())
    assert len(found) == MANY
    assert set(ids(found)) == set(many_sent)


def test_the_choice_is_kept_from_page_to_page(system: DevSystem, many_sent: list[str]) -> None:
    client = client_for(system, "test", OF_MANY_PAGES)
    assert set(ids(client.get_all_notifications_iterator(reference="rest"))) == set(many_sent[PAGE:])
    newest = client.get_all_notifications(template_type="sms")["notifications"][0]["id"]
    older = ids(client.get_all_notifications_iterator(template_type=["sms", "email"], older_than=newest))
    assert len(older) == MANY - 1
    assert {*older, newest} == set(many_sent)


def test_messages_that_fill_a_page_exactly_come_to_an_end(system: DevSystem, many_sent: list[str]) -> None:
    client = client_for(system, "test", OF_MANY_PAGES)
    found = ids(client.get_all_notifications_iterator(reference="page"))
    assert len(found) == PAGE
    assert set(found) == set(many_sent[:PAGE])
    after = client.get_all_notifications(reference="page", older_than=found[-1])
    assert (after["notifications"], list(after["links"])) == ([], ["current"])


@pytest.mark.parametrize("key", ["live", "team", "test"])
def test_each_type_of_key_lists_its_own_messages_and_reads_them_all(system: DevSystem, key: str) -> None:
    reference = str(uuid.uuid4())
    sent = {
        each: client_for(system, each).send_sms_notification(
            "07700900202", template_of(system), IN_COLOUR, reference=reference
        )["id"]
        for each in ("live", "team", "test")
    }
    client = client_for(system, key)
    assert ids(client.get_all_notifications(reference=reference)["notifications"]) == [sent[key]]
    assert [client.get_notification_by_id(each)["reference"] for each in sent.values()] == [reference] * 3


def test_there_is_no_pdf_of_a_text(system: DevSystem) -> None:
    client = client_of(system)
    sent = client.send_sms_notification("07700 900123", system.world["templates"]["sms"], personalisation=VALUES)
    assert refused(client.get_pdf_for_letter, sent["id"]) == bad_request("Notification is not a letter")
