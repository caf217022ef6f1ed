"""Weeks of messages for the nights to count, made by the database itself: nobody sends ten million texts for that."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from attrs import frozen

from notify_adapters.postgres import make_engine
from notify_adapters.postgres.partitions import ensure_partitions
from notify_core.application import Notify
from notify_core.calendar import london_midnight
from notify_core.services.create import NewService
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel

# As many as there are cores here. Each makes every second message, so that a day's stand together.
_CONNECTIONS = 2
# Longer than anybody counts here, so that of these nothing expires.
_KEPT = timedelta(days=100)
_SENDERS = "CREATE TABLE night_senders (service int, slot int, service_id uuid, template_id uuid, channel text)"
# Two emails to a text.
_CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.EMAIL)

# A tenth of the services sends almost half of all; each sends something. A third comes from files: such rows have ids
# of when their job was made, ten minutes before or, where the job was scheduled, two days.
_MESSAGES = """
WITH drawn AS MATERIALIZED (
    SELECT number,
        %(start)s::timestamptz + (number - 0.5) / %(messages)s::int * (%(end)s::timestamptz - %(start)s) AS at,
        floor(%(services)s * power(random(), 3))::int AS service, floor(random() * 3)::int AS slot,
        random() AS origin, random() AS key, random() AS ended, random() AS size, random() AS place,
        random() AS carrier
    FROM generate_series(%(first)s::int, %(messages)s, %(connections)s) AS number
), sent AS (
    SELECT drawn.*, service_id, template_id, channel, channel = 'sms' AS is_text, origin < 0.33 AS of_job,
        date_trunc('hour', at)
            - CASE WHEN origin < 0.03 THEN interval '2 days' ELSE interval '10 minutes' END AS made,
        CASE WHEN key < 0.9 THEN 'normal' WHEN key < 0.95 THEN 'team' ELSE 'test' END AS key_type,
        channel = 'sms' AND place < 0.03 AS international,
        CASE WHEN ended < 0.93 THEN 'delivered' WHEN ended < 0.96 THEN 'permanent-failure'
            WHEN ended < 0.985 THEN 'temporary-failure' WHEN ended < 0.99 THEN 'technical-failure'
            ELSE 'sending' END AS status
    FROM drawn JOIN night_senders USING (service, slot)
)
INSERT INTO notifications (
    id, service_id, template_id, api_key_id, created_at, updated_at, sent_at, expires_on, template_version,
    billable_units, attempts, rate_multiplier, international, channel, key_type, status, sent_by, country_prefix,
    reference, job_id, job_row_number
)
SELECT uuidv7(CASE WHEN of_job THEN made ELSE at END - clock_timestamp()), service_id, template_id,
    CASE WHEN NOT of_job THEN service_id END, at, at + interval '20 seconds',
    at + size * interval '11 seconds', %(expires_on)s::date, 1,
    CASE WHEN NOT is_text OR key_type = 'test' THEN 0 WHEN size < 0.7 THEN 1 WHEN size < 0.95 THEN 2 ELSE 3 END, 1,
    CASE WHEN international THEN 3 WHEN is_text THEN 1 END, international, channel, key_type, status,
    CASE WHEN NOT is_text THEN 'ses' WHEN carrier < 0.5 THEN 'mmg' ELSE 'firetext' END,
    CASE WHEN international THEN '33' WHEN is_text THEN '44' END,
    CASE WHEN NOT is_text THEN gen_random_uuid()::text END,
    CASE WHEN of_job THEN md5(template_id::text || made::text)::uuid END, CASE WHEN of_job THEN number END
FROM sent
ORDER BY number
"""

_CONTENTS = """
INSERT INTO {table} (
    notification_id, expires_on, service_id, recipient, normalised_recipient, personalisation, reply_to_text
)
SELECT uuidv7(), %(day)s, %(service_id)s, '07700 900123', '447700900123',
    decode(repeat('0123456789', 20), 'hex'), 'DEMO'
FROM generate_series(1, %(rows)s::int)
"""


@frozen(kw_only=True)
class Day:
    """A London day on which so many of the first `services` services sent so many messages."""

    day: date
    messages: int
    services: int


def make_partitions(database_url: str, *, today: date, now: datetime) -> None:
    """Make the partitions that there would be if it were `now`, and that London day."""
    engine = make_engine(database_url, pool_size=1, statement_timeout_ms=0, application_name="bench")
    try:
        with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
            ensure_partitions(connection, today=today, now=now)
    finally:
        engine.dispose()


def make_senders(notify: Notify, connection: psycopg.Connection[Any], services: int) -> None:
    """Set services up, each with a template for texts and two for emails."""
    connection.execute(_SENDERS)
    senders: list[tuple[object, ...]] = []
    for service in range(services):
        made = notify.create_service(NewService(name=f"Night {service} {uuid4()}"))
        for slot, channel in enumerate(_CHANNELS):
            subject = "For you" if channel is Channel.EMAIL else None
            wanted = NewTemplate(
                service_id=made.id, name=str(slot), channel=channel, subject=subject, content="Hi ((name))"
            )
            template = notify.create_template(wanted)
            senders.append((service, slot, made.id, template.id, channel.value))
    with connection.cursor() as cursor, cursor.copy("COPY night_senders FROM STDIN") as copy:
        for sender in senders:
            copy.write_row(sender)
    connection.execute("ANALYZE night_senders")


def make_messages(url: str, day: Day) -> None:
    """Make a day's messages, in the order in which they were accepted."""

    def make(first: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                _MESSAGES,
                {
                    "start": london_midnight(day.day),
                    "end": london_midnight(day.day + timedelta(days=1)),
                    "messages": day.messages,
                    "services": day.services,
                    "first": first,
                    "connections": _CONNECTIONS,
                    "expires_on": day.day + _KEPT,
                },
            )

    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        list(threads.map(make, range(1, _CONNECTIONS + 1)))


def make_contents(connection: psycopg.Connection[Any], day: date, rows: int, *, tables: Sequence[str]) -> None:
    """Make so many messages' contents that go when that London day begins, in each of these tables."""
    for table in tables:
        connection.execute(
            _CONTENTS.format(table=table),
            {"day": day, "rows": rows, "service_id": uuid4()},
        )
