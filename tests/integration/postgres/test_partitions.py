"""Partitions: made in time, made once, and not missed when they are missing."""

# ruff: noqa: S608 - tables are named by us

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from notify_adapters.encryption import AesGcmCipher
from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase, ensure_partitions_now, make_engine
from notify_core.identifiers import uuid7
from notify_core.notifications.model import Contents, Message, Notification
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.vocabulary import Channel, KeyType

SERVICE = uuid7(datetime(2030, 1, 1, tzinfo=UTC), 1)
FAR = datetime(2031, 5, 31, 22, 30, tzinfo=UTC)


@pytest.fixture
def database(own_engine: Engine) -> PostgresDatabase:
    return PostgresDatabase(own_engine, AesGcmCipher({"test": b"k" * 32}), FixedClock(FAR))


def accept(database: PostgresDatabase, moment: datetime, expires_on: date, number: int) -> Message:
    message = Message(
        notification=Notification(
            id=uuid7(moment, number),
            service_id=SERVICE,
            template_id=SERVICE,
            template_version=1,
            channel=Channel.EMAIL,
            key_type=KeyType.NORMAL,
            api_key_id=None,
            created_at=moment,
            expires_on=expires_on,
        ),
        contents=Contents(recipient="jo@example.com", normalised_recipient="jo@example.com"),
    )
    entry = OutboxEntry(
        id=uuid7(moment, number),
        task=Task.DELIVER_EMAIL,
        queue=Queue.SEND_EMAIL,
        subject_id=message.notification.id,
        available_at=moment,
    )
    with database.statement() as work:
        work.notifications.accept(message, entry)
    return message


def where(engine: Engine, table: str) -> dict[str, int]:
    """Return how many rows each partition holds."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT tableoid::regclass::text, count(*) FROM {table} GROUP BY 1")
        return {str(name): int(held) for name, held in rows}


def test_a_message_without_partition_is_accepted_and_moved_when_it_is_made(
    database: PostgresDatabase, own_engine: Engine
) -> None:
    messages = [
        accept(database, FAR, date(2031, 6, 9), 1),
        accept(database, FAR + timedelta(days=2), date(2031, 6, 9), 2),
        accept(database, FAR + timedelta(days=400), date(2033, 1, 1), 3),
    ]
    assert where(own_engine, "notifications") == {"notifications_default": 3}
    made = ensure_partitions_now(own_engine, FAR)
    assert {"notifications_2031_04", "notifications_2031_07", "notification_contents_2031_06_01"} <= set(made)
    assert where(own_engine, "notifications") == {
        "notifications_2031_05": 1,
        "notifications_2031_06": 1,
        "notifications_default": 1,
    }
    assert where(own_engine, "notification_contents") == {
        "notification_contents_2031_06_09": 2,
        "notification_contents_default": 1,
    }
    with database.statement() as work:
        assert [work.notifications.find(SERVICE, message.notification.id) for message in messages] == messages
        ids = [message.notification.id for message in messages]
        assert len(work.notifications.claim(ids, now=FAR, until=FAR + timedelta(seconds=1)).mine) == 3


def test_partitions_are_made_once_by_however_many(own_engine: Engine, own_url: str) -> None:
    engine = make_engine(own_url, pool_size=4, statement_timeout_ms=10_000, application_name="partitions")
    with ThreadPoolExecutor(4) as pool:
        made = [name for names in pool.map(lambda _: ensure_partitions_now(engine, FAR), range(4)) for name in names]
    assert len(made) == len(set(made)) == 4 + 6 * 100
    assert ensure_partitions_now(engine, FAR) == []
    assert len(ensure_partitions_now(engine, FAR + timedelta(days=1))) == 7, "a day of six tables, and a month"
    engine.dispose()


def test_partitions_leave_room_for_updates_and_have_every_index(own_engine: Engine) -> None:
    ensure_partitions_now(own_engine, FAR)
    with own_engine.connect() as connection:
        options = connection.exec_driver_sql(
            "SELECT reloptions FROM pg_class WHERE relname = 'notifications_2031_05'"
        ).scalar()
        indexes = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_indexes WHERE tablename = 'notifications_2031_05'"
        ).scalar()
    assert options == ["fillfactor=80"]
    assert indexes == 9


def test_dropping_a_day_forgets_its_contents_only(database: PostgresDatabase, own_engine: Engine) -> None:
    ensure_partitions_now(own_engine, FAR)
    message = accept(database, FAR, date(2031, 6, 9), 1)
    with own_engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE notification_contents_2031_06_09")
    with database.statement() as work:
        assert work.notifications.find(SERVICE, message.notification.id) is None
        assert work.notifications.find_for_receipt(notification_id=message.notification.id) == message.notification
        claim = work.notifications.claim([message.notification.id], now=FAR, until=FAR)
    assert (claim.mine, claim.busy) == ((), {}), "there is nothing left to send"
