"""What providers call: receipts of texts and emails."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from notify_core.unit_of_work import DatabaseUnavailable
from notify_core.vocabulary import ProviderName
from notify_web.webhooks.firetext import firetext_receipt
from notify_web.webhooks.mmg import mmg_receipt
from notify_web.webhooks.receipts import delivery_time
from tests.unit.web.conftest import Reply, Web

MMG, FIRETEXT, SES = "/notifications/sms/mmg", "/notifications/sms/firetext", "/notifications/email/ses"
TAKEN = b'{"result":"success"}\n'


def sent_sms(web: Web) -> str:
    message = web.post("/v2/notifications/sms", web.sms()).json["id"]
    web.town.platform.run()
    return str(message)


def mmg(web: Web, fields: object) -> Reply:
    return web.request("POST", MMG, json.dumps(fields).encode())


def firetext(web: Web, **fields: object) -> Reply:
    return web.request("POST", FIRETEXT, urlencode(fields).encode())


def test_mmg_reports_a_delivery(web: Web) -> None:
    message = sent_sms(web)
    reply = mmg(web, {"CID": message, "status": "3", "substatus": "5", "MSISDN": "447700900123"})
    assert (reply.status, reply.body) == (200, TAKEN)
    assert web.town.status(UUID(message)) == "delivered"


def test_firetext_reports_a_failure(web: Web) -> None:
    message = sent_sms(web)
    assert firetext(web, reference=message, status="1", code="101", mobile="447700900123").body == TAKEN
    assert web.town.status(UUID(message)) == "permanent-failure"


@pytest.mark.parametrize("reference", ["0b5d2a1c-6c3e-4f0d-9a51-4d3f6a6e2b10", "nonsense", "\0", 7, ["x"]])
def test_a_receipt_for_an_unknown_message_is_taken(web: Web, reference: object) -> None:
    assert mmg(web, {"CID": reference, "status": "3"}).body == TAKEN
    assert firetext(web, reference=reference, status="0").body == TAKEN


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, ["status", "CID"]),
        ({"status": "", "CID": ""}, ["status", "CID"]),
        ({"status": None, "CID": "x"}, ["status"]),
        ({"status": "3"}, ["CID"]),
        ({"CID": "x"}, ["status"]),
    ],
)
def test_mmg_is_told_what_is_missing(web: Web, fields: dict[str, object], missing: list[str]) -> None:
    reply = mmg(web, fields)
    assert reply.status == 400
    assert reply.json == {"result": "error", "message": [f"MMG callback failed: {name} missing" for name in missing]}


def test_firetext_is_told_what_is_missing(web: Web) -> None:
    assert firetext(web, status="0").json == {
        "result": "error",
        "message": ["Firetext callback failed: reference missing"],
    }
    assert firetext(web).json["message"] == [
        "Firetext callback failed: status missing",
        "Firetext callback failed: reference missing",
    ]


def test_the_number_zero_is_not_missing(web: Web) -> None:
    assert mmg(web, {"CID": str(uuid4()), "status": 0}).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xff", b"null", b"[" * 50_000])
def test_mmg_must_send_json(web: Web, body: bytes) -> None:
    reply = web.request("POST", MMG, body)
    assert reply.status == 400
    assert reply.json == {"result": "error", "message": ["MMG callback failed: invalid json"]}


def test_firetext_may_not_flood(web: Web) -> None:
    assert web.request("POST", FIRETEXT, b"a=1&" * 200).status == 400


def test_receipts_are_read_whole() -> None:
    receipt = mmg_receipt(b'{"CID":"x","status":2,"substatus":1,"deliverytime":"2016-07-05 17:01:07"}')
    assert (receipt.provider, receipt.reference, receipt.status, receipt.code) == (ProviderName.MMG, "x", "2", "1")
    assert receipt.delivered_at == datetime(2016, 7, 5, 16, 1, 7, tzinfo=UTC)
    assert mmg_receipt(b'{"CID":"x","status":"3"}').code is None
    form = firetext_receipt(b"reference=x&status=1&code=&time=2016-03-10+14%3A17%3A00&status=2")
    assert (form.status, form.code) == ("1", None)
    assert form.delivered_at == datetime(2016, 3, 10, 14, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2016-07-05 17:01:07", "2016-07-05T16:01:07"),
        ("2016-07-05 18:01:07+0200", "2016-07-05T16:01:07"),
        ("2016-01-05T17:01:07", "2016-01-05T17:01:07"),
        ("2016-01-05T17:01:07Z", "2016-01-05T17:01:07"),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_delivery_times_are_london_times_unless_they_say_otherwise(text: object, utc: str | None) -> None:
    expected = None if utc is None else datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert delivery_time(text) == expected


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({}, 401, "Unauthorized: authentication token must be provided"),
        (basic("mmg:wrong"), 403, "Forbidden: invalid authentication token provided"),
        (basic("mmg"), 403, "Forbidden: invalid authentication token provided"),
        ({"authorization": "Basic *"}, 403, "Forbidden: invalid authentication token provided"),
        ({"authorization": "Bearer x"}, 403, "Forbidden: invalid authentication token provided"),
        (basic("mmg:secret"), 200, None),
        ({"authorization": basic("mmg:secret")["authorization"].replace("Basic", "basic")}, 200, None),
    ],
)
def test_a_provider_with_a_password_must_give_it(
    web: Web, headers: dict[str, str], status: int, message: str | None
) -> None:
    web.configure(receipt_credentials={ProviderName.MMG: ("mmg", "secret")})
    body = json.dumps({"CID": str(uuid4()), "status": "3"}).encode()
    reply = web.request("POST", MMG, body, headers)
    assert (reply.status, reply.json.get("message")) == (status, message)
    assert (reply.header("www-authenticate") is not None) == (status == 401)
    assert firetext(web, reference="x", status="0").status == 200


def test_a_receipt_is_not_taken_while_the_database_is_away(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.break_database(monkeypatch)
    reply = mmg(web, {"CID": str(uuid4()), "status": "3"})
    assert (reply.status, reply.json["result"]) == (503, "error")
    assert reply.header("retry-after")


def test_a_receipt_that_is_stored_is_taken_whether_or_not_it_can_be_applied(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sent_sms(web)
    database = web.town.platform.database

    def begin(*_: object) -> None:
        raise DatabaseUnavailable("canceling statement due to lock timeout")

    with monkeypatch.context() as patch:
        patch.setattr(type(database), "begin", begin)
        assert mmg(web, {"CID": message, "status": "3"}).body == TAKEN
    assert web.town.status(UUID(message)) == "sending"
    web.town.clock.advance(timedelta(minutes=1))
    web.town.platform.notify.apply_waiting_receipts()
    assert web.town.status(UUID(message)) == "delivered"


def ses(web: Web, document: dict[str, Any]) -> Reply:
    return web.request("POST", SES, json.dumps(document).encode(), {"content-type": "text/plain; charset=UTF-8"})


def notification(**event: object) -> dict[str, Any]:
    return {"Type": "Notification", "trusted": True, "Message": json.dumps(event)}


def test_ses_reports_a_delivery(web: Web) -> None:
    message = web.post("/v2/notifications/email", web.email()).json["id"]
    web.town.platform.run()
    reference = web.town.platform.notify.find_notification(web.town.service.id, UUID(message)).notification.reference
    reply = ses(web, notification(notificationType="Delivery", mail={"messageId": reference}, delivery={}))
    assert (reply.status, reply.body) == (200, b'{"message":"SES callback succeeded","result":"success"}\n')
    assert web.town.status(UUID(message)) == "delivered"


def test_a_subscription_is_confirmed(web: Web) -> None:
    assert ses(web, {"Type": "SubscriptionConfirmation"}).json["message"] == "SES callback succeeded"


def test_an_unsigned_report_is_refused(web: Web) -> None:
    reply = ses(web, {"Type": "Notification", "Message": "{}"})
    assert (reply.status, reply.json) == (403, {"result": "error", "message": "the signature is wrong"})


def test_a_report_that_makes_no_sense_is_refused(web: Web) -> None:
    assert web.request("POST", SES, b"{").json == {
        "result": "error",
        "message": ["SES callback failed: invalid json"],
    }
    reply = ses(web, notification(mail={"messageId": "x"}))
    assert (reply.status, reply.json["message"]) == (400, ["SES callback failed: notificationType missing"])
