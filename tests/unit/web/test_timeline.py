"""What happened to a message, as clients are shown it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.vocabulary import KeyType, ProviderName
from tests.unit.conftest import make_town
from tests.unit.web.conftest import Web

SMS = "/v2/notifications/sms"


def test_what_happened_is_shown_oldest_first_with_every_key(web: Web) -> None:
    message = web.post(SMS, web.sms()).json["id"]
    web.town.clock.advance(timedelta(microseconds=5))
    web.town.platform.run()
    web.town.clock.advance(timedelta(seconds=1))
    web.town.platform.notify.record_sms_receipt(
        SmsReceipt(provider=ProviderName.MMG, reference=message, status="3", code="5")
    )
    reply = web.get(f"/v2/notifications/{message}/events")
    assert reply.status == 200
    nothing = dict.fromkeys(("attempt", "provider", "status", "detail"))
    carrier = reply.json["events"][3]["provider"]
    assert carrier in ("mmg", "firetext")
    begun = "2026-11-21T12:00:00.000005Z"
    assert reply.json == {
        "id": message,
        "events": [
            nothing | {"at": "2026-11-21T12:00:00.000000Z", "event": "accepted"},
            nothing | {"at": begun, "event": "queued"},
            nothing | {"at": begun, "event": "attempted", "attempt": 1, "provider": carrier},
            nothing | {"at": begun, "event": "handed-over", "attempt": 1, "provider": carrier, "status": "sending"},
            {
                "at": "2026-11-21T12:00:01.000005Z",
                "event": "receipt",
                "attempt": None,
                "provider": "mmg",
                "status": "delivered",
                "detail": "Delivered to handset",
            },
        ],
    }


@pytest.mark.parametrize("key", list(KeyType))
@pytest.mark.parametrize("form", ["{}", "{{{}}}", "urn:uuid:{}"])
def test_every_key_of_the_service_sees_it_however_the_id_is_written(web: Web, key: KeyType, form: str) -> None:
    message = web.post(SMS, web.sms()).json["id"]
    reply = web.get(f"/v2/notifications/{form.format(message)}/events", key)
    assert (reply.status, reply.json["id"]) == (200, message)


def test_another_services_message_is_not_found(web: Web) -> None:
    other = make_town(web.town.platform, web.town.clock, name="Parks")
    message = other.text().id
    for wanted in (message, uuid4()):
        problem = web.get(f"/v2/notifications/{wanted}/events").problem
        assert problem == (404, "NoResultFound", "No result found")


def test_it_goes_when_the_contents_go(web: Web) -> None:
    message = web.post(SMS, web.sms()).json["id"]
    web.town.clock.advance(timedelta(days=8))
    assert web.get(f"/v2/notifications/{message}/events").status == 404


def test_what_is_no_id_is_refused(web: Web) -> None:
    problem = web.get("/v2/notifications/nonsense/events").problem
    assert problem == (400, "ValidationError", "notification_id is not a valid UUID")


def test_it_is_asked_for_with_a_token(web: Web) -> None:
    assert web.request("GET", f"/v2/notifications/{uuid4()}/events").problem[0] == 401
