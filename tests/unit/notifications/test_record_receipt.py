"""Receipts in the providers' own codes."""

from __future__ import annotations

import json

import pytest

from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.providers.model import OutgoingEmail
from notify_core.providers.ses_events import InvalidEvent, SesEvent, parse_event
from notify_core.vocabulary import ProviderName
from tests.unit.conftest import Town


@pytest.mark.parametrize(
    ("provider", "receipts", "expected"),
    [
        (ProviderName.MMG, [("3", "5")], "delivered"),
        (ProviderName.MMG, [("2", "1")], "permanent-failure"),
        (ProviderName.MMG, [("4", None)], "temporary-failure"),
        (ProviderName.MMG, [("5", "None")], "permanent-failure"),
        (ProviderName.MMG, [("99", "1")], "technical-failure"),
        (ProviderName.FIRETEXT, [("0", None)], "delivered"),
        (ProviderName.FIRETEXT, [("2", None)], "pending"),
        (ProviderName.FIRETEXT, [("1", None)], "permanent-failure"),
        (ProviderName.FIRETEXT, [("1", "101")], "permanent-failure"),
        (ProviderName.FIRETEXT, [("1", "102")], "temporary-failure"),
        (ProviderName.FIRETEXT, [("2", None), ("1", "101")], "permanent-failure"),
        (ProviderName.FIRETEXT, [("2", None), ("1", "789")], "temporary-failure"),
        (ProviderName.FIRETEXT, [("2", None), ("1", None)], "temporary-failure"),
        (ProviderName.FIRETEXT, [("0", None), ("2", None), ("1", "101")], "delivered"),
        (ProviderName.FIRETEXT, [("000", None)], "technical-failure"),
    ],
)
def test_codes_mean_what_the_providers_say(
    town: Town, provider: ProviderName, receipts: list[tuple[str, str | None]], expected: str
) -> None:
    accepted = town.text()
    town.platform.run()
    for status, code in receipts:
        receipt = SmsReceipt(provider=provider, reference=str(accepted.id), status=status, code=code)
        town.platform.notify.record_sms_receipt(receipt)
        town.platform.notify.record_sms_receipt(receipt)
    assert town.status(accepted.id) == expected


@pytest.mark.parametrize("reference", ["0b5d2a1c-6c3e-4f0d-9a51-4d3f6a6e2b10", "not-an-id", ""])
def test_receipts_for_strangers_are_ignored(town: Town, reference: str) -> None:
    receipt = SmsReceipt(provider=ProviderName.MMG, reference=reference, status="3")
    assert town.platform.notify.record_sms_receipt(receipt) is None


def known_as_ref(message: OutgoingEmail) -> str:
    assert message.recipient
    return "REF"


def event(kind: str, **more: object) -> SesEvent:
    return parse_event(json.dumps({"notificationType": kind, "mail": {"messageId": "REF"}, **more}))


@pytest.mark.parametrize(
    ("kind", "section", "expected"),
    [
        ("Delivery", {"delivery": {"timestamp": "2026-11-21T12:00:00.000Z"}}, "delivered"),
        ("Bounce", {"bounce": {"bounceType": "Permanent"}}, "permanent-failure"),
        ("Bounce", {"bounce": {"bounceType": "Transient"}}, "temporary-failure"),
        ("Bounce", {}, "temporary-failure"),
    ],
)
def test_ses_events_end_emails(
    town: Town, monkeypatch: pytest.MonkeyPatch, kind: str, section: dict[str, object], expected: str
) -> None:
    accepted = town.mail()
    monkeypatch.setattr(town.platform.inboxes, "send", known_as_ref)
    town.platform.run()
    town.platform.notify.record_email_receipt(event(kind, **section))
    town.platform.notify.record_email_receipt(event("Delivery"))
    assert town.status(accepted.id) == expected


def test_a_complaint_changes_no_status_and_is_stored_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = town.mail()
    monkeypatch.setattr(town.platform.inboxes, "send", known_as_ref)
    town.platform.run()
    complaint = event("Complaint", complaint={"feedbackId": "F", "complaintFeedbackType": "abuse"})
    for _ in range(2):
        assert town.platform.notify.record_email_receipt(complaint) is not None
    assert town.status(accepted.id) == "sending"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        "{}",
        '{"notificationType": "Delivery"}',
        '{"notificationType": "Delivery", "mail": []}',
        '{"notificationType": "Holiday", "mail": {"messageId": "x"}}',
    ],
)
def test_what_ses_would_not_say_is_refused(text: str) -> None:
    with pytest.raises(InvalidEvent, match="SES callback failed"):
        parse_event(text)
