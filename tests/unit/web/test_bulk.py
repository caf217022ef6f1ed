"""Many messages with one request: each row answered for itself, all good ones stored together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from attrs import evolve

from notify_core.bulk import send
from notify_core.notifications.status import Status
from notify_core.services.model import MessageLimits
from notify_core.templates.write import NewTemplate
from notify_core.unit_of_work import DatabaseUnavailable
from notify_core.vocabulary import Channel, KeyType
from notify_web.public import bulk
from notify_web.room import Room
from tests.unit.web.conftest import ROOT, Reply, Web, limited

BULK = "/v2/notifications/bulk"
SMS, EMAIL = "/v2/notifications/sms", "/v2/notifications/email"
NUMBERS = [f"0770090012{digit}" for digit in range(10)]


def row(number: object = "07700 900123", **more: object) -> dict[str, object]:
    return {"phone_number": number, "personalisation": {"name": "Jo"}} | more


def texts(web: Web, rows: Iterable[object] = (), **more: object) -> dict[str, object]:
    """Return the body of a bulk of texts."""
    return {"template_id": str(web.town.sms.id), "rows": list(rows) or [row()]} | more


def mails(web: Web, rows: Iterable[object] = (), **more: object) -> dict[str, object]:
    """Return the body of a bulk of emails."""
    mail = {"email_address": "jo@example.com", "personalisation": {"name": "Jo"}}
    return {"template_id": str(web.town.email.id), "rows": list(rows) or [mail]} | more


def as_csv(web: Web, text: bytes, query: Mapping[str, str] | None = None, kind: str = "text/csv") -> Reply:
    asked = urlencode({"template_id": str(web.town.sms.id)} | dict(query or {}))
    return web.request("POST", f"{BULK}?{asked}", text, {**web.signed(), "content-type": kind})


def sent(web: Web) -> list[str]:
    """Return who was written to, once all that is due has been done."""
    web.town.platform.run()
    platform = web.town.platform
    return [text.recipient for text in platform.phones.sent] + [mail.recipient for mail in platform.inboxes.sent]


def test_every_row_is_answered_and_the_good_ones_are_sent(web: Web) -> None:
    reply = web.post(
        BULK, texts(web, [row(NUMBERS[0], reference="a"), row("0770"), row(NUMBERS[1])], reference="all")
    )
    assert reply.status == 201
    found = reply.json
    assert (found["accepted"], found["refused"], found["reference"], found["scheduled_for"]) == (2, 1, "all", None)
    assert found["uri"] == f"{ROOT}{BULK}/{found['id']}"
    assert found["template"]["id"] == str(web.town.sms.id)
    assert [entry["row"] for entry in found["rows"]] == [0, 1, 2]
    assert found["rows"][1]["errors"] == [{"error": "ValidationError", "message": "phone_number Not enough digits"}]
    assert sent(web) == ["447700900120", "447700900121"]
    first = web.get(f"/v2/notifications/{found['rows'][0]['id']}").json
    assert (first["reference"], first["body"], first["status"]) == ("a", "Hi Jo", "sending")


def test_emails_too_with_what_only_emails_have(web: Web) -> None:
    mail = {
        "email_address": "jo@example.com",
        "personalisation": {"name": "*Jo*"},
        "one_click_unsubscribe_url": "https://example.com/u",
    }
    reply = web.post(BULK, mails(web, [mail, {"recipient": "sam@example.com"}], sanitise_content_for=["name"]))
    assert (reply.json["accepted"], reply.json["refused"]) == (1, 1)
    assert reply.json["rows"][1]["errors"][0]["message"] == "Missing personalisation: name"
    found = web.get(f"/v2/notifications/{reply.json['rows'][0]['id']}").json
    assert (found["one_click_unsubscribe_url"], found["body"]) == ("https://example.com/u", "# Hi \\*Jo\\*")
    assert sent(web) == ["jo@example.com"]


SINGLY_SMS: list[dict[str, object]] = [
    {"phone_number": "0770"},
    {"phone_number": 7700900123},
    {"phone_number": ...},
    {"phone_number": "+33 612 345 678 9999"},
    {"phone_number": "0800 123 4567"},
    {"personalisation": {}},
    {"personalisation": ...},
    {"personalisation": "Jo"},
    {"personalisation": {"name": {"file": "eA=="}}},
    {"personalisation": {"name": "x" * 1000}},
    {"personalisation": {"name": ["a"] * 1000}},
    {"reference": 5},
    {"reference": "x" * 1001},
    {"reference": "a\0b"},
    {"reference": None, "phone_number": "x", "zoo": 1},
    {"colour": "blue"},
    {"phone_number": "01709 510122"},
]
SINGLY_EMAIL: list[dict[str, object]] = [
    {"email_address": "jo"},
    {"email_address": ...},
    {"email_address": ["jo@example.com"]},
    {"personalisation": {}},
    {"personalisation": {"name": "x" * 2_100_000}},
    {"one_click_unsubscribe_url": "http://example.com"},
    {"phone_number": "07700 900123"},
]


@pytest.mark.parametrize("changes", SINGLY_SMS, ids=str)
def test_a_text_is_refused_with_what_it_would_be_refused_with_by_itself(web: Web, changes: dict[str, object]) -> None:
    alone = web.post(SMS, web.sms(**changes))
    given = {name: value for name, value in row(**changes).items() if value is not ...}
    together = web.post(BULK, texts(web, [row(), given, row()]))
    assert (alone.status, together.status) == (400, 201)
    answers = together.json["rows"]
    assert [set(answer) for answer in answers] == [{"id", "row"}, {"errors", "row"}, {"id", "row"}]
    assert answers[1]["errors"] == alone.json["errors"]
    assert len(sent(web)) == 2


@pytest.mark.parametrize("changes", SINGLY_EMAIL, ids=lambda changes: str(changes)[:60])
def test_an_email_is_refused_with_what_it_would_be_refused_with_by_itself(
    web: Web, changes: dict[str, object]
) -> None:
    alone = web.post(EMAIL, web.email(**changes))
    whole = web.email(**changes)
    given = {name: value for name, value in whole.items() if name != "template_id"}
    together = web.post(BULK, mails(web, [given]))
    assert (alone.status, together.status, together.json["accepted"]) == (400, 201, 0)
    assert together.json["rows"][0]["errors"] == alone.json["errors"]


@pytest.mark.parametrize("key", list(KeyType))
@pytest.mark.parametrize("restricted", [False, True])
def test_keys_and_trial_mode_are_held_as_for_single_texts(web: Web, key: KeyType, restricted: bool) -> None:
    there = limited(web, restricted=restricted, rate_limit_enabled=False)
    numbers = ["07700 900123", "07700 900999", "07700 900000"]
    alone = [there.post(SMS, there.sms(phone_number=number), key) for number in numbers]
    together = there.post(BULK, texts(there, [row(number) for number in numbers]), key).json["rows"]
    for reply, answer in zip(alone, together, strict=True):
        assert answer.get("errors") == reply.json.get("errors")


def test_a_file_in_a_row_is_refused_and_names_the_way_out(web: Web) -> None:
    given = {"email_address": "jo@example.com", "personalisation": {"name": {"file": "eA=="}}}
    [answer] = web.post(BULK, mails(web, [given])).json["rows"]
    assert answer["errors"] == [
        {
            "error": "BadRequestError",
            "message": "Can only send a file with a request of its own: POST /v2/notifications/email",
        }
    ]


def test_a_row_may_call_its_recipient_so_and_then_hears_of_it_so(web: Web) -> None:
    rows = [{"recipient": NUMBERS[0], "personalisation": {"name": "Jo"}}, {"recipient": "x"}]
    found = web.post(BULK, texts(web, rows)).json["rows"]
    assert found[1]["errors"][0]["message"].startswith("recipient ")
    assert sent(web) == ["447700900120"]


def test_ids_are_in_the_order_of_rows_and_of_their_own_bulk(web: Web) -> None:
    replies = [web.post(BULK, texts(web, [row()] * 3)).json["rows"] for _ in range(2)]
    ids = [[entry["id"] for entry in rows] for rows in replies]
    assert ids[0] == sorted(ids[0])
    assert len({*ids[0], *ids[1]}) == 6


def test_more_than_a_batch_is_stored_in_order(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "BATCH", 3)
    found = web.post(BULK, texts(web, [row(NUMBERS[number % 10]) for number in range(10)])).json
    assert found["accepted"] == 10
    assert len(sent(web)) == 10


# Refused as a whole.


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rows": []}, (400, "ValidationError", "rows is empty: send at least one")),
        ({"rows": {}}, (400, "ValidationError", "rows {} is not of type array")),
        ({"rows": [{}, 3]}, (400, "ValidationError", "rows 1 3 is not of type object")),
        ({"rows": ...}, (400, "ValidationError", "rows is a required property")),
        ({"csv": ""}, (400, "ValidationError", "csv cannot be given together with rows")),
        ({"rows": ..., "csv": 5}, (400, "ValidationError", "csv 5 is not of type string")),
        ({"template_id": "x"}, (400, "ValidationError", "template_id is not a valid UUID")),
        ({"template_id": ...}, (400, "ValidationError", "template_id is a required property")),
        ({"template_id": str(uuid4())}, (400, "BadRequestError", "Template not found")),
        ({"scheduled_for": "2020-01-01"}, (400, "ValidationError", "scheduled_for datetime can not be in the past")),
        (
            {"zoo": 1},
            (400, "ValidationError", "Additional properties are not allowed (zoo was unexpected)"),
        ),
        (
            {"email_reply_to_id": str(UUID(int=7))},
            (400, "ValidationError", "Additional properties are not allowed (email_reply_to_id was unexpected)"),
        ),
        (
            {"sanitise_content_for": ["name"]},
            (400, "ValidationError", "Additional properties are not allowed (sanitise_content_for was unexpected)"),
        ),
    ],
)
def test_what_is_wrong_with_all_of_it_refuses_all_of_it(
    web: Web, changes: dict[str, object], problem: tuple[int, str, str]
) -> None:
    body = {name: value for name, value in (texts(web) | changes).items() if value is not ...}
    assert web.post(BULK, body).problem == problem
    assert sent(web) == []


def test_an_unknown_sender_refuses_all_of_it(web: Web) -> None:
    unknown = UUID(int=7)
    told = f"sms_sender_id {unknown} does not exist in database for service id {web.town.service.id}"
    assert web.post(BULK, texts(web, sms_sender_id=str(unknown))).problem == (400, "BadRequestError", told)
    known = str(web.town.service.sms_senders[0].id)
    assert web.post(BULK, texts(web, sms_sender_id=known)).status == 201


def test_too_many_rows_are_refused(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "rows has 100001 entries: send at most 100000 in one request"
    assert web.post(BULK, texts(web, [{}] * 100_001)).problem == (400, "ValidationError", told)
    many = "phone number,name\n" + "x,y\n" * 100_001
    assert web.post(BULK, {"template_id": str(web.town.sms.id), "csv": many}).problem == (
        400,
        "BadRequestError",
        "csv has more than 100000 rows: send at most as many in one request",
    )


def test_a_body_that_is_too_large_is_told_how_much_is(web: Web) -> None:
    reply = web.request("POST", BULK, b" " * (50 * 1024 * 1024 + 1), web.signed())
    assert reply.problem == (
        413,
        "RequestEntityTooLarge",
        "The request is larger than 50 MiB: send its rows in several requests",
    )


def test_a_letter_template_and_a_channel_that_is_not_permitted_refuse_all_of_it(web: Web) -> None:
    make = web.town.platform.notify.create_template
    letter = make(
        NewTemplate(
            service_id=web.town.service.id, name="L", channel=Channel.LETTER, content="Dear ((name))", subject="S"
        )
    )
    refused = web.post(BULK, texts(web, template_id=str(letter.id)))
    assert refused.problem == (400, "BadRequestError", "Service is not allowed to send letters")
    there = limited(web, permissions=frozenset())
    refused = there.post(BULK, texts(there))
    assert refused.problem == (400, "BadRequestError", "Service is not allowed to send text messages")


def test_many_large_requests_at_once_are_sent_away_and_small_ones_are_not(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "ROOM", Room(2000))
    large, small = texts(web, [row(reference="x" * 900)] * 2), texts(web)
    assert web.post(BULK, large).status == 201
    with bulk.ROOM.for_request(1500):
        reply = web.post(BULK, large)
        assert reply.problem == (503, "TooBusyError", "Too many large requests at once, please try again")
        assert reply.header("retry-after") == "5"
        assert web.post(BULK, small).status == 201
    assert web.post(BULK, large).status == 201


# As CSV.


def test_a_csv_in_the_document(web: Web) -> None:
    text = "Phone number,NAME,reference\n07700900120,Jo,r1\n0770,Sam,r2\n,Pat,\n07700900121,,r4\n"
    reply = web.post(BULK, {"template_id": str(web.town.sms.id), "csv": text})
    found = reply.json["rows"]
    assert [set(answer) for answer in found] == [{"id", "row"}, *[{"errors", "row"}] * 3]
    assert [answer["errors"][0]["message"] for answer in found[1:]] == [
        "phone_number Not enough digits",
        "phone_number is a required property",
        "Missing personalisation: name",
    ]
    shown = web.get(f"/v2/notifications/{found[0]['id']}").json
    assert (shown["body"], shown["reference"]) == ("Hi Jo", "r1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1252"])
@pytest.mark.parametrize("kind", ["text/csv", "Text/CSV; header=present"])
def test_a_csv_as_the_body(web: Web, encoding: str, kind: str) -> None:
    text = 'name,phone number\n"Zoë\nof Ely",07700900120\n'.encode(encoding)
    reply = as_csv(web, text, {"reference": "all", "scheduled_for": "2026-11-21T13:00:00Z"}, kind)
    assert (reply.status, reply.json["accepted"], reply.json["reference"]) == (201, 1, "all")
    assert reply.json["scheduled_for"] == "2026-11-21T13:00:00.000000Z"
    shown = web.get(f"/v2/notifications/{reply.json['rows'][0]['id']}").json
    assert shown["body"] == "Hi Zoë\nof Ely"


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_found_out(web: Web, separator: str) -> None:
    text = separator.join(["phone number", "name"]) + "\r\n" + separator.join(["07700900120", "Smith, Jo"]) + "\r\n"
    for reply in (
        as_csv(web, text.encode()),
        web.post(BULK, {"template_id": str(web.town.sms.id), "csv": text}),
    ):
        assert reply.json["accepted"] == 1
        shown = web.get(f"/v2/notifications/{reply.json['rows'][0]['id']}").json
        assert shown["body"] == "Hi Smith, Jo"


def test_an_empty_line_is_a_row_that_is_refused(web: Web) -> None:
    found = as_csv(web, b"phone number,name\n07700900120,Jo\n\n07700900121,Sam\n\n").json
    assert [set(answer) for answer in found["rows"]] == [{"id", "row"}, {"errors", "row"}, {"id", "row"}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"phone number\n07700900120", "csv has no column for: name"),
        (b"name\nJo", "csv has no column for: phone number"),
        (b"", "The file is empty. It needs a header"),
        (b"phone number,name\n", "csv has no rows below its first line"),
        (b"phone number,Phone_Number,name\n1,2,3", "csv has more than one column called phone number"),
        (b"PK\x03\x04" + b"\0" * 100, "This is a workbook or a zip file, not a CSV file."),
        (b"phone number,name\n07700900120,\x81\x8d", "The file is not text in UTF-8, UTF-16 or Windows-1252."),
        (b'phone number,name\n07700900120,"Jo', "The file ends within quotes"),
        (b'phone number,name\n07700900120,"' + b"x" * 200_000, "A cell has more than 131,072 characters."),
    ],
)
def test_a_csv_that_will_not_do_is_refused_as_a_whole(web: Web, text: bytes, told: str) -> None:
    status, name, message = as_csv(web, text).problem
    assert (status, name) == (400, "BadRequestError")
    assert message.startswith(told)
    assert sent(web) == []


def test_the_query_beside_a_csv_is_checked(web: Web) -> None:
    reply = as_csv(web, b"phone number,name\n07700900120,Jo", {"rows": "1"})
    assert reply.problem == (400, "ValidationError", "Additional properties are not allowed (rows was unexpected)")


# Limits.


def test_it_is_one_request_and_as_many_messages_as_are_good(web: Web) -> None:
    there = limited(web, rate_limit=60, limits=MessageLimits(sms=10))
    reply = there.post(BULK, texts(there, [row(), row(), row("x"), row("07700 900000")]))
    assert reply.header("ratelimit-policy") == '"minute";q=60;w=60, "day";q=10;w=86400'
    assert reply.header("ratelimit") == '"minute";r=20;t=1, "day";r=8;t=43200'


def test_without_room_for_all_none_is_accepted_and_none_counted(web: Web) -> None:
    there = limited(web, limits=MessageLimits(sms=3))
    refused = there.post(BULK, texts(there, [row()] * 4))
    told = "Exceeded send limits (sms: 3) for today: there is room for 3 more, and these are 4"
    assert refused.problem == (429, "TooManyRequestsError", told)
    assert refused.header("retry-after") == "43200"
    assert sent(there) == []
    assert there.post(BULK, texts(there, [row()] * 3 + [row("x")])).status == 201
    assert there.post(BULK, texts(there)).status == 429
    assert there.post(BULK, texts(there, [row("x")])).status == 201, "nothing is to be counted"
    assert len(sent(there)) == 3


def test_texts_abroad_are_counted_as_such_and_all_given_back_when_there_is_no_room(web: Web) -> None:
    there = limited(web, limits=MessageLimits(sms=5, international_sms=1))
    abroad = row("+33 6 12 34 56 78")
    refused = there.post(BULK, texts(there, [abroad, abroad, row()]))
    assert refused.problem[2].startswith("Exceeded send limits (international_sms: 1) for today: there is room for 1")
    assert there.post(BULK, texts(there, [abroad, *[row()] * 4])).status == 201
    assert there.post(SMS, there.sms()).status == 429


def test_test_keys_count_nothing(web: Web) -> None:
    there = limited(web, limits=MessageLimits(sms=2))
    for _ in range(2):
        assert there.post(BULK, texts(there, [row()] * 2), KeyType.TEST).status == 201
    assert there.post(BULK, texts(there, [row()] * 2)).status == 201


def test_too_many_requests_are_refused_before_they_are_looked_at(web: Web) -> None:
    there = limited(web, rate_limit=1)
    assert [there.post(BULK, {}).status for _ in range(3)] == [400, 400, 429]
    assert there.post(BULK, {}).problem[1] == "RateLimitError"
    assert there.post(BULK, {}).header("ratelimit-policy") == '"minute";q=1;w=60'


def test_when_it_cannot_be_stored_its_places_are_given_back(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    there = limited(web, limits=MessageLimits(sms=2))
    with monkeypatch.context() as broken:
        notifications = type(there.town.platform.database._work.notifications)

        def fail(*_: object) -> None:
            raise DatabaseUnavailable("gone")

        broken.setattr(notifications, "accept_many", fail)
        assert there.post(BULK, texts(there, [row()] * 2)).status == 503
    assert there.post(BULK, texts(there, [row()] * 2)).status == 201


# Asking twice.


def ask(web: Web, body: Mapping[str, object], key: str) -> Reply:
    return web.request("POST", BULK, json.dumps(body).encode(), {**web.signed(), "idempotency-key": key})


def test_the_same_bulk_twice_is_one_and_is_told_the_same(web: Web) -> None:
    body = texts(web, [row(), row("x")])
    first, again = ask(web, body, "a"), ask(web, dict(reversed(body.items())), "a")
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert (first.header("idempotent-replayed"), again.header("idempotent-replayed")) == (None, "true")
    assert len(sent(web)) == 1
    assert ask(web, texts(web, [row()]), "a").problem[:2] == (422, "IdempotencyKeyReusedError")
    assert ask(web, body, "b").json["id"] != first.json["id"]


def test_a_refused_bulk_leaves_its_key_free(web: Web) -> None:
    assert ask(web, texts(web, template_id=str(uuid4())), "a").status == 400
    assert web.request("POST", BULK, b"{", {**web.signed(), "idempotency-key": "a"}).status == 400
    assert ask(web, texts(web), "a").status == 201


def test_interrupted_in_the_middle_nothing_is_stored_and_the_key_is_free(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "BATCH", 2)
    notifications = type(web.town.platform.database._work.notifications)
    accept_many, calls = notifications.accept_many, iter(range(100))

    def fail_later(*arguments: Any) -> Any:
        if next(calls) == 2:
            raise DatabaseUnavailable("gone")
        return accept_many(*arguments)

    monkeypatch.setattr(notifications, "accept_many", fail_later)
    body = texts(web, [row(number) for number in NUMBERS])
    assert ask(web, body, "a").status == 503
    assert sent(web) == []
    reply = ask(web, body, "a")
    assert (reply.status, reply.json["accepted"]) == (201, 10)
    assert sorted(sent(web)) == [f"44{number[1:]}" for number in NUMBERS]


def test_in_services_that_want_it_so_its_reference_is_its_key(web: Web) -> None:
    with web.town.platform.database.statement() as work:
        work.services._table.put(web.town.service.id, evolve(web.town.service, idempotent_references=True))
    first, again = (web.post(BULK, texts(web, reference="r")) for _ in range(2))
    assert again.body == first.body
    assert web.post(BULK, texts(web, [row()] * 2, reference="r")).problem[0] == 422


# Looking up.


def test_a_bulk_is_shown_as_a_whole(web: Web) -> None:
    told = web.post(BULK, texts(web, [row(), row("x"), row("07700 900000")], reference="all")).json
    path = f"{BULK}/{told['id']}"
    found = web.get(path).json
    assert found == {
        "id": told["id"],
        "uri": f"{ROOT}{path}/rows",
        "type": "sms",
        "state": "sending",
        "reference": "all",
        "template": {
            "id": str(web.town.sms.id),
            "version": 1,
            "uri": f"{ROOT}/v2/template/{web.town.sms.id}/version/1",
        },
        "created_at": "2026-11-21T12:00:00.000000Z",
        "scheduled_for": None,
        "accepted": 2,
        "refused": 1,
        "simulated": 1,
        "statuses": {"created": 1},
    }
    web.town.platform.run()
    assert web.get(path).json["statuses"] == {"sending": 1}
    web.town.platform.confirm_texts()
    found = web.get(path).json
    assert (found["state"], found["statuses"]) == ("finished", {"delivered": 1})


def test_rows_are_shown_page_by_page_in_their_order(web: Web) -> None:
    rows = [row(NUMBERS[number % 10] if number % 3 else "x", reference=f"r{number}") for number in range(300)]
    told = web.post(BULK, texts(web, rows)).json
    path = f"{BULK}/{told['id']}/rows"
    first = web.get(path).json
    assert first["links"] == {"current": f"{ROOT}{path}", "next": f"{ROOT}{path}?page=2"}
    second = web.get(f"{path}?page=2").json
    assert (len(first["rows"]), len(second["rows"])) == (250, 50)
    third = web.get(f"{path}?page=3").json
    assert third == {"links": {"current": f"{ROOT}{path}?page=3"}, "rows": []}
    shown = first["rows"] + second["rows"]
    assert [entry["row"] for entry in shown] == list(range(300))
    assert [entry["reference"] for entry in shown] == [f"r{number}" for number in range(300)]
    for answer, entry in zip(told["rows"], shown, strict=True):
        assert (answer.get("id"), answer.get("errors", [])) == (entry["id"], entry["errors"])
    assert shown[0] == {
        "row": 0,
        "id": None,
        "status": "refused",
        "recipient": "x",
        "reference": "r0",
        "errors": told["rows"][0]["errors"],
    }
    assert (shown[1]["status"], shown[1]["recipient"], shown[1]["errors"]) == ("created", NUMBERS[1], [])


def test_simulated_recipients_are_shown_as_such(web: Web) -> None:
    told = web.post(BULK, texts(web, [row("07700 900000")])).json
    [shown] = web.get(f"{BULK}/{told['id']}/rows").json["rows"]
    assert (shown["status"], shown["id"]) == ("simulated", told["rows"][0]["id"])
    assert web.get(f"{BULK}/{told['id']}").json["state"] == "finished"


@pytest.mark.parametrize("rest", ["", "/rows", "/cancel"])
def test_what_is_not_there_or_not_theirs_is_not_found(web: Web, rest: str) -> None:
    told = web.post(BULK, texts(web)).json["id"]
    method = "POST" if rest == "/cancel" else "GET"
    other = limited(web)

    def ask_for(asker: Web, bulk_id: object) -> Reply:
        return asker.request(method, f"{BULK}/{bulk_id}{rest}", headers=asker.signed())

    assert ask_for(web, uuid4()).problem == (404, "NoResultFound", "No result found")
    assert ask_for(other, told).problem[0] == 404
    assert ask_for(web, "x").problem == (400, "ValidationError", "bulk_id is not a valid UUID")
    assert ask_for(web, told).status == 200
    web.town.clock.advance(timedelta(days=8))
    assert ask_for(web, told).problem[0] == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1.5", "9" * 13, "٣"])
def test_what_is_no_page_is_refused(web: Web, page: str) -> None:
    told = web.post(BULK, texts(web)).json["id"]
    reply = web.get(f"{BULK}/{told}/rows?{urlencode({'page': page})}")
    assert reply.problem == (400, "ValidationError", "page is not the number of a page: they count from 1")


# Scheduling and cancelling.


def test_a_scheduled_bulk_waits_and_can_be_cancelled(web: Web) -> None:
    told = web.post(BULK, texts(web, [row(), row(), row("x")], scheduled_for="2026-11-21T13:00:00Z")).json
    path = f"{BULK}/{told['id']}"
    assert told["scheduled_for"] == "2026-11-21T13:00:00.000000Z"
    assert web.get(path).json["state"] == "scheduled"
    assert sent(web) == []
    for _ in range(2):
        found = web.request("POST", f"{path}/cancel", headers=web.signed()).json
        assert (found["state"], found["cancelled"], found["too_late"]) == ("cancelled", 2, 0)
    web.town.clock.advance(timedelta(hours=2))
    assert sent(web) == []
    assert web.get(f"{path}/rows").json["rows"][0]["status"] == "cancelled"


def test_what_is_not_cancelled_is_sent_when_it_is_due(web: Web) -> None:
    web.post(BULK, texts(web, scheduled_for="2026-11-21T13:00:00Z"))
    assert sent(web) == []
    web.town.clock.advance(timedelta(hours=1))
    assert len(sent(web)) == 1


def test_what_was_begun_is_too_late_and_the_rest_is_cancelled(web: Web) -> None:
    told = web.post(BULK, texts(web, [row(number) for number in NUMBERS])).json
    begun = [UUID(answer["id"]) for answer in told["rows"][:4]]
    now = web.town.clock()
    with web.town.platform.database.statement() as work:
        work.notifications.claim(begun, now=now, until=now + timedelta(seconds=30))
    found = web.request("POST", f"{BULK}/{told['id']}/cancel", headers=web.signed()).json
    assert (found["cancelled"], found["too_late"], found["statuses"]) == (6, 4, {"created": 4, "cancelled": 6})
    assert found["state"] == "sending"


def test_places_of_what_is_cancelled_are_given_back(web: Web) -> None:
    there = limited(web, limits=MessageLimits(sms=3, international_sms=1))
    told = there.post(BULK, texts(there, [row(), row(), row("+33 6 12 34 56 78")])).json
    assert there.post(BULK, texts(there)).status == 429
    there.request("POST", f"{BULK}/{told['id']}/cancel", headers=there.signed())
    assert there.post(BULK, texts(there, [row(), row(), row("+33 6 12 34 56 78")])).status == 201


def test_each_message_is_an_ordinary_one(web: Web) -> None:
    told = web.post(BULK, texts(web)).json["rows"][0]["id"]
    assert web.get("/v2/notifications").json["notifications"][0]["id"] == told
    assert web.request("POST", f"/v2/notifications/{told}/cancel", headers=web.signed()).json["status"] == "cancelled"
    assert web.get(f"/v2/notifications/{told}/events").json["events"][-1]["status"] == Status.CANCELLED
