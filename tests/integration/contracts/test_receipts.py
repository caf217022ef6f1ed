from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.identifiers import NewId
from notify_core.notifications.model import Complaint, WaitingReceipt
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database
from notify_core.vocabulary import ProviderName


def waiting(clock: FixedClock, reference: str, status: Status = Status.DELIVERED, minutes: int = 0) -> WaitingReceipt:
    return WaitingReceipt(
        provider=ProviderName.SES,
        reference=reference,
        status=status,
        received_at=clock() + timedelta(minutes=minutes),
    )


def test_waiting_receipts_are_taken_once_oldest_first(database: Database, clock: FixedClock) -> None:
    newer, older = waiting(clock, "a", minutes=1), waiting(clock, "a", Status.TEMPORARY_FAILURE)
    other, left = waiting(clock, "b", minutes=2), waiting(clock, "c")
    with database.statement() as work:
        for receipt in (newer, older, other, left):
            work.receipts.keep_waiting(receipt)
        assert work.receipts.take_waiting(ProviderName.MMG, ["a"]) == []
        assert work.receipts.take_waiting(ProviderName.SES, ["b", "a", "z"]) == [older, newer, other]
        assert work.receipts.take_waiting(ProviderName.SES, ["a", "b"]) == []
        assert work.receipts.take_waiting(ProviderName.SES, []) == []
        assert work.receipts.take_waiting(ProviderName.SES, ["c"]) == [left]


def test_keeping_the_same_receipt_twice_is_once(database: Database, clock: FixedClock) -> None:
    first = waiting(clock, "a")
    with database.statement() as work:
        work.receipts.keep_waiting(first)
        work.receipts.keep_waiting(waiting(clock, "a", minutes=5))
        assert work.receipts.take_waiting(ProviderName.SES, ["a"]) == [first]


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
