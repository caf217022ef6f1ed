"""Delivery: once where possible, again where not, and each message by itself."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import MemoryDatabase
from notify_core.notifications.model import Notification
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.notifications.status import Status
from notify_core.outbox.model import Task
from notify_core.providers.model import OutgoingEmail, ProviderFailed, ProviderRefused
from notify_core.providers.ses_events import SesEvent
from notify_core.unit_of_work import UnitOfWork
from notify_core.vocabulary import KeyType, ProviderName
from tests.unit.conftest import Town

LEASE = timedelta(seconds=30)
DOUBT_WAIT = timedelta(seconds=120)


def facts(town: Town, notification_id: UUID) -> Notification:
    """Return what is known of a message."""
    return town.platform.notify.find_notification(town.service.id, notification_id).notification


def test_a_text_reaches_its_phone_with_the_services_name_in_front(town: Town) -> None:
    accepted = town.text()
    town.platform.run()
    [sent] = town.platform.phones.sent
    assert (sent.text, sent.recipient, sent.sender) == ("Bins: Hi Jo", "447700900123", "NOTIFY")
    found = town.platform.notify.find_notification(town.service.id, accepted.id)
    assert (found.notification.status, found.notification.billable_units) == ("sending", 1)
    assert found.body == "Hi Jo"
    town.platform.confirm_texts()
    assert town.status(accepted.id) == "delivered"


def test_an_email_reaches_its_inbox_as_text_and_as_html(town: Town) -> None:
    accepted = town.mail()
    town.platform.run()
    [sent] = town.platform.inboxes.sent
    assert sent.subject == "For Jo"
    assert sent.text.startswith("Hi Jo")
    assert "Hi Jo</h2>" in sent.html
    assert sent.sender_name == "Bins"
    assert town.status(accepted.id) == "sending"


def test_a_task_that_comes_twice_sends_once(town: Town) -> None:
    accepted = town.text()
    town.platform.run()
    town.platform.notify.perform(Task.DELIVER_SMS, [accepted.id, accepted.id])
    assert len(town.platform.phones.sent) == 1


def test_a_failed_text_is_tried_again_at_once_and_then_every_five_minutes(town: Town) -> None:
    accepted = town.text()
    town.platform.phones.failures.extend([ProviderFailed("no"), ProviderFailed("no")])
    town.platform.run()
    assert town.platform.phones.sent == []
    assert town.status(accepted.id) == "created"
    town.clock.advance(timedelta(seconds=299))
    town.platform.run()
    assert town.platform.phones.sent == []
    town.clock.advance(timedelta(seconds=1))
    town.platform.run()
    assert len(town.platform.phones.sent) == 1
    assert town.status(accepted.id) == "sending"


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_after_49_attempts_it_is_a_technical_failure(town: Town, channel: str) -> None:
    accepted = town.text() if channel == "sms" else town.mail()
    provider = town.platform.phones if channel == "sms" else town.platform.inboxes
    provider.failures.extend(ProviderFailed("no") for _ in range(100))
    for _ in range(60):
        town.platform.run()
        town.clock.advance(timedelta(seconds=300))
    assert len(provider.failures) == 100 - 49
    assert town.status(accepted.id) == "technical-failure"


def test_a_refusal_is_final(town: Town) -> None:
    accepted = town.mail()
    town.platform.inboxes.failures.append(ProviderRefused("that address will never do"))
    town.platform.run()
    assert town.status(accepted.id) == "technical-failure"


def test_one_bad_message_does_not_hold_up_its_batch(town: Town) -> None:
    ids = [town.text().id for _ in range(5)]
    town.platform.phones.failures.append(ProviderRefused("no"))
    results = town.platform.notify.deliver_sms(ids)
    assert [result.outcome for result in results].count(Status.TECHNICAL_FAILURE) == 1
    assert len(town.platform.phones.sent) == 4


def test_a_provider_that_breaks_unexpectedly_leaves_its_message_in_doubt(town: Town) -> None:
    accepted = town.text()
    town.platform.phones.failures.append(ZeroDivisionError())  # type: ignore[arg-type]  # not of the port: that is the point
    [result] = town.platform.notify.deliver_sms([accepted.id])
    assert result.problem == "unexpected ZeroDivisionError"
    assert result.retry_at == town.clock.now + DOUBT_WAIT
    assert facts(town, accepted.id).doubts == 1, "nobody knows how far it got"


def test_what_somebody_else_is_sending_is_left_alone_and_looked_at_again(town: Town) -> None:
    accepted = town.text()
    claim(town, accepted.id)
    town.platform.run()
    assert town.platform.phones.sent == []
    town.clock.advance(LEASE)
    town.platform.run()
    assert len(town.platform.phones.sent) == 1


def claim(town: Town, notification_id: UUID) -> None:
    """Do what a worker does before it dies."""
    with town.platform.database.statement() as work:
        now = town.clock.now
        assert work.notifications.claim([notification_id], now=now, until=now + LEASE).mine


def test_a_receipt_that_overtakes_our_record_stays(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = town.text()

    def send_and_confirm(message: object) -> None:
        town.platform.notify.record_sms_receipt(
            SmsReceipt(provider=ProviderName.MMG, reference=str(accepted.id), status="3", code="5")
        )

    monkeypatch.setattr(town.platform.phones, "send", send_and_confirm)
    town.platform.run()
    found = town.platform.notify.find_notification(town.service.id, accepted.id).notification
    assert (found.status, found.billable_units) == ("delivered", 1)
    assert found.sent_at is not None


def test_receipts_that_overtook_a_batch_are_looked_for_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[object] = []
    database = type(town.platform.database)
    statement = database.statement

    def counting(self: MemoryDatabase) -> AbstractContextManager[UnitOfWork]:
        statements.append(self)
        return statement(self)

    def statements_for(emails: int) -> int:
        ids = [town.mail().id for _ in range(emails)]
        statements.clear()
        assert all(result.outcome is Status.SENDING for result in town.platform.notify.deliver_email(ids))
        return len(statements)

    monkeypatch.setattr(database, "statement", counting)
    statements_for(1)  # What is remembered from now on.
    assert statements_for(1) == statements_for(5)


def test_an_email_receipt_that_overtakes_our_record_is_applied_as_soon_as_we_know_the_reference(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = town.mail()
    send = town.platform.inboxes.send

    def send_and_confirm(message: OutgoingEmail) -> str:
        reference = send(message)
        event = SesEvent(reference=reference, status=Status.DELIVERED, occurred_at=None)
        assert town.platform.notify.record_email_receipt(event) is None
        return reference

    monkeypatch.setattr(town.platform.inboxes, "send", send_and_confirm)
    town.platform.run()
    assert town.status(accepted.id) == "delivered"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("07700 900003", "temporary-failure"),
        ("07700 900002", "permanent-failure"),
        ("07700 900123", "delivered"),
        ("+33 6 12 34 56 78", "delivered"),
    ],
)
def test_test_keys_call_nobody_and_end_as_the_number_says(town: Town, number: str, expected: str) -> None:
    accepted = town.text(number, KeyType.TEST)
    town.platform.run()
    assert town.platform.phones.sent == []
    found = town.platform.notify.find_notification(town.service.id, accepted.id).notification
    assert (found.status, found.billable_units) == (expected, 0)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("temp-fail@simulator.notify", "temporary-failure"), ("perm-fail@simulator.notify", "permanent-failure")],
)
def test_test_emails_end_as_the_address_says(town: Town, address: str, expected: str) -> None:
    accepted = town.mail(address, KeyType.TEST)
    town.platform.run()
    assert town.platform.inboxes.sent == []
    assert town.status(accepted.id) == expected


def test_a_text_abroad_is_sent_and_goes_by_the_provider_that_can(town: Town) -> None:
    accepted = town.text("+1 202 555 0123")
    town.platform.run()
    found = town.platform.notify.find_notification(town.service.id, accepted.id).notification
    assert (found.status, found.sent_by) == ("sent", "mmg")
    assert found.completed_at is not None


def test_what_everybody_forgot_is_found_after_an_hour(town: Town) -> None:
    accepted = town.text()
    while town.platform.notify.relay_outbox().published:
        pass
    while town.platform.publisher.receive() is not None:
        pass  # a queue that was purged by mistake
    assert town.platform.notify.replay_undelivered() == 0
    town.clock.advance(timedelta(hours=1, seconds=1))
    assert town.platform.notify.replay_undelivered() == 1
    town.platform.run()
    assert town.status(accepted.id) == "sending"


def test_what_waits_for_its_next_attempt_is_not_forgotten(town: Town) -> None:
    accepted = town.text()
    town.platform.phones.failures.extend(ProviderFailed("no") for _ in range(100))
    for _ in range(20):
        town.platform.run()
        town.clock.advance(timedelta(minutes=5))
        assert town.platform.notify.replay_undelivered() == 0
    attempts = town.platform.notify.find_notification(town.service.id, accepted.id).notification.attempts
    assert attempts == 21, "one at once, and one every five minutes"


def test_a_task_too_many_does_not_mean_an_attempt_too_many(town: Town) -> None:
    accepted = town.text()
    town.platform.phones.failures.extend(ProviderFailed("no") for _ in range(100))
    for _ in range(10):
        town.platform.notify.perform(Task.DELIVER_SMS, [accepted.id])
        town.platform.run()
        town.clock.advance(timedelta(minutes=5))
    attempts = town.platform.notify.find_notification(town.service.id, accepted.id).notification.attempts
    assert attempts == 11


def test_an_archived_services_messages_are_not_sent(town: Town) -> None:
    accepted = town.text()
    with town.platform.database.begin() as work:
        work.services._table.put(town.service.id, evolve(town.service, active=False))
        work.commit()
    town.platform.notify.directory.forget()
    town.platform.run()
    assert town.platform.phones.sent == []
    assert town.status(accepted.id) == "technical-failure"
