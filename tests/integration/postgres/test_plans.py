"""However many messages there are, a statement reads the rows it is about, and no others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve, frozen
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_adapters.postgres.database import PostgresUnitOfWork
from notify_core.calendar import london_date
from notify_core.identifiers import first_id_at, moment_of, uuid7
from notify_core.jobs.rows import Ids
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
from notify_core.notifications.window import Window
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.retention.model import Move
from notify_core.statistics.model import TEXTS_AND_EMAILS, By, Period
from notify_core.vocabulary import Channel, KeyType, ProviderName

MESSAGES = 1500
SERVICE, SMALL_SERVICE = UUID(int=5), UUID(int=6)

# In the last transactions of this session: what was not yet added to the server's statistics.
ROWS_READ = """
SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) AS rows_read
FROM pg_stat_xact_user_tables WHERE relname ~ '^(ft_)?(notification|outbox)'
"""

# Thirty facts on each of a hundred days: one of them is the small service's.
FACTS = """
INSERT INTO ft_notification_status
SELECT date '2026-11-21' - day, lpad(service::text, 32, '0')::uuid, lpad(service::text, 32, '0')::uuid,
    '00000000-0000-0000-0000-000000000000'::uuid, 'email', 'normal', 'delivered', 1
FROM generate_series(1, 100) AS day, generate_series(6, 35) AS service
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
        connection.exec_driver_sql(FACTS)
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


def count_facts(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    yesterday = london_date(crowd.clock()) - timedelta(1)
    week = Period(yesterday - timedelta(3), yesterday)
    [count] = work.statistics.count_facts(week, By.NOTHING, service_id=SMALL_SERVICE)
    assert count.messages == 4
    assert work.statistics.days_with_facts(week.days()) == set(week.days())
    assert work.statistics.last_fact(SMALL_SERVICE, since=week.first) == yesterday


def move_to_another_day(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    bounds: dict[str, Any] = {"since": first_id_at(crowd.clock()), "before": crowd.ids[0], "limit": 500}
    today = london_date(crowd.clock())
    assert len(work.redating.messages_of(SERVICE, KeyType.NORMAL, today=today, **bounds)) == 0
    # As though it were moved, and back again: the rounds after this find the same.
    day = expiry_date(crowd.clock(), 7)
    moves = [Move(id=crowd.ids[1], before=day, after=day)]
    assert len(work.redating.move_messages(moves, today=today)) == 1
    work.redating.gather_events(moves, today=today)


def what_nights_look_for(work: PostgresUnitOfWork, crowd: Crowd) -> None:
    far = london_date(crowd.clock()) + timedelta(days=99)
    assert work.retention.stuck_letters(through=far, limit=100) == []
    assert work.retention.remove_test_messages(today=far, limit=100) == 0


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
        count_facts,
        move_to_another_day,
        what_nights_look_for,
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


# A message every twenty seconds for two days, of a hundred services in turn.
OF_MANY_SERVICES = """
INSERT INTO notifications (id, service_id, template_id, created_at, expires_on, template_version, billable_units,
    attempts, international, channel, key_type, status)
SELECT (
        lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(number), 15, '0')
    )::uuid,
    lpad(mod(number, 100)::text, 32, '0')::uuid, lpad('7', 32, '0')::uuid, moment, '2026-11-30', 1, 0, 0, false,
    'sms', 'normal', 'delivered'
FROM generate_series(0, 8639) AS number,
    LATERAL (SELECT timestamptz '2026-11-20 00:00+00' + number * interval '20 seconds' AS moment) AS made
"""


# The same for three weeks, of one service.
OF_THREE_WEEKS = (
    OF_MANY_SERVICES.replace("8639", f"{21 * 4320 - 1}")
    .replace("2026-11-20 00", "2026-11-01 00")
    .replace("number, 100", "number, 1")
)


def test_of_one_service_only_its_own_messages_of_the_day_are_read(
    own_database: PostgresDatabase, own_engine: Engine
) -> None:
    with own_engine.connect() as connection:
        connection.exec_driver_sql(OF_MANY_SERVICES)
        connection.exec_driver_sql("ANALYZE")
    service = UUID(int=5)
    earlier = [Ids(uuid7(datetime(2026, 11, 19, tzinfo=UTC), 0), uuid7(datetime(2026, 11, 19, 1, tzinfo=UTC), 0))]
    window = evolve(Window.of_day(date(2026, 11, 21), service), earlier=earlier)
    with own_database.begin() as work:
        for _ in range(3):
            [count] = work.statistics.count_live(window, By.TEMPLATE, key_types=(KeyType.NORMAL, KeyType.TEAM))
            assert count.messages == 43
            assert work.statistics.last_accepted(UUID(int=7), window) is not None
        row = work.notifications._session.row(ROWS_READ, {})
    assert row is not None
    assert row.rows_read <= 6 * (43 + 2)


def test_of_a_day_no_other_days_messages_are_read(own_database: PostgresDatabase, own_engine: Engine) -> None:
    with own_engine.connect() as connection:
        connection.exec_driver_sql(OF_THREE_WEEKS)
        connection.exec_driver_sql("VACUUM ANALYZE notifications")
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")  # what it read is not what is counted here
    for _ in range(3):
        with own_database.begin() as work:
            assert work.statistics.replace_facts(date(2026, 11, 20), TEXTS_AND_EMAILS) == 1
            assert work.statistics.measure_processing(date(2026, 11, 20)).total == 0
            [count] = work.statistics.count_live(
                Window.of_day(date(2026, 11, 20)), By.NOTHING, key_types=(KeyType.NORMAL,)
            )
            assert count.messages == 4320
    with own_database.begin() as work:
        row = work.notifications._session.row(ROWS_READ, {})
    assert row is not None
    # Three rounds of three. The index knows times by the hundred-odd pages: the days beside it are looked at, too.
    assert row.rows_read <= 9 * 4 * 4320
