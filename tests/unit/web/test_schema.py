"""What is told of a body that breaks its schema: every rule, in the order clients know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_web.public.bodies import EMAIL, SMS
from notify_web.public.documents import DEEPEST_NESTING, BadRequest, read_document
from notify_web.public.schema import InvalidRequest, Schema, parse

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ID = "0cb2b9d8-5b5d-4f0e-9a4b-8a4b2a1c0d11"
GOOD_SMS: dict[str, Any] = {"phone_number": "07700900123", "template_id": ID}
GOOD_EMAIL: dict[str, Any] = {"email_address": "jo@example.com", "template_id": ID}
NOT_ISO = (
    "scheduled_for datetime format is invalid. It must be a valid ISO8601 date time format, "
    "https://en.wikipedia.org/wiki/ISO_8601"
)
INVALID_NUMBER = "phone_number Number is not valid – double check the phone number you entered"


def violations(schema: Schema, document: object) -> list[str]:
    try:
        parse(schema, document, NOW)
    except InvalidRequest as refusal:
        return list(refusal.violations)
    return []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reference": ""}, []),
        ({"reference": "x" * 1000}, []),
        ({"reference": "\U0001f600" * 1000}, []),
        ({"reference": None}, ["reference None is not of type string"]),
        ({"reference": 5}, ["reference 5 is not of type string"]),
        ({"reference": True}, ["reference True is not of type string"]),
        ({"reference": 1e-7}, ["reference 1e-07 is not of type string"]),
        ({"reference": 1e22}, ["reference 1e+22 is not of type string"]),
        ({"reference": float("nan")}, ["reference nan is not of type string"]),
        ({"reference": ["a", "b"]}, ["reference [a, b] is not of type string"]),
        ({"reference": {}}, ["reference {} is not of type string"]),
        ({"reference": {"a": 1}}, ["reference {a: 1} is not of type string"]),
        ({"reference": ["it's"]}, ['reference ["its"] is not of type string']),
        ({"reference": "x" * 1001}, [f"reference {'x' * 1001} is too long"]),
        ({"reference": 'it\'s "x"' * 200}, ["reference " + ('it\\s "x"' * 200)[:200] + " is too long"]),
        ({"reference": "y" * 5000}, [f"reference {'y' * 200} is too long"]),
        ({"reference": "a\0b"}, ["reference must not contain null characters"]),
        ({"reference": ["\xa0\u200b\n\t\\"]}, [r"reference [\xa0\u200b\n\t\\] is not of type string"]),
        ({"phone_number": None}, ["phone_number None is not of type string"]),
        ({"phone_number": 447700900123}, ["phone_number 447700900123 is not of type string"]),
        ({"phone_number": ""}, ["phone_number Not enough digits"]),
        ({"phone_number": "999"}, ["phone_number Not enough digits"]),
        ({"phone_number": "079009001234567"}, ["phone_number Too many digits"]),
        ({"phone_number": "0790090012x"}, ["phone_number Must not contain letters or symbols"]),
        ({"phone_number": "07515111*11"}, ["phone_number Must not contain letters or symbols"]),
        ({"phone_number": "08515111111"}, [INVALID_NUMBER]),
        ({"phone_number": "   "}, [INVALID_NUMBER]),
        ({"phone_number": "01709510122"}, []),
        ({"phone_number": "+33 6 12 34 56 78"}, []),
        ({"phone_number": "07700\0900123"}, ["phone_number Must not contain letters or symbols"]),
        ({"template_id": None}, ["template_id is not a valid UUID"]),
        ({"template_id": 5}, ["template_id is not a valid UUID"]),
        ({"template_id": ID + "\n"}, ["template_id is not a valid UUID"]),
        ({"template_id": " " + ID}, ["template_id is not a valid UUID"]),
        ({"template_id": ID.replace("-", "").upper()}, []),
        ({"template_id": f"urn:uuid:{{{ID}}}"}, []),
        ({"personalisation": None}, ["personalisation None is not of type object"]),
        ({"personalisation": [1, "a"]}, ["personalisation [1, a] is not of type object"]),
        ({"personalisation": "x"}, ["personalisation x is not of type object"]),
        ({"personalisation": {"a": [1, {"b": None}], "c\0": "\0"}}, []),
        ({"scheduled_for": None}, []),
        ({"scheduled_for": 5}, ["scheduled_for 5 is not of type string, null"]),
        ({"scheduled_for": "2026-11-21T12:00"}, []),
        ({"scheduled_for": "2026-11-22T12:00:00Z"}, []),
        ({"scheduled_for": "2026-11-21T17:00:00+05:00"}, []),
        ({"scheduled_for": "2026-11-21T13:00:00+05:00"}, ["scheduled_for datetime can not be in the past"]),
        ({"scheduled_for": "2026-11-21T11:59:59"}, ["scheduled_for datetime can not be in the past"]),
        (
            {"scheduled_for": "2026-11-22T12:00:01"},
            ["scheduled_for datetime can only be 24 hours in the future"],
        ),
        ({"scheduled_for": "tomorrow"}, [NOT_ISO]),
        ({"scheduled_for": ""}, [NOT_ISO]),
        ({"sms_sender_id": None}, ["sms_sender_id is not a valid UUID"]),
        ({"bar": 1}, ["Additional properties are not allowed (bar was unexpected)"]),
        ({"foo": 1, "bar": 1}, ["Additional properties are not allowed (bar, foo were unexpected)"]),
        ({"it's": 1}, ['Additional properties are not allowed ("its" was unexpected)']),
        ({"e" * 5000: 1}, [f"Additional properties are not allowed ({'e' * 200} was unexpected)"]),
        (
            {"email_address": "jo@example.com"},
            ["Additional properties are not allowed (email_address was unexpected)"],
        ),
    ],
)
def test_a_text_is_checked(change: dict[str, object], told: list[str]) -> None:
    assert violations(SMS, GOOD_SMS | change) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"email_address": None}, ["email_address None is not of type string"]),
        ({"email_address": "nobody"}, ["email_address Not a valid email address"]),
        ({"email_address": "a@b.com\0"}, ["email_address Not a valid email address"]),
        ({"email_reply_to_id": "x"}, ["email_reply_to_id is not a valid UUID"]),
        ({"sanitise_content_for": None}, []),
        ({"sanitise_content_for": ["name"]}, []),
        ({"sanitise_content_for": "name"}, ["sanitise_content_for name is not of type array, null"]),
        ({"sms_sender_id": ID}, ["Additional properties are not allowed (sms_sender_id was unexpected)"]),
    ],
)
def test_an_email_is_checked(change: dict[str, object], told: list[str]) -> None:
    assert violations(EMAIL, GOOD_EMAIL | change) == told


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://www.example.com/unsubscribe?id=1&x=%20#top", True),
        ("https://user:pass@example.com:8443/a;b=c", True),
        ("https://[2001:db8::1]/x", True),
        ("https:", False),
        ("https://", False),
        ("httpsfoo:bar", False),
        ("HTTPS://x", False),
        ("http://x", False),
        ("https://x/a b", False),
        ("https://x/{a}", False),
        ("https://x/é", False),
        ("https://x/%zz", False),
        ("https://x/\r\nBcc: y", False),
        (None, False),
        (5, False),
    ],
)
def test_an_unsubscribe_link_is_an_https_url(url: object, fine: bool) -> None:
    told = [] if fine else ["one_click_unsubscribe_url is not a valid https url"]
    assert violations(EMAIL, GOOD_EMAIL | {"one_click_unsubscribe_url": url}) == told


def test_problems_come_in_the_order_of_the_table_then_missing_then_surplus() -> None:
    body = {"zoo": 1, "sms_sender_id": "x", "scheduled_for": 1, "personalisation": 1, "reference": 1}
    assert violations(SMS, body) == [
        "reference 1 is not of type string",
        "personalisation 1 is not of type object",
        "scheduled_for 1 is not of type string, null",
        "sms_sender_id is not a valid UUID",
        "phone_number is a required property",
        "template_id is a required property",
        "Additional properties are not allowed (zoo was unexpected)",
    ]


def test_required_properties_are_told_in_their_order() -> None:
    assert violations(EMAIL, {}) == [
        "email_address is a required property",
        "template_id is a required property",
    ]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([1], "[1] is not of type object"),
        ("x", "x is not of type object"),
        (5, "5 is not of type object"),
        (True, "True is not of type object"),
    ],
)
def test_what_is_no_object_is_told_so(document: object, told: str) -> None:
    assert violations(SMS, document) == [told]


def test_ids_are_read() -> None:
    form = parse(SMS, GOOD_SMS | {"template_id": f"{{{ID.upper()}}}"}, NOW)
    assert form == {"phone_number": "07700900123", "template_id": UUID(ID)}


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'{"a": "\xc3\xa9"}', {"a": "é"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "é"}'.encode("utf-16"), {"a": "é"}),
        ('{"a": "é"}'.encode("utf-16-le"), {"a": "é"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b"null", {}),
        (b"[]", {}),
        (b"0", {}),
        (b"false", {}),
        (b'""', {}),
        (b"[1]", [1]),
        (b'{"a": ' + b"9" * 4300 + b"}", {"a": int("9" * 4300)}),
    ],
)
def test_json_is_read_in_any_of_its_encodings(body: bytes, document: object) -> None:
    assert read_document(body) == document


def test_not_a_number_is_read() -> None:
    assert str(read_document(b'{"a": [NaN, -Infinity]}')) == "{'a': [nan, -inf]}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{",
        b"{'a': 1}",
        b"\xff\xfe\xff",
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\\ud800"}',
        b'{"\\uDFFF": 1}',
        b'{"a": ' + b"9" * 4301 + b"}",
        b"[" * 50_000,
        b"[" * 50_000 + b"]" * 50_000,
        b'{"a":' * (DEEPEST_NESTING + 1) + b"1" + b"}" * (DEEPEST_NESTING + 1),
    ],
)
def test_what_cannot_be_read_or_kept_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest, match=r"^Invalid JSON supplied in POST data$"):
        read_document(body)


def test_nesting_up_to_the_limit_is_read() -> None:
    depth = DEEPEST_NESTING - 1
    assert read_document(b'{"a":[' + b"[]," * 500 + b"[" * (depth - 1) + b"]" * (depth - 1) + b"]}")


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists)))
def test_no_document_breaks_the_check(document: dict[str, object]) -> None:
    for schema in (SMS, EMAIL):
        assert violations(schema, document)
