"""Asking twice: one message, and the same answer, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.idempotency.model import RequestKey, header_key
from notify_core.services.model import MessageLimits
from notify_core.vocabulary import KeyType
from tests.unit.conftest import Town, make_town
from tests.unit.web.conftest import Reply, Web

SMS = "/v2/notifications/sms"
EMAIL = "/v2/notifications/email"
REUSED = "Idempotency-Key was used for another request: use a new key, or repeat that request unchanged"


def ask(web: Web, document: Mapping[str, object], key: str, path: str = SMS, kind: KeyType = KeyType.NORMAL) -> Reply:
    return web.request("POST", path, json.dumps(document).encode(), {**web.signed(kind), "idempotency-key": key})


def sent(web: Web) -> int:
    web.town.platform.run()
    return len(web.town.platform.phones.sent) + len(web.town.platform.inboxes.sent)


def test_the_same_request_is_answered_the_same_and_makes_one_message(web: Web) -> None:
    first = ask(web, web.sms(), "a")
    again = ask(web, web.sms(), "a")
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert (first.header("idempotent-replayed"), again.header("idempotent-replayed")) == (None, "true")
    assert again.header("content-type") == first.header("content-type")
    assert sent(web) == 1


def test_an_email_too(web: Web) -> None:
    first, again = (ask(web, web.email(), "a", EMAIL) for _ in range(2))
    assert again.body == first.body
    assert sent(web) == 1


def test_the_same_request_may_be_written_differently(web: Web) -> None:
    signed = web.signed() | {"idempotency-key": "a"}
    number, template = "07700 900123", web.town.sms.id
    one = f'{{"phone_number": "{number}", "template_id": "{template}", "personalisation": {{"name": "Jo"}}}}'
    other = f'{{"template_id":"{template}","personalisation":{{"name":"J\\u006f"}},"phone_number":"{number}"}}'
    replies = [web.request("POST", SMS, body.encode(), signed) for body in (one, other)]
    assert replies[0].body == replies[1].body


def test_another_request_under_the_same_key_is_refused(web: Web) -> None:
    ask(web, web.sms(), "a")
    for reply in (ask(web, web.sms(reference="other"), "a"), ask(web, web.email(), "a", EMAIL), ask(web, {}, "a")):
        assert reply.problem == (422, "IdempotencyKeyReusedError", REUSED)
    assert sent(web) == 1


def test_a_key_is_one_service_and_one_type_of_keys_own(web: Web, platform: MemoryPlatform, clock: FixedClock) -> None:
    other = Web(make_town(platform, clock, name="Libraries"), web.runner)
    replies = [ask(web, web.sms(), "a"), ask(web, web.sms(), "a", kind=KeyType.TEST), ask(other, other.sms(), "a")]
    assert [reply.status for reply in replies] == [201, 201, 201]
    assert len({reply.json["id"] for reply in replies}) == 3


def test_a_refused_request_leaves_its_key_free(web: Web) -> None:
    assert ask(web, web.sms(personalisation={}), "a").status == 400
    assert web.request("POST", SMS, b"{", {**web.signed(), "idempotency-key": "a"}).status == 400
    assert ask(web, web.sms(), "a").status == 201


def test_the_answer_does_not_depend_on_what_changed_since(web: Web, platform: MemoryPlatform) -> None:
    first = ask(web, web.sms(), "a")
    platform.notify.edit_template(web.town.sms.id, content="All different ((thing))")
    platform.notify.directory.forget()
    web.configure(public_url="https://elsewhere.example")
    assert ask(web, web.sms(), "a").body == first.body


def test_the_last_place_of_the_day_is_not_asked_for_again(
    platform: MemoryPlatform, clock: FixedClock, web: Web
) -> None:
    narrow = Web(make_town(platform, clock, name="Narrow", limits=MessageLimits(sms=1)), web.runner)
    first = ask(narrow, narrow.sms(), "a")
    assert first.status == 201
    assert narrow.post(SMS, narrow.sms()).status == 429
    assert ask(narrow, narrow.sms(), "a").body == first.body


def test_simulated_recipients_are_answered_the_same_too(web: Web) -> None:
    first, again = (ask(web, web.sms(phone_number="07700900000"), "a") for _ in range(2))
    assert again.body == first.body


def test_a_key_lasts_as_long_as_the_message_and_no_longer(web: Web, clock: FixedClock) -> None:
    first = ask(web, web.sms(), "a")
    clock.advance(timedelta(days=7))
    assert ask(web, web.sms(), "a").body == first.body
    clock.advance(timedelta(days=1))
    later = ask(web, web.sms(), "a")
    assert (later.status, later.header("idempotent-replayed")) == (201, None)
    assert later.json["id"] != first.json["id"]


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_will_not_do_is_refused(web: Web, key: str) -> None:
    told = f"Idempotency-Key is {len(key)} characters long; use 1 to 255"
    assert ask(web, web.sms(), key).problem == (400, "BadRequestError", told)


def test_who_asks_while_the_first_is_at_work_is_asked_to_wait(web: Web, clock: FixedClock) -> None:
    key = reserved(web, clock, seconds=30)
    reply = ask(web, web.sms(), "a")
    assert reply.problem == (
        409,
        "IdempotencyInFlightError",
        "The first request with this Idempotency-Key is still being processed: try again shortly",
    )
    assert reply.header("retry-after") == "1"
    assert ask(web, web.sms(reference="other"), "a").status == 422
    with web.town.platform.database.statement() as work:
        assert work.answers.find(key) is not None


def test_a_key_whose_request_was_abandoned_is_free_again(web: Web, clock: FixedClock) -> None:
    reserved(web, clock, seconds=30)
    clock.advance(timedelta(seconds=30))
    assert ask(web, web.sms(), "a").status == 201


def reserved(web: Web, clock: FixedClock, seconds: int) -> RequestKey:
    asked = {"channel": "sms", "document": web.sms()}
    key = header_key(web.town.service.id, KeyType.NORMAL, "a", asked)
    until = clock() + timedelta(seconds=seconds)
    with web.town.platform.database.statement() as work:
        work.answers.reserve(key, now=clock(), until=until, expires_on=(clock() + timedelta(days=8)).date())
    return key


def test_a_service_may_let_references_name_messages(platform: MemoryPlatform, clock: FixedClock, web: Web) -> None:
    town = with_idempotent_references(make_town(platform, clock, name="Careful"))
    careful = Web(town, web.runner)
    first, again = (careful.post(SMS, careful.sms(reference="order 7")) for _ in range(2))
    assert again.body == first.body
    reply = careful.post(SMS, careful.sms(reference="order 7", phone_number="07700900321"))
    assert reply.status == 422
    assert reply.messages[0].startswith("reference was used for another message: in this service")
    unnamed = [careful.post(SMS, careful.sms(reference=value)).json["id"] for value in ("", "", ...)]
    assert len(set(unnamed)) == 3
    assert ask(careful, careful.sms(reference="order 7"), "its own key").json["id"] != first.json["id"]


def test_elsewhere_references_name_nothing(web: Web) -> None:
    first, again = (web.post(SMS, web.sms(reference="order 7")) for _ in range(2))
    assert first.json["id"] != again.json["id"]


def with_idempotent_references(town: Town) -> Town:
    service = evolve(town.service, idempotent_references=True)
    with town.platform.database.statement() as work:
        work.services._table.put(service.id, service)
    return evolve(town, service=service)


def test_an_answer_is_forgotten_when_its_message_is(web: Web) -> None:
    forget = web.town.platform.notify.forget_answers
    ask(web, web.sms(), "a")
    web.town.clock.advance(timedelta(days=7))
    ask(web, web.sms(), "b")
    assert forget() == 0
    web.town.clock.advance(timedelta(days=1))
    assert (forget(), forget()) == (1, 0)
    assert ask(web, web.sms(), "b").header("idempotent-replayed") == "true"
