from __future__ import annotations

import random
from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_core.identifiers import NewId
from notify_core.notifications.model import COMPLAINT, Complaint, Message, Notification, WaitingReceipt
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, ProviderName
from tests.integration.contracts.conftest import CIPHER, Accept, empty, ids_of

A_WHILE = timedelta(seconds=30)


class Waiting:
    """Makes receipts."""

    def __init__(self, clock: FixedClock, new_id: NewId) -> None:
        self.clock, self.new_id = clock, new_id

    def of_email(self, reference: str, said: str = Status.DELIVERED, minutes: int = 0, **more: Any) -> WaitingReceipt:
        received_at = self.clock() + timedelta(minutes=minutes)
        return WaitingReceipt(
            id=self.new_id(),
            provider=ProviderName.SES,
            reference=reference,
            status=said,
            received_at=received_at,
            **more,
        )

    def of_text(self, notification: Notification, status: str = "3", code: str | None = None) -> WaitingReceipt:
        return WaitingReceipt(
            id=self.new_id(),
            provider=ProviderName.MMG,
            reference=str(notification.id),
            notification_id=notification.id,
            status=status,
            code=code,
            received_at=self.clock(),
        )


@pytest.fixture
def waiting(clock: FixedClock, new_id: NewId) -> Waiting:
    return Waiting(clock, new_id)


def keep(database: Database, *receipts: WaitingReceipt) -> None:
    with database.statement() as work:
        for receipt in receipts:
            work.receipts.keep_waiting(receipt)


def known_as(database: Database, message: Message, reference: str) -> Notification:
    """Record that SES has the email, and knows it by this reference."""
    sent = evolve(message.notification, status=Status.SENDING, sent_by=ProviderName.SES, reference=reference)
    with database.statement() as work:
        work.notifications.save(sent)
    return sent


def test_what_waits_for_an_email_is_taken_once_in_order_of_arrival(
    database: Database, waiting: Waiting, accept: Accept
) -> None:
    email = known_as(database, accept(channel=Channel.EMAIL), "a")
    newer, older = waiting.of_email("a", minutes=1), waiting.of_email("a", Status.TEMPORARY_FAILURE)
    by_id = waiting.of_email("b", minutes=2, notification_id=email.id)
    keep(database, newer, older, by_id, waiting.of_email("c"), evolve(newer, id=email.id, provider=ProviderName.MMG))
    with database.begin() as work:
        assert work.receipts.take_waiting(email) == [older, newer, by_id]
        assert work.receipts.take_waiting(email) == []
        work.commit()
    with database.statement() as work:
        assert work.receipts.waiting_among(ProviderName.SES, ["a", "c", "d"]) == {"c"}
        assert work.receipts.waiting_among(ProviderName.MMG, ["a"]) == {"a"}
        assert work.receipts.waiting_among(ProviderName.SES, []) == frozenset()


def test_what_waits_for_a_text_names_its_id_and_is_no_report_of_ses(
    database: Database, waiting: Waiting, accept: Accept
) -> None:
    text, other = accept().notification, accept().notification
    first, second = waiting.of_text(text, "2", "1"), waiting.of_text(text)
    keep(database, first, second, waiting.of_text(other), waiting.of_email("a", notification_id=text.id))
    with database.statement() as work:
        assert work.receipts.take_waiting(text) == [first, second]
        assert work.receipts.waiting_among(ProviderName.SES, ["a"]) == {"a"}


def test_a_transaction_that_fails_takes_nothing(database: Database, waiting: Waiting, accept: Accept) -> None:
    text = accept().notification
    receipt = waiting.of_text(text)
    keep(database, receipt)
    with database.begin() as work:
        assert work.receipts.take_waiting(text) == [receipt]
    with database.statement() as work:
        assert work.receipts.take(receipt.id) == receipt
        assert work.receipts.take(receipt.id) is None


@pytest.mark.parametrize(
    "different",
    [
        {"reference": "b"},
        {"status": "permanent-failure"},
        {"code": "5"},
        {"feedback_id": "f"},
        {"notification_id": UUID(int=1)},
    ],
    ids=str,
)
def test_an_exact_repetition_is_the_same_receipt_while_it_waits(
    database: Database, waiting: Waiting, different: dict[str, Any]
) -> None:
    first = waiting.of_email("a")
    again = evolve(first, id=waiting.new_id(), received_at=first.received_at + A_WHILE)
    another = evolve(again, **different)
    keep(database, first, again, another)
    with database.statement() as work:
        assert work.receipts.take(again.id) == (another if another.id == again.id else None)
        assert work.receipts.take(first.id) == first
    keep(database, again)
    with database.statement() as work:
        assert work.receipts.take(again.id) == again


def test_a_receipt_is_kept_whole(database: Database, waiting: Waiting, clock: FixedClock) -> None:
    complaint = waiting.of_email(
        "a",
        COMPLAINT,
        code="c",
        notification_id=waiting.new_id(),
        feedback_id="f",
        complaint_type="abuse",
        complained_at=clock() - A_WHILE,
    )
    keep(database, complaint)
    with database.statement() as work:
        assert work.receipts.take(complaint.id) == complaint


def test_those_whose_message_is_known_are_tried_again_longest_untried_first(
    database: Database, waiting: Waiting, accept: Accept, clock: FixedClock
) -> None:
    text, email = accept().notification, accept(channel=Channel.EMAIL)
    known_as(database, email, "known")
    of_text, of_email = waiting.of_text(text), waiting.of_email("known")
    by_id = waiting.of_email("not recorded", notification_id=email.notification.id)
    strangers = waiting.of_email("unknown"), waiting.of_email("z", notification_id=waiting.new_id())
    keep(database, of_text, of_email, by_id, *strangers)

    def tried(limit: int = 10) -> list[WaitingReceipt]:
        now = clock()
        with database.statement() as work:
            found = work.receipts.try_again(now=now, tried_before=now - A_WHILE, limit=limit)
        return sorted(found, key=lambda receipt: receipt.id)

    assert tried() == []
    clock.advance(A_WHILE * 2)
    assert tried(limit=2) == [of_text, of_email]
    assert tried(limit=2) == [by_id]
    clock.advance(A_WHILE)
    assert tried() == []
    clock.advance(A_WHILE)
    assert tried() == [of_text, of_email, by_id]


def test_those_that_nobody_claims_are_dropped_and_counted(
    database: Database, waiting: Waiting, accept: Accept, clock: FixedClock
) -> None:
    old = [waiting.of_email("a"), waiting.of_email("b"), waiting.of_text(accept().notification)]
    keep(database, *old)
    clock.advance(A_WHILE)
    young = waiting.of_email("c")
    keep(database, young)
    with database.statement() as work:
        assert work.receipts.drop(received_before=clock()) == {ProviderName.SES: 2, ProviderName.MMG: 1}
        assert work.receipts.drop(received_before=clock()) == {}
        assert work.receipts.take(young.id) == young


def test_a_repetition_stored_while_the_first_is_being_taken_is_not_lost(
    postgres_engine: Engine, clock: FixedClock
) -> None:
    empty(postgres_engine)
    database = PostgresDatabase(postgres_engine, CIPHER, clock)
    waiting = Waiting(clock, ids_of(clock))
    first, again = waiting.of_email("a"), waiting.of_email("a")
    keep(database, first)
    storing = Thread(target=keep, args=(database, again))
    with database.begin() as work:
        assert work.receipts.take(first.id) == first
        storing.start()
        storing.join(0.3 + random.random() / 10)
        assert storing.is_alive(), "it waits to see what becomes of the first"
        work.commit()
    storing.join(10)
    with database.statement() as work:
        assert work.receipts.take(again.id) == again


@pytest.mark.parametrize("feedback_id", ["feedback", None])
def test_a_complaint_is_stored_once(
    database: Database, clock: FixedClock, new_id: NewId, feedback_id: str | None
) -> None:
    first = Complaint(
        id=new_id(),
        notification_id=new_id(),
        service_id=new_id(),
        feedback_id=feedback_id,
        complaint_type="abuse",
        complained_at=None,
    )

    def complaint(**more: Any) -> Complaint:
        return evolve(first, id=new_id(), **more)

    with database.statement() as work:
        assert work.receipts.add_complaint(complaint(complained_at=clock()))
        assert not work.receipts.add_complaint(complaint())
        assert work.receipts.add_complaint(complaint(feedback_id="another"))
        assert work.receipts.add_complaint(complaint(notification_id=new_id()))
