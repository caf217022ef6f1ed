"""Trying a message out: exactly what would be sent and told, and nothing happens."""

from __future__ import annotations

from typing import Any

import pytest

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.services.model import MessageLimits
from tests.unit.conftest import make_town
from tests.unit.web.conftest import Web

SMS, EMAIL = "/v2/notifications/sms", "/v2/notifications/email"


def nothing_happened(web: Web) -> bool:
    web.town.platform.run()
    return not (web.town.platform.phones.sent or web.town.platform.inboxes.sent)


def test_a_text_is_shown_as_its_phone_would_show_it(web: Web) -> None:
    reply = web.post(f"{SMS}/dry-run", web.sms(personalisation={"name": "“Siôn”  ,"}, reference="r"))
    assert reply.status == 200
    real = web.post(SMS, web.sms(personalisation={"name": "“Siôn”  ,"}, reference="r"))
    alike = ("content", "reference", "template", "scheduled_for")
    assert {name: reply.json[name] for name in alike} == {name: real.json[name] for name in alike}
    assert reply.json["would_send"] == {
        "recipient": "447700900123",
        "sender": "NOTIFY",
        "text": 'Bins: Hi "Siôn",',
        "international": False,
        "encoding": "unicode",
        "fragments": 1,
    }
    assert reply.json["cost_in_pence"] == 2.4
    web.town.platform.run()
    assert [text.text for text in web.town.platform.phones.sent] == [reply.json["would_send"]["text"]]


def test_fragments_and_multipliers_are_priced(web: Web) -> None:
    reply = web.post(f"{SMS}/dry-run", web.sms(personalisation={"name": "x" * 400}, phone_number="+1 202 555 0104"))
    told = reply.json["would_send"]
    assert (told["fragments"], told["international"], told["encoding"]) == (3, True, "gsm7")
    assert reply.json["cost_in_pence"] == 7.2
    assert nothing_happened(web)


def test_an_email_is_shown_as_it_would_be_sent(web: Web) -> None:
    reply = web.post(f"{EMAIL}/dry-run", web.email(one_click_unsubscribe_url="https://example.com/u"))
    assert (reply.status, reply.json["cost_in_pence"]) == (200, 0.0)
    assert nothing_happened(web)
    web.post(EMAIL, web.email(one_click_unsubscribe_url="https://example.com/u"))
    web.town.platform.run()
    [mail] = web.town.platform.inboxes.sent
    assert reply.json["would_send"] == {
        "recipient": mail.recipient,
        "sender_name": mail.sender_name,
        "sender_address": mail.sender_address,
        "reply_to": mail.reply_to,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
    }
    assert reply.json["content"]["one_click_unsubscribe_url"] == "https://example.com/u"
    assert reply.json["sanitised_content"] == {}


@pytest.mark.parametrize(
    "change",
    [
        {"personalisation": {}},
        {"personalisation": {"name": "x" * 1000}},
        {"phone_number": "07900"},
        {"phone_number": 5, "zoo": 1},
        {"template_id": "00000000-0000-0000-0000-000000000000"},
        {"sms_sender_id": "00000000-0000-0000-0000-000000000000"},
        {"scheduled_for": "yesterday"},
    ],
)
def test_it_refuses_what_sending_refuses(web: Web, change: dict[str, Any]) -> None:
    tried, sent = web.post(f"{SMS}/dry-run", web.sms(**change)), web.post(SMS, web.sms(**change))
    assert (tried.status, tried.body) == (sent.status, sent.body)
    assert tried.status == 400


def test_limits_are_looked_at_and_not_used_up(platform: MemoryPlatform, clock: FixedClock, web: Web) -> None:
    limits = MessageLimits(sms=1, international_sms=1)
    narrow = Web(make_town(platform, clock, name="Narrow", limits=limits), web.runner)
    abroad = narrow.sms(phone_number="+1 202 555 0104")
    assert [narrow.post(f"{SMS}/dry-run", abroad).status for _ in range(3)] == [200, 200, 200]
    assert narrow.post(SMS, abroad).status == 201
    assert narrow.post(f"{SMS}/dry-run", abroad).problem == (
        429,
        "TooManyRequestsError",
        "Exceeded send limits (sms: 1) for today",
    )


def test_it_needs_a_token(web: Web) -> None:
    assert web.request("POST", f"{SMS}/dry-run", b"{}").status == 401
