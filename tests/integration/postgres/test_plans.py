"""However many messages there are, a statement reads the rows it is about, and no others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve, frozen
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_adapters.postgres.database import PostgresUnitOfWork
from notify_core.identifiers import first_id_at, moment_of, uuid7
from notify_core.notifications.model import (
    Attempted,
    Contents,
    Message,
    Notification,
    PageOfMessages,
    RowsOfJob,
    expiry_date,
)
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import received
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.vocabulary import Channel, KeyType, ProviderName

MESSAGES = 1500
SERVICE, SMALL_SERVICE = UUID(int=5), UUID(int=6)

# In the last transactions of this session: what was not yet added to the server's statistics.
ROWS_READ = """
SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) AS rows_read
FROM pg_stat_xact_user_tables WHERE relname ~ '^(notification|outbox)'
"""


@frozen
class Crowd:
    """A database with many messages, and the ids of the first, one in the middle and the last."""

    database: PostgresDatabase
    clock: FixedClock
    ids: tuple[UUID, UUID, UUID]


@pytest.fixture
def crowd(own_database: PostgresDatabase, own_engine: Engine, clock: FixedClock) -> Crowd:
    ids = [uuid7(clock() + timedelta(seconds=number), number) for number in range(MESSAGES)]
    with own_database.begin() as work:
        for number, message_id in enumerate(ids):
            message, entry = _message(message_id, number, clock)
            work.notifications.accept(message, entry)
        work.commit()
    with own_engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return Crowd(own_database, clock, (ids[1], ids[MESSAGES // 2 + 1], ids[-1]))


def _message(message_id: UUID, number: int, clock: FixedClock) -> tuple[Message, OutboxEntry]:
    notification = Notification(
        id=message_id,
        service_id=SERVICE if number else SMALL_SERVICE,
        template_id=SERVICE,
        template_version=1,
        channel=Channel.EMAIL,
        key_type=KeyType.NORMAL,
        api_key_id=None,
        created_at=clock(),
        expires_on=expiry_date(clock(), 7),
        status=Status.CREATED if number % 2 else Status.SENDING,
        sent_by=ProviderName.SES,
        reference=f"ref {message_id}",
    )
    entry = OutboxEntry(
        id=message_id,
        task=Task.DELIVER_EMAIL,
        queue=Queue.SEND_EMAIL,
        subject_id=message_id,
        available_at=clock(),
    )
    contents = Contents(recipient="a@b.uk", normalised_recipient="a@b.uk", client_reference=f"ref-{number}")
    return Message(notification=notification, contents=contents), entry


def claim(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    now = crowd.clock()
    assert len(work.notifications.claim(crowd.ids, now=now, until=now).mine) == 3


def record(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    work.notifications.record(
        [Attempted(notification_id=key, status=Status.SENDING, at=crowd.clock()) for key in crowd.ids]
    )


def find(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    assert work.notifications.find(SERVICE, crowd.ids[1]) is not None


def list_page(work: PostgresUnitOfWork, **narrowed: Any) -> None:
    page = PageOfMessages(service_id=SERVICE, key_type=KeyType.NORMAL, days_kept=7, limit=1, **narrowed)
    assert len(work.notifications.list_page(page)) == 1


def list_of_small_service(work: PostgresUnitOfWork, _: Crowd) -> None:
    page = PageOfMessages(service_id=SMALL_SERVICE, key_type=KeyType.NORMAL, days_kept=7, limit=250)
    assert len(work.notifications.list_page(page)) == 1


def list_latest(work: PostgresUnitOfWork, _: Crowd) -> None:
    list_page(work)


def list_older(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    list_page(work, older_than=crowd.ids[1], channels=frozenset({Channel.EMAIL}))


def list_by_reference(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    list_page(work, reference="ref-700", statuses=frozenset({Status.SENDING}))
    list_page(work, reference="ref-700", older_than=crowd.ids[2])


def list_rows_of_a_job(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    job = RowsOfJob(service_id=SERVICE, first=crowd.ids[0], last=crowd.ids[2], limit=2)
    assert len(work.notifications.page_of_job(job)) == 2
    assert len(work.notifications.page_of_job(evolve(job, after=crowd.ids[1]))) == 2


def count_rows_of_a_job(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    job = RowsOfJob(service_id=SERVICE, first=crowd.ids[1], last=crowd.ids[1], limit=2)
    assert work.notifications.count_rows(job) == 1
    assert work.notifications.count_rows(evolve(job, statuses=frozenset({Status.DELIVERED}))) == 0


def find_timeline(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    assert work.notifications.find_timeline(SERVICE, crowd.ids[1]) is not None


def add_event(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    found = work.notifications.find_for_receipt(notification_id=crowd.ids[1])
    assert found is not None
    event = received(Status.DELIVERED, at=crowd.clock(), provider=ProviderName.SES)
    work.notifications.save(found, event)
    work.notifications.add_event(found, event, at_most=1)


def find_and_save(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    found = work.notifications.find_for_receipt(notification_id=crowd.ids[1])
    assert found is not None
    work.notifications.save(found)


def find_by_reference(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    assert work.notifications.find_by_reference(ProviderName.SES, f"ref {crowd.ids[2]}") is not None


def take_and_remove(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    now = crowd.clock()
    taken = work.outbox.take(limit=3, due_before=now + timedelta(1), now=now, until=now + timedelta(1))
    work.outbox.remove((entry.id for entry in taken), queued_at=now)


def measure(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    shortly_after_the_first = crowd.clock() + timedelta(seconds=5)
    work.sms_statistics.measure(shortly_after_the_first)
    work.sms_statistics.count_handed_over(since=crowd.clock() - timedelta(1), now=shortly_after_the_first)


def time_out(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    first, *_ = crowd.ids
    timed_out = work.notifications.time_out(
        from_id=first_id_at(crowd.clock() - timedelta(1)),
        before_id=first_id_at(moment_of(first) + timedelta(seconds=2)),
        created_before=crowd.clock() + timedelta(1),
        now=crowd.clock(),
        limit=1000,
    )
    assert len(timed_out) <= 2


@pytest.mark.parametrize(
    "ask",
    [
        claim,
        record,
        find,
        find_timeline,
        add_event,
        list_of_small_service,
        list_latest,
        list_older,
        list_by_reference,
        list_rows_of_a_job,
        count_rows_of_a_job,
        find_and_save,
        find_by_reference,
        take_and_remove,
        measure,
        time_out,
    ],
)
def test_a_statement_reads_only_what_it_is_about(
    crowd: Crowd, ask: Callable[[PostgresUnitOfWork, Crowd], None]
) -> None:
    rounds = 3  # until it is prepared, with its generic plan
    for _ in range(rounds):
        with crowd.database.begin() as work:
            ask(work, crowd)
    with crowd.database.begin() as work:
        row = work.notifications._session.row(ROWS_READ, {})
    assert row is not None
    assert row.rows_read <= 15 * rounds
