"""What a request costs outside this process, once what hardly ever changes has been seen."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.unit.web.conftest import Web

SMS, EMAIL = "/v2/notifications/sms", "/v2/notifications/email"


@pytest.fixture
def trips(web: Web, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each part outside is used, with everything that is remembered seen before."""
    counted: Counter[str] = Counter()
    for reply in (web.post(SMS, web.sms()), web.post(EMAIL, web.email())):
        web.get(f"/v2/notifications/{reply.json['id']}")

    def count(owner: Any, name: str, as_what: str) -> None:
        original = getattr(owner, name)

        def counting(*arguments: Any, **named: Any) -> Any:
            counted[as_what] += 1
            return original(*arguments, **named)

        monkeypatch.setattr(owner, name, counting)

    platform = web.town.platform
    count(type(platform.database), "statement", "database")
    count(type(platform.database), "begin", "transaction")
    count(type(platform.publisher), "publish", "queues")
    limiter = type(platform.notify.admit.limiter)
    count(limiter, "ask", "limiter")
    count(limiter, "give_back", "limiter")
    return counted


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_accepting_takes_one_round_trip_to_the_database_and_one_to_the_limits(
    web: Web, trips: Counter[str], channel: str
) -> None:
    reply = web.post(SMS, web.sms()) if channel == "sms" else web.post(EMAIL, web.email())
    assert reply.status == 201
    assert trips == {"database": 1, "limiter": 1}


def test_a_key_takes_one_more(web: Web, trips: Counter[str]) -> None:
    def send() -> int:
        body = str(web.sms()).replace("'", '"').encode()
        return web.request("POST", SMS, body, web.signed() | {"idempotency-key": "a"}).status

    assert send() == 201
    assert trips == {"database": 2, "limiter": 1}
    trips.clear()
    assert send() == 201
    assert trips == {"database": 1}, "what was answered before is only looked up"


@pytest.mark.parametrize("rows", [1, 1000, 2500])
def test_a_bulk_takes_one_transaction_and_one_trip_to_the_limits(web: Web, trips: Counter[str], rows: int) -> None:
    row = {"phone_number": "07700 900123", "personalisation": {"name": "Jo"}}
    body = {"template_id": str(web.town.sms.id), "rows": [row] * rows}
    assert web.post("/v2/notifications/bulk", body).json["accepted"] == rows
    assert trips == {"transaction": 1, "limiter": 1}, "the minute, which would be one more, is not limited here"


def test_looking_up_takes_one(web: Web, trips: Counter[str]) -> None:
    message = web.post(SMS, web.sms()).json["id"]
    for path in (f"/v2/notifications/{message}", "/v2/notifications", f"/v2/notifications/{message}/events"):
        trips.clear()
        assert web.get(path).status == 200
        assert trips == {"database": 1}, path


def test_a_refusal_costs_the_database_nothing(web: Web, trips: Counter[str]) -> None:
    assert web.post(SMS, web.sms(personalisation={})).status == 400
    assert trips == {"limiter": 2}, "a place is taken, and given back"
    trips.clear()
    assert web.request("POST", SMS, b"{}").status == 401
    assert trips == {}
