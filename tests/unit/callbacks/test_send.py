"""Services hear what became of their messages, again and again if need be, and one after the other never."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_core.callbacks.manage import InvalidEndpoint, NewEndpoint
from notify_core.callbacks.model import Answer, Callback, CallbackKind, CallbackSearch, CallbackState
from notify_core.callbacks.ports import Call
from notify_core.errors import NotAllowed, NotFound
from notify_core.identifiers import moment_of
from notify_core.inbound.model import InboundNumber
from notify_core.inbound.receive import IncomingText, Reception
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.notifications.status import Status
from notify_core.outbox.model import Queue, Task
from notify_core.providers.model import ProviderRefused
from notify_core.providers.ses_events import parse_event
from notify_core.services.model import Permission
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.unit.callbacks.conftest import Listen
from tests.unit.conftest import Town

DOWN = Answer(failure="timed out", milliseconds=5000)
LATER = timedelta(minutes=1)


def told(town: Town) -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in town.platform.caller.calls]


def all_callbacks(town: Town, **more: Any) -> list[Callback]:
    return town.platform.notify.list_callbacks(CallbackSearch(limit=1000, service_id=town.service.id, **more))


def deliver_a_text(town: Town) -> UUID:
    accepted = town.text(reference="ref")
    town.platform.run()
    town.platform.confirm_texts()
    town.platform.run()
    return accepted.id


def fail_a_text(town: Town) -> None:
    """Have a text end as a temporary failure, without serving any queue."""
    accepted = town.text("07700 900003", key=KeyType.TEST)
    town.platform.notify.perform(Task.DELIVER_SMS, [accepted.id])
    town.platform.notify.simulate_receipts([accepted.id])


def test_a_delivered_text_is_told_with_all_that_was_ever_told(town: Town, listen: Listen) -> None:
    endpoint = listen()
    town.clock.advance(timedelta(milliseconds=1500))
    message_id = deliver_a_text(town)
    [call] = town.platform.caller.calls
    moment = "2026-11-21T12:00:01.500000Z"
    # Field by field in the order, and with the spaces, that receivers know.
    assert call.body.decode() == (
        f'{{"id": "{message_id}", "reference": "ref", "to": "07700 900123", "status": "delivered", '
        f'"created_at": "{moment}", "completed_at": "{moment}", "sent_at": "{moment}", '
        f'"notification_type": "sms", "template_id": "{town.sms.id}", "template_version": 1}}'
    )
    assert call.url == endpoint.url
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["Authorization"] == f"Bearer {endpoint.bearer_token}"
    [callback] = all_callbacks(town)
    assert call.headers["webhook-id"] == str(callback.id)
    assert (callback.state, callback.attempts, callback.subject_id) == (CallbackState.DELIVERED, 1, message_id)
    timeline = town.platform.notify.find_timeline(town.service.id, message_id)
    assert (timeline[-1].kind, timeline[-1].detail) == ("callback", "delivery_status: answered 200, call 1")


def test_a_repeated_receipt_and_one_that_says_pending_are_not_told(town: Town, listen: Listen) -> None:
    listen()
    accepted = town.text()
    town.platform.run()
    for status in ("2", "2", "0", "0", "1"):
        town.platform.notify.record_sms_receipt(
            SmsReceipt(provider=ProviderName.FIRETEXT, reference=str(accepted.id), status=status)
        )
    town.platform.run()
    assert [body["status"] for body in told(town)] == ["delivered"]


def test_a_technical_failure_is_told(town: Town, listen: Listen) -> None:
    listen()
    town.platform.inboxes.failures.append(ProviderRefused("no"))
    accepted = town.mail()
    town.platform.run()
    [body] = told(town)
    assert (body["id"], body["status"], body["sent_at"]) == (str(accepted.id), "technical-failure", None)


def test_a_test_keys_outcome_is_told(town: Town, listen: Listen) -> None:
    listen()
    town.text("07700 900003", key=KeyType.TEST)
    town.platform.run()
    assert [body["status"] for body in told(town)] == ["temporary-failure"]


def test_a_message_that_is_sent_abroad_is_not_told_until_its_receipt(town: Town, listen: Listen) -> None:
    listen()
    town.text("+1 202-555-0123")
    town.platform.run()
    assert told(town) == []


def test_a_complaint_is_told_once(town: Town, listen: Listen) -> None:
    listen(kinds=frozenset({CallbackKind.COMPLAINT}))
    accepted = town.mail(reference="ref")
    town.platform.run()
    reference = f"email-1-{town.platform.inboxes.sent[0].reference}"
    event = parse_event(
        json.dumps(
            {
                "notificationType": "Complaint",
                "mail": {"messageId": reference},
                "complaint": {"feedbackId": "feedback", "timestamp": "2026-11-21T11:00:00.000Z"},
            }
        )
    )
    for _ in range(2):
        town.platform.notify.record_email_receipt(event)
    town.platform.run()
    [body] = told(town)
    assert list(body) == ["notification_id", "complaint_id", "reference", "to", "complaint_date"]
    assert (body["notification_id"], body["reference"], body["to"]) == (str(accepted.id), "ref", "jo@example.com")
    assert body["complaint_date"] == "2026-11-21T11:00:00.000000Z"
    assert moment_of(UUID(body["complaint_id"])) == town.clock.now


def test_a_text_from_a_person_is_told_once(town: Town, listen: Listen) -> None:
    listen()
    with town.platform.database.begin() as work:
        permissions = town.service.permissions | {Permission.INBOUND_SMS}
        work.services.save(evolve(town.service, permissions=permissions))
        work.inbound.add_number(
            InboundNumber(id=UUID(int=5), number="07900900500", provider=ProviderName.MMG, service_id=town.service.id)
        )
        work.commit()
    town.platform.notify.directory.forget()
    incoming = IncomingText(
        provider=ProviderName.MMG,
        number="447900900500",
        user_number="07700 900123",
        content="Which “bin”?",
        reference="1",
    )
    receive = town.platform.notify.receive_text
    assert [receive(incoming), receive(incoming)] == [Reception.STORED, Reception.KNOWN]
    town.platform.run()
    [call] = town.platform.caller.calls
    text_id = json.loads(call.body)["id"]
    assert call.body.decode() == (
        f'{{"id": "{text_id}", "source_number": "447700900123", "destination_number": "07900900500", '
        '"message": "Which \\u201cbin\\u201d?", "date_received": "2026-11-21T12:00:00.000000Z"}'
    )


@pytest.mark.parametrize(
    ("wants", "heard"),
    [
        ({}, 2),
        ({"statuses": frozenset({Status.DELIVERED})}, 1),
        ({"statuses": frozenset({Status.PERMANENT_FAILURE})}, 0),
        ({"channels": frozenset({Channel.SMS})}, 2),
        ({"channels": frozenset({Channel.EMAIL})}, 0),
        ({"kinds": frozenset({CallbackKind.COMPLAINT})}, 0),
    ],
)
def test_an_endpoint_hears_only_what_it_wants(town: Town, listen: Listen, wants: Any, heard: int) -> None:
    listen(**wants)
    town.text(key=KeyType.TEST)
    town.text("07700 900003", key=KeyType.TEST)
    town.platform.run()
    assert len(told(town)) == heard


def test_each_endpoint_of_a_service_hears_it(town: Town, listen: Listen) -> None:
    listen("https://one.example/")
    listen("https://two.example/")
    deliver_a_text(town)
    assert {call.url for call in town.platform.caller.calls} == {"https://one.example/", "https://two.example/"}


def test_what_fails_is_tried_again_with_the_same_id_until_it_arrives(town: Town, listen: Listen) -> None:
    listen()
    town.platform.caller.answers.extend(
        [DOWN, Answer(status=503, milliseconds=1), Answer(status=429, milliseconds=1)]
    )
    message_id = deliver_a_text(town)
    for seconds in (5, 30, 120):
        assert all_callbacks(town)[0].state is CallbackState.WAITING
        town.clock.advance(timedelta(seconds=seconds))
        town.platform.run()
    [callback] = all_callbacks(town)
    assert (callback.state, callback.attempts) == (CallbackState.DELIVERED, 4)
    calls = town.platform.caller.calls
    assert len({call.headers["webhook-id"] for call in calls}) == 1
    assert len({call.headers["webhook-timestamp"] for call in calls}) == 4
    attempts = town.platform.notify.list_attempts(callback.id)
    assert [one.answer.told for one in attempts] == ["timed out", "answered 503", "answered 429", "answered 200"]
    events = town.platform.notify.find_timeline(town.service.id, message_id)
    assert [event.detail for event in events if event.kind == "callback"] == ["delivery_status: answered 200, call 4"]


def test_after_three_days_a_callback_has_failed_and_can_be_recovered(town: Town, listen: Listen) -> None:
    endpoint = listen()
    town.platform.caller.answers.extend([DOWN] * 100)
    deliver_a_text(town)
    began = town.clock.now
    while all_callbacks(town)[0].state is CallbackState.WAITING:
        town.clock.advance(timedelta(minutes=5))
        town.platform.run()
    assert timedelta(days=3) < town.clock.now - began < timedelta(days=3, hours=7)
    town.platform.caller.answers.clear()
    assert town.platform.notify.recover_callbacks(since=began, endpoint_id=endpoint.id) == 1
    town.clock.advance(timedelta(minutes=15))
    town.platform.run()
    assert all_callbacks(town)[0].state is CallbackState.DELIVERED
    assert town.platform.notify.recover_callbacks(since=began, endpoint_id=endpoint.id) == 0


@pytest.mark.parametrize("status", [301, 302, 303, 304, 400, 401, 404])
def test_a_refusal_is_not_repeated_but_can_be_replayed(town: Town, listen: Listen, status: int) -> None:
    listen()
    town.platform.caller.answers.append(Answer(status=status, milliseconds=1))
    deliver_a_text(town)
    town.clock.advance(timedelta(days=1))
    town.platform.run()
    [callback] = all_callbacks(town)
    assert (callback.state, callback.attempts) == (CallbackState.FAILED, 1)
    [replayed] = town.platform.notify.replay_callbacks([callback.id])
    assert replayed.state is CallbackState.WAITING
    town.platform.run()
    assert [call.headers["webhook-id"] for call in town.platform.caller.calls] == [str(callback.id)] * 2
    assert all_callbacks(town)[0].state is CallbackState.DELIVERED


def test_only_what_is_known_is_replayed(town: Town, listen: Listen) -> None:
    listen()
    deliver_a_text(town)
    [callback] = all_callbacks(town)
    with pytest.raises(NotFound, match=str(UUID(int=1))):
        town.platform.notify.replay_callbacks([callback.id, UUID(int=1)])
    assert all_callbacks(town)[0].state is CallbackState.DELIVERED


def test_an_endpoint_that_is_gone_is_switched_off_and_what_waits_is_abandoned(town: Town, listen: Listen) -> None:
    endpoint = listen()
    town.platform.caller.answers.extend([DOWN, Answer(status=410, milliseconds=1)])
    began = town.clock.now
    deliver_a_text(town)
    deliver_a_text(town)
    assert [one.active for one in town.platform.notify.list_endpoints()] == [False]
    assert {one.state for one in all_callbacks(town)} == {CallbackState.FAILED, CallbackState.ABANDONED}
    town.clock.advance(timedelta(hours=1))
    town.platform.run()
    assert len(town.platform.caller.calls) == 2
    assert town.platform.notify.recover_callbacks(since=began, service_id=town.service.id) == 0
    assert listen().id == endpoint.id
    assert town.platform.notify.recover_callbacks(since=began, service_id=town.service.id) == 2
    town.platform.run()
    assert {one.state for one in all_callbacks(town)} == {CallbackState.DELIVERED}


def test_a_removed_endpoint_is_called_no_more(town: Town, listen: Listen) -> None:
    endpoint = listen()
    town.platform.caller.answers.append(DOWN)
    deliver_a_text(town)
    assert town.platform.notify.remove_endpoint(endpoint.id) == 1
    # It may still be remembered: what is queued for it then is abandoned at once.
    deliver_a_text(town)
    town.clock.advance(timedelta(days=1))
    town.platform.run()
    assert len(town.platform.caller.calls) == 1
    assert [one.state for one in all_callbacks(town)] == [CallbackState.ABANDONED] * 2


def test_a_callback_that_comes_while_its_endpoint_is_being_called_goes_with_the_next_round(
    town: Town, listen: Listen
) -> None:
    endpoint = listen()

    def another_comes(_: Call) -> None:
        town.platform.caller.meanwhile = lambda _: None
        fail_a_text(town)
        assert town.platform.notify.send_callbacks([endpoint.id]) == []

    town.platform.caller.meanwhile = another_comes
    town.text(key=KeyType.TEST)
    town.platform.run()
    assert [body["status"] for body in told(town)] == ["delivered", "temporary-failure"]


def test_a_callback_that_comes_after_the_last_look_and_before_the_lease_ends_is_not_stranded(
    town: Town, listen: Listen
) -> None:
    """Its task finds the endpoint leased and does nothing: who has the lease looks again after giving it back."""
    endpoint = listen()
    came: list[Any] = []

    def in_flight(work: Any, items: Any) -> list[Any]:
        if not items and not came:
            fail_a_text(town)
            came.append(town.platform.notify.send_callbacks([endpoint.id]))
        return [work(item) for item in items]

    accepted = town.text(key=KeyType.TEST)
    town.platform.notify.perform(Task.DELIVER_SMS, [accepted.id])
    town.platform.notify.simulate_receipts([accepted.id])
    evolve(town.platform.notify.send_callbacks, in_flight=in_flight)([endpoint.id])
    assert came == [[]]
    # What was promised before is taken away: only the promise of who had the lease is left.
    with town.platform.database.begin() as work:
        entries = work.outbox.take(
            limit=99, due_before=town.clock.now + LATER, now=town.clock.now, until=town.clock.now + LATER
        )
        ours = [entry for entry in entries if entry.subject_id == endpoint.id]
        work.outbox.remove([entry.id for entry in entries if entry is not ours[-1]], queued_at=town.clock.now)
        work.outbox.release([ours[-1].id], until=town.clock.now)
        work.commit()
    assert len(ours) == 3
    town.platform.run()
    assert [body["status"] for body in told(town)] == ["delivered", "temporary-failure"]


def test_an_ailing_endpoint_is_served_from_the_retry_queue_alone(town: Town, listen: Listen) -> None:
    endpoint = listen()
    town.platform.caller.answers.append(DOWN)
    deliver_a_text(town)
    town.platform.notify.directory.forget()
    town.clock.advance(timedelta(seconds=5))
    assert town.platform.notify.send_callbacks([endpoint.id]) == []
    while town.platform.notify.relay_outbox().published:
        pass
    seen = set()
    while (message := town.platform.publisher.receive()) is not None:
        seen.add((message.task, message.queue))
        town.platform.notify.perform(message.task, message.subject_ids)
    assert (Task.RETRY_CALLBACKS, Queue.SERVICE_CALLBACKS_RETRY) in seen
    assert (Task.SEND_CALLBACKS, Queue.SERVICE_CALLBACKS) not in seen
    assert all_callbacks(town)[0].state is CallbackState.DELIVERED


def test_a_paused_endpoint_is_probed_once_and_then_gets_all(town: Town, listen: Listen) -> None:
    listen()
    town.platform.caller.answers.extend([DOWN] * 10)
    for _ in range(20):
        town.text(key=KeyType.TEST)
        town.platform.run()
    assert len(town.platform.caller.calls) == 5
    town.clock.advance(timedelta(seconds=30))
    town.platform.run()
    assert len(town.platform.caller.calls) == 6
    town.platform.caller.answers.clear()
    town.clock.advance(timedelta(seconds=60))
    town.platform.run()
    assert len(town.platform.caller.calls) == 6 + 20
    town.clock.advance(timedelta(minutes=30))
    town.platform.run()
    assert {one.state for one in all_callbacks(town)} == {CallbackState.DELIVERED}


def test_adding_an_endpoint_again_ends_its_pause(town: Town, listen: Listen) -> None:
    listen()
    town.platform.caller.answers.extend([DOWN] * 5)
    for _ in range(7):
        town.text(key=KeyType.TEST)
        town.platform.run()
    assert len(town.platform.caller.calls) == 5
    town.clock.advance(timedelta(seconds=6))
    town.platform.run()
    assert len(town.platform.caller.calls) == 5
    listen()
    town.platform.run()
    assert len(town.platform.caller.calls) == 5 + 7


def test_a_wait_asked_for_is_kept(town: Town, listen: Listen) -> None:
    listen()
    town.platform.caller.answers.append(Answer(status=429, milliseconds=1, retry_after="300"))
    deliver_a_text(town)
    town.clock.advance(timedelta(seconds=299))
    town.platform.run()
    assert len(town.platform.caller.calls) == 1
    town.clock.advance(timedelta(seconds=1))
    town.platform.run()
    assert len(town.platform.caller.calls) == 2


def test_a_forgotten_endpoint_is_woken(town: Town, listen: Listen) -> None:
    """As when the queue was purged."""
    listen()
    town.text(key=KeyType.TEST)
    notify = town.platform.notify
    notify.relay_outbox()
    while (message := town.platform.publisher.receive()) is not None:
        if message.task is not Task.SEND_CALLBACKS:
            notify.perform(message.task, message.subject_ids)
            notify.relay_outbox()
    assert notify.wake_endpoints() == 0
    town.clock.advance(timedelta(minutes=2, seconds=1))
    assert notify.wake_endpoints() == 1
    town.platform.run()
    assert all_callbacks(town)[0].state is CallbackState.DELIVERED
    assert notify.wake_endpoints() == 0


def test_secrets_rotate_one_beside_the_other(town: Town, listen: Listen) -> None:
    endpoint = listen()
    rotated = town.platform.notify.rotate_secret(endpoint.id)
    assert rotated.secrets[1:] == endpoint.secrets
    deliver_a_text(town)
    assert len(town.platform.caller.calls[0].headers["webhook-signature"].split(" ")) == 2
    finished = town.platform.notify.rotate_secret(endpoint.id, finish=True)
    assert finished.secrets == rotated.secrets[:1]
    town.platform.notify.rotate_secret(endpoint.id)
    town.platform.notify.rotate_secret(endpoint.id)
    with pytest.raises(NotAllowed, match="finish the rotation first"):
        town.platform.notify.rotate_secret(endpoint.id)
    with pytest.raises(NotFound):
        town.platform.notify.rotate_secret(UUID(int=1))


def test_a_new_token_is_used_for_what_was_queued_before(town: Town, listen: Listen) -> None:
    listen()
    town.platform.caller.answers.append(DOWN)
    deliver_a_text(town)
    listen(bearer_token="another-token")
    town.clock.advance(timedelta(seconds=5))
    town.platform.run()
    assert town.platform.caller.calls[1].headers["Authorization"] == "Bearer another-token"


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"bearer_token": "short"}, "bearer_token: has fewer than 10"),
        ({"bearer_token": "with a space"}, "bearer_token: holds a character"),
        ({"bearer_token": "with-ümlaut-"}, "bearer_token: holds a character"),
        ({"kinds": frozenset()}, "kinds: is empty"),
        ({"statuses": frozenset({Status.SENT})}, "statuses: sent is never told"),
        ({"statuses": frozenset()}, "statuses: is empty"),
        ({"channels": frozenset({Channel.LETTER})}, "channels: of letters"),
    ],
)
def test_an_endpoint_that_will_not_do_is_refused(listen: Listen, wrong: Any, problem: str) -> None:
    with pytest.raises(InvalidEndpoint, match=problem):
        listen(**wrong)


def test_an_endpoint_needs_a_service(town: Town) -> None:
    wanted = NewEndpoint(
        service_id=UUID(int=1),
        url="https://bins.example/",
        bearer_token="long-enough",
        kinds=frozenset(CallbackKind),
    )
    with pytest.raises(NotFound):
        town.platform.notify.add_endpoint(wanted)
