"""With hundreds of services, each is billed by looking at its own messages and facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from attrs import evolve
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase, ensure_partitions_now
from notify_adapters.postgres.database import PostgresUnitOfWork
from notify_core.calendar import london_midnight
from notify_core.identifiers import first_id_at
from notify_core.jobs.rows import Ids
from notify_core.notifications.window import Window

SERVICE = UUID(int=7)
TODAY = date(2026, 11, 21)
DAYS = 5
# 400 services send 10 messages each on each day.
FILL = """
INSERT INTO notifications (
    id, service_id, template_id, created_at, expires_on, template_version, billable_units, attempts, rate_multiplier,
    international, channel, key_type, status, sent_by
)
SELECT
    (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000800000000000'
        || lpad(to_hex(n), 4, '0'))::uuid,
    lpad((n %% 400)::text, 32, '0')::uuid, lpad((n %% 1200)::text, 32, '0')::uuid, at, '2026-12-01', 1, 1, 1, 1,
    false, 'sms', 'normal', 'delivered', 'mmg'
FROM (
    SELECT n, %(midnight)s::timestamptz + n * interval '20 seconds' AS at FROM generate_series(0, 3999) AS n
) AS numbers
"""
ROWS_READ = """
SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) AS rows_read
FROM pg_stat_xact_user_tables WHERE relname ~ '^(notifications|ft_billing)'
"""


@pytest.fixture
def filled(own_database: PostgresDatabase, own_engine: Engine) -> PostgresDatabase:
    ensure_partitions_now(own_engine, FixedClock().now)
    with own_engine.connect() as connection:
        for back in range(DAYS):
            midnight = london_midnight(TODAY - timedelta(days=back))
            connection.exec_driver_sql(FILL, {"midnight": midnight})
        connection.exec_driver_sql("ANALYZE notifications")
    for back in range(DAYS):
        with own_database.begin() as work:
            assert work.billing.replace_day(TODAY - timedelta(days=back)) == 1200
            work.commit()
    with own_engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE ft_billing")
    return own_database


def usage(work: PostgresUnitOfWork) -> None:
    found = work.billing.list_usage(SERVICE, first=date(2026, 4, 1), last=TODAY - timedelta(days=1))
    assert [one.notifications_sent for one in found] == [10] * (DAYS - 1)


def today(work: PostgresUnitOfWork) -> None:
    before = datetime(2026, 11, 18, tzinfo=UTC)
    job = Ids(first_id_at(before), first_id_at(before + timedelta(seconds=1)))
    [found] = work.billing.count_live(evolve(Window.of_day(TODAY, SERVICE), earlier=[job]))
    assert found.notifications_sent == 10


def rows_read(work: PostgresUnitOfWork) -> int:
    row = work.billing._session.row(ROWS_READ, {})
    assert row is not None
    return int(row.rows_read)


@pytest.mark.parametrize(("ask", "rows"), [(usage, 3 * (DAYS - 1)), (today, 12)])
def test_a_service_is_billed_by_what_is_its_own(
    filled: PostgresDatabase, ask: Callable[[PostgresUnitOfWork], None], rows: int
) -> None:
    for _ in range(3):  # until it is prepared, with its generic plan
        with filled.begin() as work:
            before = rows_read(work)
            ask(work)
            assert 0 < rows_read(work) - before <= rows


def test_a_day_is_joined_as_a_whole(filled: PostgresDatabase) -> None:
    """Looking each fact up among all that was counted would take minutes for a day of a large platform."""
    with filled.begin() as work:
        work.billing.replace_day(TODAY)
        row = work.billing._session.row("SELECT current_setting('enable_nestloop') AS joins", {})
        assert row is not None
        assert row.joins == "off"
    with filled.begin() as work:
        row = work.billing._session.row("SELECT current_setting('enable_nestloop') AS joins", {})
        assert row is not None
        assert row.joins == "on"
