"""Looking one message up: every key, its money and its times, and who may see it."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.vocabulary import KeyType, ProviderName
from tests.unit.conftest import make_town
from tests.unit.web.conftest import ROOT, Web

SMS, EMAIL = "/v2/notifications/sms", "/v2/notifications/email"


def test_a_text_is_shown_as_accepted(web: Web) -> None:
    message = web.post(SMS, web.sms(reference="mine", phone_number=" 07700 900123")).json["id"]
    template = web.town.sms.id
    reply = web.get(f"/v2/notifications/{message}")
    assert reply.status == 200
    assert reply.json == {
        "id": message,
        "reference": "mine",
        "type": "sms",
        "status": "created",
        "email_address": None,
        "phone_number": "07700 900123",
        "line_1": None,
        "line_2": None,
        "line_3": None,
        "line_4": None,
        "line_5": None,
        "line_6": None,
        "postcode": None,
        "postage": None,
        "body": "Hi Jo",
        "subject": None,
        "template": {"id": str(template), "version": 1, "uri": f"{ROOT}/v2/template/{template}/version/1"},
        "created_at": "2026-11-21T12:00:00.000000Z",
        "created_by_name": None,
        "sent_at": None,
        "completed_at": None,
        "scheduled_for": None,
        "one_click_unsubscribe_url": None,
        "is_cost_data_ready": False,
        "cost_in_pounds": None,
        "cost_details": {},
    }
    assert reply.body == json.dumps(reply.json, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def test_a_delivered_text_has_a_price(web: Web) -> None:
    message = web.post(SMS, web.sms(personalisation={"name": "x" * 400})).json["id"]
    web.town.platform.run()
    web.town.clock.advance(timedelta(seconds=1, microseconds=5))
    web.town.platform.notify.record_sms_receipt(
        SmsReceipt(provider=ProviderName.MMG, reference=message, status="3", code="5")
    )
    reply = web.get(f"/v2/notifications/{message}")
    assert reply.json["status"] == "delivered"
    assert reply.json["sent_at"] == "2026-11-21T12:00:00.000000Z"
    assert reply.json["completed_at"] == "2026-11-21T12:00:01.000005Z"
    assert (
        b'"cost_details":{"billable_sms_fragments":3,"international_rate_multiplier":1.0,"sms_rate":0.024},'
        b'"cost_in_pounds":0.072,' in reply.body
    )


def test_an_email_costs_nothing(web: Web) -> None:
    url = "https://example.com/out"
    message = web.post(EMAIL, web.email(one_click_unsubscribe_url=url)).json["id"]
    reply = web.get(f"/v2/notifications/{message}")
    shown = reply.json
    assert (shown["email_address"], shown["phone_number"]) == ("jo@example.com", None)
    assert (shown["subject"], shown["body"]) == ("For Jo", "# Hi Jo")
    assert shown["one_click_unsubscribe_url"] == url
    assert b'"cost_details":{},"cost_in_pounds":0.0,' in reply.body
    assert shown["is_cost_data_ready"] is True


@pytest.mark.parametrize("key", list(KeyType))
def test_every_key_of_the_service_sees_the_message(web: Web, key: KeyType) -> None:
    message = web.post(SMS, web.sms(), KeyType.TEST).json["id"]
    assert web.get(f"/v2/notifications/{message}", key).status == 200


@pytest.mark.parametrize("form", ["{}", "{{{}}}", "urn:uuid:{}"])
def test_the_id_may_be_written_in_any_form_of_uuid(web: Web, form: str) -> None:
    message = web.post(SMS, web.sms()).json["id"]
    for text in (message, message.upper(), UUID(message).hex):
        assert web.get(f"/v2/notifications/{form.format(text)}").json["id"] == message


def test_nobody_else_sees_the_message(web: Web) -> None:
    message = web.post(SMS, web.sms()).json["id"]
    stranger = Web(make_town(web.town.platform, web.town.clock, name="Stranger"), web.runner)
    assert stranger.get(f"/v2/notifications/{message}").problem == (404, "NoResultFound", "No result found")


def test_an_unknown_message_is_not_found(web: Web) -> None:
    assert web.get(f"/v2/notifications/{uuid4()}").problem == (404, "NoResultFound", "No result found")


@pytest.mark.parametrize("wrong", ["x", "sms", "email", "letter", "123", "a@b.c", "\0"])
def test_what_is_no_id_is_told_so(web: Web, wrong: str) -> None:
    reply = web.get(f"/v2/notifications/{wrong}")
    assert reply.problem == (400, "ValidationError", "notification_id is not a valid UUID")


@pytest.mark.parametrize("identity", ["ffffffff-ffff-7fff-bfff-ffffffffffff", "00000000-0000-7000-8000-000000000000"])
def test_ids_of_impossible_times_are_not_found(web: Web, identity: str) -> None:
    assert web.get(f"/v2/notifications/{identity}").problem == (404, "NoResultFound", "No result found")
