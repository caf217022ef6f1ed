"""What is left of that which is let go of, and what letting go reads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_core.idempotency.model import Answered, RequestKey, Source
from notify_core.identifiers import uuid7
from notify_core.jobs.model import Job
from notify_core.services.model import Service
from notify_core.templates.model import Template
from notify_core.unsubscribe.model import UnsubscribeRequest
from notify_core.vocabulary import Channel

SERVICE, TEMPLATE = UUID(int=5), UUID(int=6)
DAY = timedelta(days=1)
MANY, OLD = 3000, 20


@pytest.fixture
def many(own_database: PostgresDatabase, own_engine: Engine, clock: FixedClock) -> PostgresDatabase:
    """A database with many requests, answers and jobs, OLD of which are to go."""
    with own_database.begin() as work:
        work.services.add(Service(id=SERVICE, name="Badge", created_at=clock()))
        work.templates.save(
            Template(id=TEMPLATE, service_id=SERVICE, name="T", channel=Channel.SMS, content="Hi", created_at=clock())
        )
        for number in range(MANY):
            age = 100 * DAY if number < OLD else timedelta(0)
            work.unsubscribe_requests.add(_request(number, clock, age))
            work.answers.remember(_answer(number, clock, age))
            job = _job(number, clock, age)
            work.jobs.add(job)
            if number % 2 and not age:
                work.jobs.archive([job.id], now=clock())
        work.commit()
    with own_engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return own_database


def _request(number: int, clock: FixedClock, age: timedelta) -> UnsubscribeRequest:
    return UnsubscribeRequest(
        id=uuid7(clock() - age, number),
        notification_id=uuid7(clock(), number),
        service_id=SERVICE,
        template_id=TEMPLATE,
        template_version=3,
        email_address="jo@example.com",
        created_at=clock() - age,
    )


def _answer(number: int, clock: FixedClock, age: timedelta) -> Answered:
    key = RequestKey(service_id=SERVICE, source=Source.HEADER, key_hash=str(number).encode(), request_hash=b"request")
    return Answered(key=key, answer=b"{}", created_at=clock() - age, expires_on=(clock() - age + DAY).date())


def _job(number: int, clock: FixedClock, age: timedelta) -> Job:
    return Job(
        id=uuid4(),
        service_id=SERVICE,
        template_id=TEMPLATE,
        template_version=1,
        channel=Channel.SMS,
        original_file_name=f"{number}.csv",
        notification_count=1,
        created_at=clock() - age,
    )


def rows(engine: Engine, statement: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.exec_driver_sql(statement))


def test_the_history_has_everything_but_the_address(
    many: PostgresDatabase, own_engine: Engine, clock: FixedClock
) -> None:
    with many.statement() as work:
        assert work.unsubscribe_requests.archive(created_before=clock() - 90 * DAY, limit=5000) == OLD
    history = rows(own_engine, "SELECT * FROM unsubscribe_request_history ORDER BY id")
    expected = [_request(number, clock, 100 * DAY) for number in range(OLD)]
    assert [tuple(row) for row in history] == [
        (one.id, one.notification_id, one.service_id, one.template_id, one.template_version, one.created_at)
        for one in expected
    ]
    assert "@" not in str(history)
    assert rows(own_engine, "SELECT count(*) FROM unsubscribe_requests") == [(MANY - OLD,)]


def test_two_who_let_go_at_once_do_it_once(many: PostgresDatabase, own_engine: Engine, clock: FixedClock) -> None:
    def archive(_: int) -> int:
        with many.statement() as work:
            return work.unsubscribe_requests.archive(created_before=clock() - 90 * DAY, limit=3)

    def forget(_: int) -> int:
        with many.statement() as work:
            return work.answers.forget(today=clock().date(), limit=3)

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(archive, range(30))) == OLD
        assert sum(pool.map(forget, range(30))) == OLD
    assert rows(own_engine, "SELECT count(*) FROM unsubscribe_request_history") == [(OLD,)]


READ = """
SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0) AS rows_read
FROM pg_stat_xact_user_tables WHERE relname IN ('unsubscribe_requests', 'idempotency_keys', 'jobs')
"""


def test_letting_go_reads_what_goes_and_of_jobs_what_is_not_archived(
    many: PostgresDatabase, clock: FixedClock
) -> None:
    with many.begin() as work:
        assert work.unsubscribe_requests.archive(created_before=clock() - 90 * DAY, limit=100) == OLD
        assert work.answers.forget(today=clock().date(), limit=100) == OLD
        row = work.jobs._session.row(READ, {})
        assert row is not None
        assert row.rows_read <= 8 * OLD
        expired = work.jobs.list_expired(frozenset(Channel), today=clock().date(), after=UUID(int=0), limit=100)
        assert len(expired) == OLD
        after = work.jobs._session.row(READ, {})
    assert after is not None
    assert after.rows_read - row.rows_read <= MANY / 2 + 2 * OLD
