"""Texts that people send: how providers bring them, and how services see them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from notify_core.identifiers import uuid7
from notify_core.inbound.find import PAGE_SIZE
from notify_core.inbound.model import InboundNumber, ReceivedText
from notify_core.services.model import DEFAULT_PERMISSIONS, Permission
from notify_core.vocabulary import Channel, ProviderName
from notify_web.webhooks.incoming_texts import decoded, firetext_text, mmg_text, sent_at
from tests.unit.conftest import Town, make_town
from tests.unit.web.conftest import ROOT, Reply, Web

LIST = "/v2/received-text-messages"
MMG, FIRETEXT = "/notifications/sms/receive/mmg", "/notifications/sms/receive/firetext"
OK = b'{"status":"ok"}\n'
NUMBER = "07900900500"

CREDENTIALS = {
    ProviderName.MMG: (("mmg", "old"), ("mmg", "new")),
    ProviderName.FIRETEXT: (("notify", "secret"),),
}


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def open_number(town: Town, number: str = NUMBER, *, active: bool = True) -> None:
    with town.platform.database.statement() as work:
        work.inbound.add_number(
            InboundNumber(
                id=uuid7(town.clock(), 1),
                number=number,
                provider=ProviderName.MMG,
                service_id=town.service.id,
                active=active,
            )
        )


def with_number(web: Web, **more: Any) -> Web:
    """Return a service that may receive texts."""
    town = make_town(
        web.town.platform,
        web.town.clock,
        **{"name": "Texts", "permissions": DEFAULT_PERMISSIONS | {Permission.INBOUND_SMS}} | more,
    )
    web.configure(inbound_credentials=CREDENTIALS)
    open_number(town)
    texts = Web(town, web.runner)
    texts.configure(inbound_credentials=CREDENTIALS)
    return texts


def mmg(web: Web, headers: Mapping[str, str] | None = None, **fields: object) -> Reply:
    body: dict[str, object] = {
        "MSISDN": "447900900123",
        "Number": "447900900500",
        "Message": "Hello",
        "ID": "mmg-1",
        "DateRecieved": "2026-11-21+11%3A56%3A11",
        "Trigger": None,
        "Channel": "SMS",
    } | fields
    document = {name: value for name, value in body.items() if value is not ...}
    return web.request("POST", MMG, json.dumps(document).encode(), headers or basic("mmg", "new"))


def firetext(web: Web, headers: Mapping[str, str] | None = None, **fields: str) -> Reply:
    body = {
        "source": "07900900123",
        "destination": "07900900500",
        "message": "Hello",
        "time": "2026-11-21 11:56:11",
    } | fields
    return web.request("POST", FIRETEXT, urlencode(body).encode(), headers or basic("notify", "secret"))


def received(web: Web) -> list[Any]:
    reply = web.get(LIST)
    assert reply.status == 200
    return list(reply.json["received_text_messages"])


def stored(web: Web) -> list[ReceivedText]:
    return web.town.platform.notify.list_received_texts(web.town.service)


# What services see


def test_a_text_is_shown_with_six_keys(web: Web) -> None:
    texts = with_number(web)
    assert mmg(texts, Message="Zo%C3%AB+%F0%9F%93%A9").body == OK
    reply = texts.get(LIST)
    [text] = reply.json["received_text_messages"]
    assert text == {
        "id": str(stored(texts)[0].id),
        "service_id": str(texts.town.service.id),
        "notify_number": NUMBER,
        "user_number": "447900900123",
        "content": "Zoë 📩",
        "created_at": "2026-11-21T12:00:00.000000Z",
    }
    assert reply.json["links"] == {
        "current": f"{ROOT}{LIST}",
        "next": f"{ROOT}{LIST}?older_than={text['id']}",
    }


def test_a_service_that_never_received_any_has_an_empty_page(web: Web) -> None:
    expected = b'{"links":{"current":"%s"},"received_text_messages":[]}\n' % f"{ROOT}{LIST}".encode()
    assert web.get(LIST).body == expected


def test_pages_follow_each_other_to_the_end(web: Web) -> None:
    texts = with_number(web)
    for number in range(PAGE_SIZE + 1):
        mmg(texts, ID=f"mmg-{number}", Message=str(number))
    first = texts.get(LIST)
    second = texts.get(first.json["links"]["next"].removeprefix(ROOT))
    third = texts.get(second.json["links"]["next"].removeprefix(ROOT))
    contents = [text["content"] for page in (first, second) for text in page.json["received_text_messages"]]
    assert contents == [str(number) for number in range(PAGE_SIZE, -1, -1)]
    assert len(second.json["received_text_messages"]) == 1
    assert third.json == {"links": {"current": f"{ROOT}{LIST}"}, "received_text_messages": []}
    assert second.json["links"]["current"] == f"{ROOT}{LIST}"


def test_texts_go_when_the_services_texts_go(web: Web) -> None:
    texts = with_number(web, retention_days={Channel.SMS: 3})
    mmg(texts)
    texts.town.clock.advance(timedelta(days=3))
    assert len(received(texts)) == 1
    texts.town.clock.advance(timedelta(days=1))
    assert received(texts) == []


# What providers bring


def test_firetext_brings_texts_too(web: Web) -> None:
    texts = with_number(web)
    assert firetext(texts, message="1+1 = 100% \\n").body == OK
    [text] = stored(texts)
    assert (text.content, text.user_number, text.provider) == ("1+1 = 100% \\n", "447900900123", "firetext")
    assert text.provider_date == datetime(2026, 11, 21, 11, 56, 11, tzinfo=UTC)


def test_a_text_that_mmg_repeats_is_kept_once(web: Web) -> None:
    texts = with_number(web)
    for _ in range(2):
        assert mmg(texts).body == OK
    web.town.clock.advance(timedelta(days=2))
    assert mmg(texts).body == OK
    assert len(received(texts)) == 1


def test_texts_without_a_reference_are_not_taken_for_one(web: Web) -> None:
    texts = with_number(web)
    for reference in (..., None, ""):
        assert mmg(texts, ID=reference).body == OK
    firetext(texts)
    firetext(texts)
    assert len(received(texts)) == 5


@pytest.mark.parametrize("number", ["447900900999", "", "0", "PARKING", "07900900501"])
def test_a_text_to_a_number_of_nobody_is_dropped(web: Web, number: str) -> None:
    texts = with_number(web)
    if number:
        reply = mmg(texts, Number=number)
        assert (reply.status, reply.body) == (200, b"RECEIVED")
        assert (reply.header("content-type") or "").startswith("text/")
        assert firetext(texts, destination=number).body == OK
    assert received(texts) == []


def test_a_text_to_a_service_without_the_permission_is_dropped(web: Web) -> None:
    texts = with_number(web, permissions=DEFAULT_PERMISSIONS)
    assert mmg(texts).body == b"RECEIVED"
    assert firetext(texts).body == OK
    assert received(texts) == []


def test_a_text_to_a_number_put_aside_is_dropped(web: Web) -> None:
    web.configure(inbound_credentials=CREDENTIALS)
    open_number(web.town, active=False)
    assert mmg(web).body == b"RECEIVED"


@pytest.mark.parametrize(
    ("sender", "kept"),
    [
        ("447900900123", "447900900123"),
        ("(+44)7900900123", "447900900123"),
        ("07900 900123", "447900900123"),
        ("PARKING", "PARKING"),
        ("12345", "12345"),
        (447900900123, "447900900123"),
    ],
)
def test_senders_are_normalised_where_they_are_numbers(web: Web, sender: object, kept: str) -> None:
    texts = with_number(web)
    mmg(texts, MSISDN=sender)
    assert received(texts)[0]["user_number"] == kept


@pytest.mark.parametrize(
    ("brought", "said"),
    [
        ("x+%2B+y", "x + y"),
        (r"1\n2", "1\n2"),
        (r"tab\tquote\"both\'end\\", "tab\tquote\"both'end\\"),
        (r"caf\xe9 caf\u00e9 \U0001F4E9 \101", "café café 📩 A"),
        ("%F0%9F%93%A9 é", "📩 é"),
        (r"C:\x", r"C:\x"),
        ("ends with \\", "ends with \\"),
        (r"\u12 \U00110000 \N{DASH} \q", r"\u12 \U00110000 \N{DASH} \q"),
        (r"\ud83d\udce9 \ud83d", "📩 \ufffd"),
        ("%FF%zz", "\ufffd%zz"),
        ("", ""),
    ],
)
def test_whatever_mmg_brings_is_decoded(web: Web, brought: str, said: str) -> None:
    assert decoded(brought) == said
    texts = with_number(web)
    assert mmg(texts, Message=brought).body == OK
    assert received(texts)[0]["content"] == said


@pytest.mark.parametrize("message", [None, ..., 5, ["a"]])
def test_a_text_that_says_nothing_readable_is_taken(web: Web, message: object) -> None:
    texts = with_number(web)
    assert mmg(texts, Message=message).body == OK
    assert len(received(texts)) == 1


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2017-05-21+11%3A56%3A11", datetime(2017, 5, 21, 11, 56, 11, tzinfo=UTC)),
        ("2017-05-21T11:56:11%2B01:00", datetime(2017, 5, 21, 11, 56, 11, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_when_a_provider_took_a_text_is_read_where_it_can_be(written: object, moment: datetime | None) -> None:
    assert sent_at(written) == moment


def test_a_text_without_a_date_has_that_of_its_arrival(web: Web) -> None:
    texts = with_number(web)
    mmg(texts, DateRecieved=...)
    assert stored(texts)[0].provider_date == texts.town.clock()


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b"\xff", b"[" * 50_000])
def test_mmg_must_bring_json(web: Web, body: bytes) -> None:
    texts = with_number(web)
    reply = texts.request("POST", MMG, body, basic("mmg", "new"))
    assert (reply.status, reply.json) == (
        400,
        {"result": "error", "message": ["MMG callback failed: invalid json"]},
    )


def test_providers_are_told_what_is_missing(web: Web) -> None:
    texts = with_number(web)
    assert mmg(texts, Number=None, MSISDN="").json["message"] == [
        "MMG callback failed: MSISDN missing",
        "MMG callback failed: Number missing",
    ]
    assert firetext(texts, destination="", source="").json["message"] == [
        "Firetext callback failed: source missing",
        "Firetext callback failed: destination missing",
    ]
    assert texts.request("POST", FIRETEXT, b"", basic("notify", "secret")).status == 400


def test_what_cannot_be_stored_is_left_out() -> None:
    text = mmg_text(b'{"MSISDN":"a\\u0000b","Number":"\\ud83d1","Message":"","ID":"\\u0000x"}')
    assert (text.user_number, text.number, text.reference) == ("ab", "?1", "x")
    assert firetext_text(b"source=%00a&destination=1&message=%FF").content == "\ufffd"


# Who may bring them


@pytest.mark.parametrize(("path", "user", "password"), [(MMG, "mmg", "new"), (FIRETEXT, "notify", "secret")])
@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer x", 403),
        ("Basic ???", 403),
        ("wrong password", 403),
        ("wrong user", 403),
        ("right", 400),
    ],
)
def test_only_those_with_a_password_bring_texts(
    web: Web, path: str, user: str, password: str, header: str | None, status: int
) -> None:
    texts = with_number(web)
    made = {
        "wrong password": basic(user, "wrong"),
        "wrong user": basic("wrong", password),
        "right": basic(user, password),
        None: {},
    }
    reply = texts.request("POST", path, b"", made.get(header, {"authorization": str(header)}))
    assert reply.status == status
    assert reply.json["result"] == "error"


def test_each_password_will_do(web: Web) -> None:
    texts = with_number(web)
    assert [mmg(texts, basic("mmg", password)).status for password in ("old", "new", "secret")] == [200, 200, 403]


def test_nobody_brings_texts_where_no_password_is_set(web: Web) -> None:
    assert mmg(web).status == firetext(web).status == 403
    assert web.request("POST", MMG).status == 401
