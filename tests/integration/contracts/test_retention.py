"""What has expired goes, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import ensure_partitions_now
from notify_core.bulk.model import Problem, RowApart
from notify_core.identifiers import NewId
from notify_core.inbound.model import ReceivedText
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import received
from notify_core.retention.model import Dated, ExpiredDay, Kind, LetterGone
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.contracts.conftest import Accept

TODAY = date(2026, 11, 21)
TOMORROW = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def days_are_made_again(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave the other tests their partitions."""
    yield
    if "postgres" in request.node.name:
        engine: Engine = request.getfixturevalue("postgres_engine")
        ensure_partitions_now(engine, FixedClock().now)


def drop(database: Database, expired: ExpiredDay) -> bool:
    with database.begin() as work:
        is_gone = work.retention.drop(expired)
        if is_gone:
            work.commit()
    return is_gone


def expired(database: Database, *kinds: Kind, today: date = TOMORROW) -> list[ExpiredDay]:
    with database.statement() as work:
        return work.retention.expired_days(kinds or tuple(Kind), today=today)


def letters_gone(database: Database, after: UUID | None = None, limit: int = 100) -> list[LetterGone]:
    with database.statement() as work:
        return work.retention.letters_gone(after=after, limit=limit)


def letter(accept: Accept, **more: Any) -> Any:
    values: dict[str, Any] = {
        "channel": Channel.LETTER,
        "status": Status.DELIVERED,
        "reference": "ab12",
        "expires_on": TOMORROW,
    }
    return accept(**values | more).notification


def test_a_days_contents_go_with_it_and_the_facts_stay(
    database: Database, clock: FixedClock, accept: Accept, service: Any
) -> None:
    gone, kept = accept(expires_on=TOMORROW), accept(expires_on=TOMORROW + timedelta(days=1))
    with database.begin() as work:
        work.notifications.save(gone.notification, received(Status.DELIVERED, at=clock(), provider=ProviderName.MMG))
        work.commit()
    assert ExpiredDay(TOMORROW, Kind.CONTENTS) not in expired(database, today=TODAY)
    for kind in (Kind.CONTENTS, Kind.EVENTS):
        assert ExpiredDay(TOMORROW, kind) in expired(database, kind)
        assert drop(database, ExpiredDay(TOMORROW, kind))
        assert ExpiredDay(TOMORROW, kind) not in expired(database, kind)
        assert drop(database, ExpiredDay(TOMORROW, kind)), "it is gone already"
    with database.statement() as work:
        assert work.notifications.find(service.id, kept.notification.id) == kept
        assert work.notifications.find_for_receipt(notification_id=gone.notification.id) == gone.notification
        claim = work.notifications.claim(
            [gone.notification.id, kept.notification.id], now=clock(), until=clock() + timedelta(1)
        )
    assert [message.notification.id for message in claim.mine] == [kept.notification.id]
    assert letters_gone(database) == []


def test_rows_apart_and_received_texts_go_by_their_own_days(
    database: Database, clock: FixedClock, new_id: NewId, service: Any
) -> None:
    bulk = new_id()
    row = RowApart(row=1, recipient="07700 900123", problems=(Problem("ValidationError", "x"),))
    text = ReceivedText(
        id=new_id(),
        service_id=service.id,
        notify_number="07900900500",
        user_number="447900900123",
        content="Hello",
        provider=ProviderName.MMG,
        created_at=clock(),
        expires_on=TOMORROW,
    )
    with database.begin() as work:
        work.bulk.set_apart(bulk, [row], expires_on=TOMORROW)
        work.bulk.set_apart(bulk, [evolve(row, row=2)], expires_on=TOMORROW + timedelta(days=1))
        work.inbound.add(text)
        work.commit()
    assert {ExpiredDay(TOMORROW, Kind.ROWS_APART), ExpiredDay(TOMORROW, Kind.TEXTS)} <= set(expired(database))
    assert all(one.kind is Kind.TEXTS for one in expired(database, Kind.TEXTS))
    assert drop(database, ExpiredDay(TOMORROW, Kind.ROWS_APART))
    assert drop(database, ExpiredDay(TOMORROW, Kind.TEXTS))
    with database.statement() as work:
        assert [one.row for one in work.bulk.list_apart(bulk, first_row=0, row_count=9)] == [2]
        assert work.inbound.add(text), "nothing is left of it"


def test_days_are_told_oldest_first(database: Database, accept: Accept) -> None:
    accept(expires_on=TOMORROW)
    accept(expires_on=TOMORROW + timedelta(days=1))
    found = expired(database, today=TOMORROW + timedelta(days=1))
    assert [one.day for one in found] == sorted(one.day for one in found)
    days = [one.day for one in found if one.kind is Kind.CONTENTS]
    assert days[-2:] == [TOMORROW, TOMORROW + timedelta(days=1)]


@pytest.mark.parametrize("status", [Status.CREATED, Status.SENDING, Status.PENDING_VIRUS_CHECK])
def test_a_day_with_a_letter_that_is_not_settled_stays(database: Database, accept: Accept, status: Status) -> None:
    facts = letter(accept, status=status)
    letter(accept, status=Status.DELIVERED)
    letter(accept, status=status, key_type=KeyType.TEST)
    letter(accept, status=status, expires_on=TOMORROW + timedelta(days=1))
    assert not drop(database, ExpiredDay(TOMORROW, Kind.CONTENTS))
    assert not drop(database, ExpiredDay(TOMORROW, Kind.EVENTS))
    assert letters_gone(database) == []
    with database.statement() as work:
        assert work.notifications.find(facts.service_id, facts.id) is not None
        [stuck] = work.retention.stuck_letters(through=TOMORROW, limit=9)
    assert stuck == Dated(
        id=facts.id,
        channel=Channel.LETTER,
        made_at=facts.created_at,
        expires_on=TOMORROW,
        status=status,
    )
    with database.statement() as work:
        assert len(work.retention.stuck_letters(through=TOMORROW + timedelta(days=1), limit=9)) == 2
        assert len(work.retention.stuck_letters(through=TOMORROW + timedelta(days=1), limit=1)) == 1
        assert work.retention.stuck_letters(through=TODAY, limit=9) == []


def test_letters_whose_contents_go_are_remembered_until_they_are_forgotten(
    database: Database, accept: Accept
) -> None:
    first = letter(accept, reference="one", status=Status.VALIDATION_FAILED)
    second = letter(accept, reference="two", key_type=KeyType.TEST)
    letter(accept, reference=None)
    letter(accept, reference="young", expires_on=TOMORROW + timedelta(days=1))
    accept(expires_on=TOMORROW, reference="an email's", channel=Channel.EMAIL)
    assert drop(database, ExpiredDay(TOMORROW, Kind.CONTENTS))
    assert letters_gone(database) == [
        LetterGone(
            id=facts.id,
            reference=facts.reference,
            created_at=facts.created_at,
            key_type=facts.key_type,
            status=facts.status,
        )
        for facts in (first, second)
    ]
    assert [one.id for one in letters_gone(database, limit=1)] == [first.id]
    assert [one.id for one in letters_gone(database, after=first.id)] == [second.id]
    with database.statement() as work:
        work.retention.forget_letters([first.id, UUID(int=3)])
        work.retention.forget_letters([])
    assert [one.id for one in letters_gone(database)] == [second.id]


def test_facts_of_test_keys_go_when_they_have_expired(database: Database, accept: Accept) -> None:
    gone = [accept(key_type=KeyType.TEST, expires_on=TODAY - timedelta(days=day)).notification for day in range(3)]
    gone.append(letter(accept, key_type=KeyType.TEST, expires_on=TODAY))
    kept = [
        accept(key_type=KeyType.TEST, expires_on=TOMORROW).notification,
        accept(key_type=KeyType.TEAM, expires_on=TODAY).notification,
        accept(expires_on=TODAY).notification,
    ]

    def remove(limit: int) -> int:
        with database.begin() as work:
            removed = work.retention.remove_test_messages(today=TODAY, limit=limit)
            work.commit()
        return removed

    assert [remove(3), remove(3), remove(3)] == [3, 1, 0]
    with database.statement() as work:
        for facts in gone:
            assert work.notifications.find_for_receipt(notification_id=facts.id) is None
        for facts in kept:
            assert work.notifications.find_for_receipt(notification_id=facts.id) == facts
    assert [one.id for one in letters_gone(database)] == [gone[-1].id]


def test_what_was_done_in_a_transaction_that_ends_otherwise_did_not_happen(
    database: Database, accept: Accept, service: Any
) -> None:
    message = accept(expires_on=TOMORROW)
    with database.begin() as work:
        assert work.retention.drop(ExpiredDay(TOMORROW, Kind.CONTENTS))
    with database.statement() as work:
        assert work.notifications.find(service.id, message.notification.id) == message


Sweep = Callable[..., int]


def test_sweeping_leaves_nothing_behind_and_takes_nothing_else(
    database: Database, clock: FixedClock, accept: Accept, service: Any
) -> None:
    old = [accept(expires_on=TODAY - timedelta(days=day)).notification for day in range(3)]
    settled = letter(accept, expires_on=TODAY)
    kept = accept(expires_on=TODAY + timedelta(days=400))
    for day in expired(database, Kind.CONTENTS, today=TODAY):
        assert drop(database, day)
    counts = []
    for _ in range(3):
        with database.statement() as work:
            counts.append(work.retention.sweep(Kind.CONTENTS, today=TODAY, limit=3))
    assert counts in ([0, 0, 0], [3, 1, 0])
    with database.statement() as work:
        claim = work.notifications.claim(
            [one.id for one in (*old, kept.notification)], now=clock(), until=clock() + timedelta(1)
        )
        assert [message.notification.id for message in claim.mine] == [kept.notification.id]
        for kind in Kind:
            assert work.retention.sweep(kind, today=TODAY, limit=3) == 0
    assert [one.id for one in letters_gone(database)] == [settled.id]
