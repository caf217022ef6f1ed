"""Messages for later, and messages taken back."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.providers.model import ProviderFailed
from notify_core.services.model import MessageLimits
from tests.unit.conftest import make_town
from tests.unit.web.conftest import Web

SMS = "/v2/notifications/sms"
LATER = "2026-11-21T20:00:00.000000Z"


def test_a_message_for_later_waits_until_then(web: Web, clock: FixedClock) -> None:
    reply = web.post(SMS, web.sms(scheduled_for="2026-11-21T21:00:00+01:00"))
    assert (reply.status, reply.json["scheduled_for"]) == (201, LATER)
    path = f"/v2/notifications/{reply.json['id']}"
    web.town.platform.run()
    clock.advance(timedelta(hours=7, minutes=59))
    web.town.platform.run()
    assert web.town.platform.phones.sent == []
    assert (web.get(path).json["status"], web.get(path).json["scheduled_for"]) == ("created", LATER)
    clock.advance(timedelta(minutes=1))
    web.town.platform.run()
    assert len(web.town.platform.phones.sent) == 1
    assert web.get(path).json["status"] == "sending"


def test_a_time_without_a_zone_is_utc(web: Web) -> None:
    assert web.post(SMS, web.sms(scheduled_for="2026-11-21T20:00:00")).json["scheduled_for"] == LATER


def test_an_email_for_later_waits_too(web: Web, clock: FixedClock) -> None:
    web.post("/v2/notifications/email", web.email(scheduled_for=LATER))
    web.town.platform.run()
    assert web.town.platform.inboxes.sent == []
    clock.advance(timedelta(hours=8))
    web.town.platform.run()
    assert len(web.town.platform.inboxes.sent) == 1


def test_nobody_claims_a_message_before_its_time(web: Web, clock: FixedClock) -> None:
    """A queue that loses its delay must not make messages early: what comes early is looked at again in time."""
    web.post(SMS, web.sms(scheduled_for=LATER))
    notify = web.town.platform.notify
    [entry] = web.town.platform.database._work.outbox.take(
        limit=9, due_before=clock() + timedelta(days=2), now=clock(), until=clock()
    )
    notify.perform(entry.task, [entry.subject_id])
    assert web.town.platform.phones.sent == []
    clock.advance(timedelta(hours=8))
    web.town.platform.run()
    assert len(web.town.platform.phones.sent) == 1


def test_what_nobody_has_begun_to_deliver_can_be_cancelled(web: Web, clock: FixedClock) -> None:
    for change in ({"scheduled_for": LATER}, {}):
        message = web.post(SMS, web.sms(**change)).json["id"]
        reply = web.post(f"/v2/notifications/{message}/cancel", b"")
        assert (reply.status, reply.json["status"]) == (200, "cancelled")
        assert reply.json["completed_at"] == "2026-11-21T12:00:00.000000Z"
        assert reply.json == web.get(f"/v2/notifications/{message}").json
        again = web.post(f"/v2/notifications/{message}/cancel", {})
        assert (again.status, again.json) == (200, reply.json)
    clock.advance(timedelta(hours=20))
    web.town.platform.run()
    assert web.town.platform.phones.sent == []


def test_what_has_begun_cannot_be_taken_back(web: Web) -> None:
    message = web.post(SMS, web.sms()).json["id"]
    web.town.platform.run()
    reply = web.post(f"/v2/notifications/{message}/cancel", b"")
    told = "Too late to cancel this message: it is sending"
    assert reply.problem == (409, "TooLateToCancelError", told)
    web.town.platform.confirm_texts()
    reply = web.post(f"/v2/notifications/{message}/cancel", b"")
    assert reply.messages == ["Too late to cancel this message: it is delivered"]


def test_a_message_that_was_tried_and_not_taken_may_have_arrived(web: Web) -> None:
    web.town.platform.phones.failures.extend(ProviderFailed("no answer") for _ in range(9))
    message = web.post(SMS, web.sms()).json["id"]
    web.town.platform.run()
    reply = web.post(f"/v2/notifications/{message}/cancel", b"")
    assert reply.messages == ["Too late to cancel this message: its delivery has begun"]


def test_only_its_own_service_can_cancel_a_message(platform: MemoryPlatform, clock: FixedClock, web: Web) -> None:
    other = Web(make_town(platform, clock, name="Libraries"), web.runner)
    message = other.post(SMS, other.sms()).json["id"]
    for identity in (message, str(uuid4())):
        assert web.post(f"/v2/notifications/{identity}/cancel", b"").problem == (
            404,
            "NoResultFound",
            "No result found",
        )
    assert web.post("/v2/notifications/x/cancel", b"").messages == ["notification_id is not a valid UUID"]
    assert other.get(f"/v2/notifications/{message}").json["status"] == "created"


def test_a_cancelled_message_gives_its_place_back(platform: MemoryPlatform, clock: FixedClock, web: Web) -> None:
    limits = MessageLimits(sms=1, international_sms=1)
    narrow = Web(make_town(platform, clock, name="Narrow", limits=limits), web.runner)
    abroad = narrow.sms(phone_number="+1 202 555 0104")
    for _ in range(2):
        message = narrow.post(SMS, abroad).json["id"]
        assert narrow.post(SMS, abroad).status == 429
        for _ in range(2):
            assert narrow.post(f"/v2/notifications/{message}/cancel", b"").status == 200
    assert narrow.post(SMS, abroad).status == 201
    assert narrow.post(SMS, abroad).status == 429
