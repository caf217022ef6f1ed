"""MMG and Firetext: the very bytes, and what each answer means."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.embedded import free_port
from notify_adapters.firetext import FiretextProvider
from notify_adapters.http import HttpClient
from notify_adapters.mmg import MmgProvider
from notify_core.providers.model import (
    OutgoingSms,
    ProviderFailed,
    ProviderSilent,
    ProviderThrottled,
    ProviderUnreachable,
    ProviderUnwell,
)
from notify_core.providers.ports import SmsProvider

SMS = OutgoingSms(
    reference=UUID("0190b2c3-0000-7000-8000-000000000001"),
    recipient="447700900123",
    text="Dŵr & £5 +1",
    sender="GOVUK",
)
RECEIPTS = "https://notify.example/notifications/sms/x"
CREDENTIALS = ("user", "p@ss")
FAILED = "SMS client error (Request failed)"
INVALID = "SMS client error (Invalid response JSON)"


def test_mmg_is_asked_in_its_json(told: Any) -> None:
    MmgProvider(HttpClient(), f"{told.url}/jsonv2a/api.php", "a2V5", RECEIPTS, CREDENTIALS).send(SMS)
    (asked,) = told.asked
    assert (asked.method, asked.path) == ("POST", "/jsonv2a/api.php")
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Authorization"] == "Basic a2V5"
    assert json.loads(asked.body) == {
        "reqType": "BULK",
        "MSISDN": "447700900123",
        "msg": "Dŵr & £5 +1",
        "sender": "GOVUK",
        "cid": "0190b2c3-0000-7000-8000-000000000001",
        "multi": True,
        "delurl": "https://user:p%40ss@notify.example/notifications/sms/x",
    }


def test_firetext_is_asked_in_its_form(told: Any) -> None:
    told.answer(200, b'{"code": 0}')
    provider = FiretextProvider(HttpClient(), f"{told.url}/api", "home", "abroad", RECEIPTS, CREDENTIALS)
    provider.send(evolve(SMS, recipient="+447700900123"))
    (asked,) = told.asked
    assert (asked.method, asked.path) == ("POST", "/api")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode(), strict_parsing=True) == {
        "apiKey": ["home"],
        "from": ["GOVUK"],
        "to": ["447700900123"],
        "message": ["Dŵr & £5 +1"],
        "reference": ["0190b2c3-0000-7000-8000-000000000001"],
        "receipt": ["https://user:p%40ss@notify.example/notifications/sms/x"],
    }


@pytest.mark.parametrize(("international", "key"), [("abroad", "abroad"), (None, "home")])
def test_firetext_has_another_key_for_texts_abroad(told: Any, international: str | None, key: str) -> None:
    told.answer(200, b'{"code": 0}')
    provider = FiretextProvider(HttpClient(), told.url, "home", international)
    provider.send(evolve(SMS, international=True))
    assert parse_qs(told.asked[0].body.decode())["apiKey"] == [key]


def test_without_a_receipt_url_none_is_named(told: Any) -> None:
    told.answer(200, b'{"code": 0}')
    MmgProvider(HttpClient(), told.url, "key").send(SMS)
    FiretextProvider(HttpClient(), told.url, "key").send(SMS)
    assert "delurl" not in json.loads(told.asked[0].body)
    assert "receipt" not in parse_qs(told.asked[1].body.decode())


def test_keys_and_credentials_do_not_show() -> None:
    shown = repr(
        (
            MmgProvider(HttpClient(), "http://x", "sesame", RECEIPTS, ("sesame", "sesame")),
            FiretextProvider(HttpClient(), "http://x", "sesame", "sesame", RECEIPTS, ("sesame", "sesame")),
        )
    )
    assert "sesame" not in shown


@pytest.fixture(params=[MmgProvider, FiretextProvider])
def provider(request: pytest.FixtureRequest, told: Any) -> SmsProvider:
    made: SmsProvider = request.param(HttpClient(), told.url, "key")
    return made


@pytest.mark.parametrize(
    ("status", "kind"),
    [*((status, ProviderFailed) for status in (400, 401, 403, 404)), *((s, ProviderUnwell) for s in (500, 502, 503))],
)
def test_an_error_is_a_failed_request(
    told: Any, provider: SmsProvider, status: int, kind: type[ProviderFailed]
) -> None:
    told.answer(status, b'{"Error": 206, "Description": "447700900123", "code": 0}')
    with pytest.raises(ProviderFailed) as caught:
        provider.send(SMS)
    assert (type(caught.value), str(caught.value)) == (kind, FAILED)
    assert len(told.asked) == 1


def test_too_many_requests_is_being_throttled(told: Any, provider: SmsProvider) -> None:
    told.answer(429)
    with pytest.raises(ProviderThrottled):
        provider.send(SMS)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"{", b"[" * 100_000])
def test_what_is_not_json_is_an_invalid_response(told: Any, provider: SmsProvider, body: bytes) -> None:
    told.answer(200, body)
    with pytest.raises(ProviderSilent) as caught:
        provider.send(SMS)
    assert str(caught.value) == INVALID


@pytest.mark.parametrize("body", [b'{"code": 1}', b'{"code": "0"}', b"{}", b"[]", b"0", b"null"])
def test_firetext_must_say_zero(told: Any, body: bytes) -> None:
    told.answer(200, body)
    with pytest.raises(ProviderFailed) as caught:
        FiretextProvider(HttpClient(), told.url, "key").send(SMS)
    assert str(caught.value) == INVALID


@pytest.mark.parametrize("body", [b'{"Reference": 1}', b"{}", b"[]", b"0"])
def test_mmg_may_say_anything_in_json(told: Any, body: bytes) -> None:
    told.answer(200, body)
    MmgProvider(HttpClient(), told.url, "key").send(SMS)


def test_a_connection_that_breaks_is_a_failed_request(told: Any, provider: SmsProvider) -> None:
    told.answer(0)
    with pytest.raises(ProviderSilent, match="Request failed"):
        provider.send(SMS)


@pytest.mark.parametrize("kind", [MmgProvider, FiretextProvider])
def test_a_provider_that_is_not_there_is_a_failed_request(kind: Any) -> None:
    with pytest.raises(ProviderUnreachable, match="Request failed"):
        kind(HttpClient(), f"http://127.0.0.1:{free_port()}", "key").send(SMS)


def test_a_provider_that_says_nothing_is_given_up(
    silence: str, monkeypatch: pytest.MonkeyPatch, provider: Any
) -> None:
    for module in ("mmg", "firetext"):
        monkeypatch.setattr(f"notify_adapters.{module}.TIMEOUT_SECONDS", 0.1)
    with pytest.raises(ProviderSilent, match="Request failed"):
        evolve(provider, url=silence).send(SMS)


def test_letters_that_cannot_be_written_do_not_stop_a_text(told: Any, provider: SmsProvider) -> None:
    told.answer(200, b'{"code": 0}')
    provider.send(evolve(SMS, text="half a \ud83d surrogate"))
    assert len(told.asked) == 1
