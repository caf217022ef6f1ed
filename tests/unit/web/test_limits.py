"""What answers to a request to send tell about limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from notify_core.services.model import MessageLimits, Permission
from notify_core.vocabulary import KeyType
from tests.unit.web.conftest import Reply, Web, limited

SMS, EMAIL, LETTER = "/v2/notifications/sms", "/v2/notifications/email", "/v2/notifications/letter"
# The clock stands at noon.
UNTIL_MIDNIGHT = 43_200


# 3 requests at once, then one every 10 seconds.
SMALL: dict[str, Any] = {
    "rate_limit": 6,
    "limits": MessageLimits(sms=2, email=100, international_sms=0),
    "permissions": frozenset({Permission.SMS, Permission.EMAIL, Permission.INTERNATIONAL_SMS}),
}


@pytest.fixture
def web(web: Web) -> Web:
    """A client of a service with small limits."""
    return limited(web, **SMALL)


def told(reply: Reply) -> tuple[str | None, str | None, str | None]:
    """Return what an answer tells of limits: the policy, what is left, and when to come back."""
    return reply.header("ratelimit-policy"), reply.header("ratelimit"), reply.header("retry-after")


def test_an_accepted_message_is_told_its_limits_and_what_is_left(web: Web) -> None:
    reply = web.post(SMS, web.sms())
    assert (reply.status, *told(reply)) == (
        201,
        '"minute";q=6;w=60, "day";q=2;w=86400',
        f'"minute";r=2;t=10, "day";r=1;t={UNTIL_MIDNIGHT}',
        None,
    )
    assert [name for name, _ in reply.headers].count("ratelimit") == 1


def test_what_is_left_grows_and_shrinks(web: Web) -> None:
    web.post(SMS, web.sms())
    web.town.clock.advance(timedelta(seconds=5))
    reply = web.post(EMAIL, web.email())
    assert told(reply)[1] == f'"minute";r=1;t=15, "day";r=99;t={UNTIL_MIDNIGHT - 5}'
    web.town.clock.advance(timedelta(seconds=5, milliseconds=500))
    reply = web.post(SMS, web.sms())
    assert told(reply)[1] == f'"minute";r=1;t=20, "day";r=0;t={UNTIL_MIDNIGHT - 10}'


@pytest.mark.parametrize(
    "body", [b"{", b"{}", {"template_id": str(uuid4())}, {"personalisation": {}}, {"phone_number": "07700 900000"}]
)
def test_what_gave_its_place_back_is_told_so(web: Web, body: bytes | dict[str, object]) -> None:
    reply = web.post(SMS, body if isinstance(body, bytes) else web.sms(**body))
    assert reply.status == (201 if body == {"phone_number": "07700 900000"} else 400)
    assert told(reply)[1] == f'"minute";r=2;t=10, "day";r=2;t={UNTIL_MIDNIGHT}'


def test_too_fast_is_told_when_there_will_be_a_token(web: Web) -> None:
    for _ in range(3):
        web.post(EMAIL, web.email())
    reply = web.post(EMAIL, web.email())
    assert (reply.status, *told(reply)[1:]) == (429, f'"minute";r=0;t=30, "day";r=97;t={UNTIL_MIDNIGHT}', "10")


def test_too_many_is_told_when_the_next_day_begins(web: Web) -> None:
    web.post(SMS, web.sms())
    web.post(SMS, web.sms())
    web.town.clock.advance(timedelta(seconds=0.5))
    reply = web.post(SMS, web.sms())
    assert reply.problem == (429, "TooManyRequestsError", "Exceeded send limits (sms: 2) for today")
    assert told(reply)[1:] == (f'"minute";r=0;t=30, "day";r=0;t={UNTIL_MIDNIGHT}', str(UNTIL_MIDNIGHT))


def test_too_many_abroad_gives_the_other_place_back(web: Web) -> None:
    reply = web.post(SMS, web.sms(phone_number="+33612345678"))
    assert reply.problem == (429, "TooManyRequestsError", "Exceeded send limits (international_sms: 0) for today")
    assert told(reply)[1:] == (f'"minute";r=2;t=10, "day";r=2;t={UNTIL_MIDNIGHT}', str(UNTIL_MIDNIGHT))


def test_test_keys_use_up_tokens_of_their_own_and_no_places(web: Web) -> None:
    for left in (2, 1):
        reply = web.post(SMS, web.sms(), KeyType.TEST)
        assert told(reply)[1] == f'"minute";r={left};t={(3 - left) * 10}, "day";r=2;t={UNTIL_MIDNIGHT}'
    assert told(web.post(SMS, web.sms()))[1] == f'"minute";r=2;t=10, "day";r=1;t={UNTIL_MIDNIGHT}'


def test_a_limit_that_is_off_is_left_out(web: Web) -> None:
    web = limited(web, rate_limit_enabled=False, **SMALL)
    for left in (1, 0):
        assert told(web.post(SMS, web.sms()))[:2] == ('"day";q=2;w=86400', f'"day";r={left};t={UNTIL_MIDNIGHT}')
    assert web.post(SMS, web.sms()).status == 429


def test_a_service_that_may_not_send_letters_is_held_to_its_limits_too(web: Web) -> None:
    answers = [web.post(LETTER, {}) for _ in range(4)]
    assert [answer.status for answer in answers] == [400, 400, 400, 429]
    assert told(answers[0])[1] == f'"minute";r=2;t=10, "day";r=999999999;t={UNTIL_MIDNIGHT}'


def test_a_failure_of_ours_is_told_too(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.post(SMS, web.sms(template_id=str(uuid4())))
    web.break_database(monkeypatch)
    reply = web.post(SMS, web.sms())
    assert (reply.status, *told(reply)[1:]) == (503, f'"minute";r=1;t=20, "day";r=2;t={UNTIL_MIDNIGHT}', "5")


def test_other_requests_are_told_nothing(web: Web) -> None:
    strangers = web.request("POST", SMS, b"{}")
    looking_up = web.get(f"/v2/notifications/{uuid4()}")
    unknown = web.post("/v2/notifications/pigeon", {})
    assert [reply.status for reply in (strangers, looking_up, unknown)] == [401, 404, 404]
    for reply in (strangers, looking_up, unknown):
        assert told(reply) == (None, None, None)
