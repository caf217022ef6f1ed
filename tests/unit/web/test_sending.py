"""Sending through the public API: what is accepted, what is refused, in which order, and in which bytes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve

from notify_core.services.model import MessageLimits, Permission, Service
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType
from tests.unit.web.conftest import ROOT, Web, limited

SMS, EMAIL = "/v2/notifications/sms", "/v2/notifications/email"


def change_service(web: Web, **changes: Any) -> Service:
    changed = evolve(web.town.service, **changes)
    with web.town.platform.database.begin() as work:
        work.services._table.put(changed.id, changed)
        work.commit()
    web.town.platform.notify.directory.forget()
    return changed


def accepted_id(reply: Any) -> str:
    assert reply.status == 201, reply.body
    return str(reply.json["id"])


def test_an_accepted_text_is_answered_in_exactly_these_bytes(web: Web) -> None:
    reply = web.post(SMS, web.sms(reference="réf", personalisation={"name": "Zoé"}))
    message, service, template = accepted_id(reply), web.town.service.id, web.town.sms.id
    assert (
        reply.body
        == (
            f'{{"content":{{"body":"Hi Zo\\u00e9","from_number":"NOTIFY"}},"id":"{message}","reference":"r\\u00e9f",'
            f'"scheduled_for":null,"template":{{"id":"{template}","uri":"{ROOT}/services/{service}/templates/{template}",'
            f'"version":1}},"uri":"{ROOT}/v2/notifications/{message}"}}\n'
        ).encode()
    )
    assert reply.header("content-type") == "application/json"


def test_an_accepted_email_is_answered_in_exactly_these_bytes(web: Web) -> None:
    reply = web.post(EMAIL, web.email(one_click_unsubscribe_url="https://example.com/out"))
    message, service, template = accepted_id(reply), web.town.service.id, web.town.email.id
    assert (
        reply.body
        == (
            '{"content":{"body":"# Hi Jo","from_email":"bins@notify.example",'
            '"one_click_unsubscribe_url":"https://example.com/out","subject":"For Jo"},'
            f'"id":"{message}","reference":null,"sanitised_content":{{}},"scheduled_for":null,'
            f'"template":{{"id":"{template}","uri":"{ROOT}/services/{service}/templates/{template}","version":1}},'
            f'"uri":"{ROOT}/v2/notifications/{message}"}}\n'
        ).encode()
    )


def test_what_was_sanitised_is_told_under_the_names_as_sent(web: Web) -> None:
    document = web.email(sanitise_content_for=["NAME", None, "unknown"]) | {"personalisation": {"Name": "*Jo*"}}
    reply = web.post(EMAIL, document)
    assert reply.json["sanitised_content"] == {"Name": {"unsanitised": "*Jo*", "sanitised": "\\*Jo\\*"}}
    assert reply.json["content"]["body"] == "# Hi \\*Jo\\*"


def test_names_to_sanitise_are_texts(web: Web) -> None:
    reply = web.post(EMAIL, web.email(sanitise_content_for=[1]))
    assert (reply.status, reply.json["errors"][0]["message"]) == (
        400,
        "sanitise_content_for 1 is not of type string",
    )


def test_an_accepted_text_goes_out(web: Web) -> None:
    message = accepted_id(web.post(SMS, web.sms()))
    web.town.platform.run()
    assert [str(text.reference) for text in web.town.platform.phones.sent] == [message]


def test_links_are_made_from_the_setting_when_there_is_one(web: Web) -> None:
    web.configure(public_url="https://public.example")
    reply = web.post(SMS, web.sms())
    assert reply.json["uri"] == f"https://public.example/v2/notifications/{reply.json['id']}"


def test_the_type_of_the_body_does_not_matter(web: Web) -> None:
    headers = web.signed() | {"content-type": "text/html"}
    body = web.post(SMS, web.sms())
    assert body.status == 201
    assert web.request("POST", SMS, b"{}", headers).status == 400


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"personalisation": {}}, ("BadRequestError", "Missing personalisation: name")),
        ({"personalisation": ...}, ("BadRequestError", "Missing personalisation: name")),
        ({"personalisation": {"name": None}}, ("BadRequestError", "Missing personalisation: name")),
        ({"template_id": str(uuid4())}, ("BadRequestError", "Template not found")),
        ({"personalisation": {"name": {"file": "eA=="}}}, ("BadRequestError", "Can only send a file by email")),
        (
            {"personalisation": {"name": "x" * 1000}},
            (
                "BadRequestError",
                (
                    "Your message is too long. Text messages cannot be longer than 918 characters. "
                    "Your message is 1003 characters long."
                ),
            ),
        ),
        ({"phone_number": "01709 510122"}, ("InvalidPhoneError", "Not a UK mobile number")),
        ({"phone_number": "01481 720000"}, ("InvalidPhoneError", "Not a UK mobile number")),
        ({"phone_number": "07900"}, ("ValidationError", "phone_number Not enough digits")),
        ({"reference": "a\0b"}, ("ValidationError", "reference must not contain null characters")),
    ],
)
def test_a_text_that_will_not_do_is_refused(web: Web, change: dict[str, object], problem: tuple[str, str]) -> None:
    assert web.post(SMS, web.sms(**change)).problem == (400, *problem)


def test_a_template_of_the_other_kind_is_refused(web: Web) -> None:
    assert web.post(SMS, web.sms(template_id=str(web.town.email.id))).problem == (
        400,
        "BadRequestError",
        "email template is not suitable for sms notification",
    )
    assert web.post(EMAIL, web.email(template_id=str(web.town.sms.id))).problem == (
        400,
        "BadRequestError",
        "sms template is not suitable for email notification",
    )


def test_an_unknown_sender_is_refused(web: Web) -> None:
    unknown, service = uuid4(), web.town.service.id
    assert web.post(SMS, web.sms(sms_sender_id=str(unknown))).problem == (
        400,
        "BadRequestError",
        f"sms_sender_id {unknown} does not exist in database for service id {service}",
    )
    assert web.post(EMAIL, web.email(email_reply_to_id=str(unknown))).problem == (
        400,
        "BadRequestError",
        f"email_reply_to_id {unknown} does not exist in database for service id {service}",
    )


def test_an_archived_template_is_refused(web: Web) -> None:
    with web.town.platform.database.begin() as work:
        work.templates.save(evolve(web.town.sms, version=2, archived=True))
        work.commit()
    assert web.post(SMS, web.sms()).problem == (400, "BadRequestError", "Template has been deleted")


def test_an_empty_text_is_refused(web: Web) -> None:
    template = web.town.platform.notify.create_template(
        NewTemplate(service_id=web.town.service.id, name="All", channel=Channel.SMS, content="((all))")
    )
    reply = web.post(SMS, web.sms(template_id=str(template.id), personalisation={"all": " "}))
    assert reply.problem == (400, "BadRequestError", "Your message is empty.")


@pytest.mark.parametrize(("path", "spoken"), [(SMS, "text messages"), (EMAIL, "emails")])
def test_a_service_without_the_permission_is_refused(web: Web, path: str, spoken: str) -> None:
    change_service(web, permissions=frozenset())
    body = web.email() if path == EMAIL else web.sms()
    assert web.post(path, body).problem == (400, "BadRequestError", f"Service is not allowed to send {spoken}")


def test_numbers_abroad_need_a_permission(web: Web) -> None:
    change_service(web, permissions=frozenset({Permission.SMS}))
    assert web.post(SMS, web.sms(phone_number="+33612345678")).problem == (
        400,
        "BadRequestError",
        "Cannot send to international mobile numbers",
    )


TEAM_ONLY = "Can’t send to this recipient using a team-only API key"
TRIAL = (
    "Can’t send to this recipient when service is in trial mode – see "
    "https://www.notifications.service.gov.uk/trial-mode"
)


@pytest.mark.parametrize(
    ("restricted", "key", "number", "message"),
    [
        (False, KeyType.NORMAL, "07700 900123", None),
        (False, KeyType.TEST, "07700 900123", None),
        (False, KeyType.TEAM, "07700 900123", TEAM_ONLY),
        (False, KeyType.TEAM, "+44 7700 900999", None),
        (True, KeyType.NORMAL, "07700 900123", TRIAL),
        (True, KeyType.NORMAL, "07700 900999", None),
        (True, KeyType.NORMAL, "07700 900000", TRIAL),
        (True, KeyType.TEST, "07700 900123", None),
    ],
)
def test_who_may_be_written_to(web: Web, restricted: bool, key: KeyType, number: str, message: str | None) -> None:
    change_service(web, restricted=restricted)
    reply = web.post(SMS, web.sms(phone_number=number), key)
    if message is None:
        assert reply.status == 201
    else:
        assert reply.problem == (400, "BadRequestError", message)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 60_000, b'{"a": "\\ud800"}'])
def test_what_is_not_json_is_refused(web: Web, body: bytes) -> None:
    for path in (SMS, EMAIL):
        assert web.post(path, body).problem == (400, "BadRequestError", "Invalid JSON supplied in POST data")


def test_every_breach_of_the_schema_is_told(web: Web) -> None:
    reply = web.post(EMAIL, b"[]")
    assert reply.body == (
        b'{"errors":[{"error":"ValidationError","message":"email_address is a required property"},'
        b'{"error":"ValidationError","message":"template_id is a required property"}],"status_code":400}\n'
    )


def test_deep_but_tolerable_nesting_is_accepted(web: Web) -> None:
    value: object = "deep"
    for _ in range(150):
        value = [value]
    assert web.post(EMAIL, web.email(personalisation={"name": "x", "more": {"deep": value}})).status == 201
    assert web.post(EMAIL, web.email(personalisation={"name": value})).status == 201


def test_too_many_requests_in_a_minute_are_told_when_to_come_back(web: Web) -> None:
    web = limited(web, rate_limit=6)
    answers = [web.post(SMS, web.sms()) for _ in range(4)]
    assert [answer.status for answer in answers] == [201, 201, 201, 429]
    assert answers[-1].problem == (
        429,
        "RateLimitError",
        "Exceeded rate limit for key type LIVE of 6 requests per 60 seconds",
    )
    assert answers[-1].header("retry-after") == "10"
    assert web.post(SMS, web.sms(), KeyType.TEST).status == 201
    web.town.clock.advance(timedelta(seconds=9.5))
    assert web.post(SMS, web.sms()).header("retry-after") == "1"
    web.town.clock.advance(timedelta(seconds=0.5))
    assert web.post(SMS, web.sms()).status == 201


def test_too_many_messages_in_a_day_are_refused(web: Web) -> None:
    web = limited(web, limits=MessageLimits(sms=1, email=0))
    assert web.post(SMS, web.sms()).status == 201
    assert web.post(SMS, web.sms()).problem == (
        429,
        "TooManyRequestsError",
        "Exceeded send limits (sms: 1) for today",
    )
    assert web.post(EMAIL, web.email()).problem[2] == "Exceeded send limits (email: 0) for today"


def test_only_real_accepted_messages_count_towards_the_day(web: Web) -> None:
    web = limited(web, limits=MessageLimits(sms=1))
    assert web.post(SMS, web.sms(phone_number="07700 900000")).status == 201
    assert web.post(SMS, web.sms(template_id=str(uuid4()))).status == 400
    assert web.post(SMS, b"{").status == 400
    assert web.post(SMS, web.sms(), KeyType.TEST).status == 201
    assert web.post(SMS, web.sms()).status == 201
    assert web.post(SMS, web.sms()).status == 429


def test_limits_are_checked_before_the_body_and_after_the_token(web: Web) -> None:
    web = limited(web, limits=MessageLimits(sms=0))
    assert web.post(SMS, b"{").status == 429
    assert web.request("POST", SMS, b"{").status == 401


def test_the_schema_is_checked_before_the_permission(web: Web) -> None:
    change_service(web, permissions=frozenset())
    assert {error["error"] for error in web.post(SMS, {}).json["errors"]} == {"ValidationError"}


def test_a_simulated_recipient_is_accepted_and_not_found(web: Web) -> None:
    message = accepted_id(web.post(SMS, web.sms(phone_number="+447700900111")))
    assert web.get(f"/v2/notifications/{message}").status == 404


def test_a_database_that_does_not_answer_is_not_an_acceptance(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.break_database(monkeypatch)
    reply = web.post(SMS, web.sms())
    assert reply.problem == (503, "DatabaseUnavailable", "Service unavailable, please try again")
    assert reply.header("retry-after") == "5"


def test_what_nobody_foresaw_is_told_by_its_class_alone(
    web: Web, monkeypatch: pytest.MonkeyPatch, logs: list[dict[str, Any]]
) -> None:
    web.break_database(monkeypatch, KeyError("07700 900123"))
    reply = web.post(SMS, web.sms())
    assert reply.body == (b'{"errors":[{"error":"KeyError","message":"Internal server error"}],"status_code":500}\n')
    assert [line["event"] for line in logs] == ["request failed", "request"]
    assert logs[0]["error"] == "KeyError"
    assert any("conftest.py" in frame for frame in logs[0]["frames"])
    assert "07700" not in str(logs)
