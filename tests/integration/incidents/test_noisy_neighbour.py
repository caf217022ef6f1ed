"""One service's backlog is not another service's queue.

What once happened: a service uploaded a very long list, all of it was put on the queue at once, and for hours every
other service's single message waited behind it. What must be so: the backlog stays in the outbox, where each service
has its turn; a message that another service sends goes out in the next round, and at most what the relay had
published ahead stands before it, nothing at all where SQS is fair between message groups. And the backlog itself
gets through, all of it, each message once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import boto3
import orjson
import psycopg
import pytest
from attrs import define

from notify_adapters.embedded import EmbeddedPostgres
from notify_adapters.encryption import AesGcmCipher
from notify_adapters.postgres import PostgresDatabase, make_engine
from notify_adapters.postgres.migrate import migrate
from notify_adapters.sqs import QueueAdmin, SqsPublisher
from notify_adapters.system import SystemClock
from notify_core.outbox.ahead import AHEAD
from notify_core.outbox.model import SUBJECTS_PER_MESSAGE, Queue
from notify_core.outbox.relay import RelayOutbox
from tests.integration.databases import drop_database
from tests.integration.simulator import a_simulator

BACKLOG = 20_000
WORKERS = 4
BUSY, QUIET = uuid4(), uuid4()
WHERE: dict[str, Any] = {"region": "eu-west-1", "account_id": "123456789012", "prefix": ""}
_ACCEPT = """
WITH facts AS (
    INSERT INTO notifications (
        id, service_id, template_id, created_at, expires_on, template_version, billable_units, attempts,
        international, channel, key_type, status
    )
    SELECT uuidv7(), %(service)s, %(service)s, now(), current_date + 8, 1, 0, 0, false, 'sms', 'normal', 'created'
    FROM generate_series(1, %(count)s)
    RETURNING id
)
INSERT INTO outbox (id, task, queue, subject_id, group_id, available_at)
SELECT uuidv7(), 'deliver_sms', 'send-sms-tasks', id, %(service)s, now() FROM facts
"""
_numbers = count(1)


@define
class Street:
    """A relay between an outbox and an SQS, and workers that only begin what they are given."""

    url: str
    database: PostgresDatabase
    relay: RelayOutbox
    sqs: Any
    queue: str

    def accept(self, service: UUID, how_many: int) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(_ACCEPT, {"service": service, "count": how_many})

    def publish(self) -> int:
        """Relay until nothing more goes out, and return how many entries did."""
        total = 0
        while published := self.relay().published:
            total += published
        return total

    def receive(self) -> list[tuple[UUID, list[UUID], str]]:
        """Receive messages: the service, the ids and the handle of each, which stays in hand."""
        received = self.sqs.receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=1, WaitTimeSeconds=0, AttributeNames=["All"]
        )
        return [
            (UUID(one["Attributes"]["MessageGroupId"]), _ids(one["Body"]), one["ReceiptHandle"])
            for one in received.get("Messages", [])
        ]

    def begin(self, ids: list[UUID]) -> None:
        now = datetime.now(UTC)
        with self.database.statement() as work:
            work.notifications.claim(ids, now=now, until=now + timedelta(hours=1))

    def left(self) -> int:
        with self.database.statement() as work:
            return work.outbox.count()


def _ids(body: str) -> list[UUID]:
    from base64 import b64decode

    (ids,), _, _ = orjson.loads(b64decode(orjson.loads(b64decode(body))["body"]))
    return [UUID(one) for one in ids]


@pytest.fixture(params=["fair", "first come, first served"])
def street(
    request: pytest.FixtureRequest,
    postgres_server: EmbeddedPostgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Street]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    name = f"street_{next(_numbers)}"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = postgres_server.url_of(name)
    migrate(url.replace("postgresql://", "postgresql+psycopg://"))
    engine = make_engine(
        url.replace("postgresql://", "postgresql+psycopg://"),
        pool_size=2,
        statement_timeout_ms=20_000,
        application_name="street",
    )
    options = ["--unfair"] if request.param != "fair" else []
    with a_simulator("sqs", *options, logs=tmp_path) as simulator:
        QueueAdmin(endpoint_url=simulator.url, **WHERE).ensure([Queue.SEND_SMS])
        clock = SystemClock()
        database = PostgresDatabase(engine, AesGcmCipher({"test": b"k" * 32}), clock)
        publisher = SqsPublisher(endpoint_url=simulator.url, message_groups=True, **WHERE)
        sqs = boto3.client("sqs", region_name="eu-west-1", endpoint_url=simulator.url)
        yield Street(
            url=url,
            database=database,
            relay=RelayOutbox(database, publisher, clock),
            sqs=sqs,
            queue=sqs.get_queue_url(QueueName=Queue.SEND_SMS)["QueueUrl"],
        )
        publisher.close()
    engine.dispose()
    drop_database(postgres_server.url, name)


def test_a_quiet_service_does_not_wait_behind_a_backlog(street: Street, request: pytest.FixtureRequest) -> None:
    is_fair = "first" not in request.node.name
    street.accept(BUSY, BACKLOG)
    assert street.publish() == AHEAD
    for _ in range(WORKERS):
        ((_, ids, _),) = street.receive()
        street.begin(ids)

    street.accept(QUIET, 1)
    street.publish()
    before = 0
    while (received := street.receive()) and received[0][0] != QUIET:
        before += 1

    assert received, "the quiet service's message went out"
    assert before == 0 if is_fair else before <= AHEAD // SUBJECTS_PER_MESSAGE


def test_a_backlog_gets_through_to_the_last_message(street: Street) -> None:
    backlog = 5_000
    street.accept(BUSY, backlog)
    begun: list[UUID] = []
    street.publish()
    while received := street.receive():
        ((_, ids, handle),) = received
        street.begin(ids)
        street.sqs.delete_message(QueueUrl=street.queue, ReceiptHandle=handle)
        begun += ids
        if len(begun) % (AHEAD // 2) == 0:
            street.publish()

    assert len(begun) == len(set(begun)) == backlog
    assert street.left() == 0
