"""Migrations: repeatable, reversible, one runner at a time, and never in anybody's way for long."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine

from notify_adapters.embedded import free_port
from notify_adapters.postgres import current_version, make_engine
from notify_adapters.postgres.migrate import ADVISORY_LOCK, downgrade, head_version, migrate
from notify_adapters.postgres.tables import metadata
from notify_core.unit_of_work import DatabaseUnavailable

PARTITIONS = 4 + 6 * 100


def engine_of(url: str) -> Engine:
    return make_engine(url, pool_size=1, statement_timeout_ms=5_000, application_name="migrations")


def driver(url: str) -> str:
    return url.replace("+psycopg", "")


def schema(connection: Connection) -> list[tuple[object, ...]]:
    """Return all columns and indexes there are."""
    columns = connection.exec_driver_sql(
        "SELECT table_name, column_name, data_type, is_nullable, generation_expression"
        " FROM information_schema.columns WHERE table_schema = 'public'"
    )
    indexes = connection.exec_driver_sql("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")
    return sorted((tuple(row) for row in (*columns, *indexes)), key=str)


def test_an_empty_database_becomes_this_version_and_stays_so(fresh_url: str) -> None:
    engine = engine_of(fresh_url)
    assert current_version(engine) is None
    first, second = migrate(fresh_url), migrate(fresh_url)
    assert (first.before, first.after, len(first.partitions)) == (None, head_version(), PARTITIONS)
    assert (second.before, second.after, second.partitions) == (head_version(), head_version(), [])
    assert current_version(engine) == head_version()
    engine.dispose()


def test_what_goes_up_comes_down_and_up_again(fresh_url: str) -> None:
    engine = create_engine(fresh_url)
    migrate(fresh_url)
    with engine.connect() as connection:
        before = schema(connection)
    downgrade(fresh_url, "base")
    with engine.connect() as connection:
        assert {row[0] for row in schema(connection) if len(row) > 1} == {"alembic_version"}
    migrate(fresh_url)
    with engine.connect() as connection:
        assert schema(connection) == before
    engine.dispose()


def test_tables_and_migrations_agree(shared_engine: Engine) -> None:
    with shared_engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": _is_ours, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def _is_ours(thing: object, name: str | None, kind: str, reflected: bool, _: object) -> bool:
    """Leave out partitions: they are copies of their table."""
    partitioned = (
        "notifications_",
        "notification_contents_",
        "notification_events_",
        "bulk_rows_apart_",
        "inbound_sms_",
        "callbacks_",
        "callback_attempts_",
    )
    return not (kind == "table" and reflected and str(name).startswith(partitioned))


def test_several_runners_at_once_take_turns(fresh_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(migrate, [fresh_url] * 4))
    assert {result.after for result in results} == {head_version()}
    assert [result.before for result in results].count(None) == 1
    assert sum(len(result.partitions) for result in results) == PARTITIONS


def test_a_runner_waits_for_the_one_before(fresh_url: str) -> None:
    with psycopg.connect(driver(fresh_url), autocommit=True) as other:
        other.execute(f"SELECT pg_advisory_lock({ADVISORY_LOCK})".encode())
        runner = Thread(target=migrate, args=(fresh_url,))
        runner.start()
        sleep(1.3)  # longer than the lock timeout, which does not apply to the turn
        assert runner.is_alive()
    runner.join(60)
    assert not runner.is_alive()


def test_a_locked_table_is_tried_again(fresh_url: str) -> None:
    migrate(fresh_url)
    _unmake_a_partition(fresh_url)
    with psycopg.connect(driver(fresh_url)) as other:
        other.execute("LOCK TABLE notification_contents IN ACCESS EXCLUSIVE MODE")
        runner = ThreadPoolExecutor(1)
        result = runner.submit(migrate, fresh_url, attempts=5, pause_seconds=0.1)
        sleep(1.5)
        assert not result.done()
        other.rollback()
        assert len(result.result(60).partitions) == 1
        runner.shutdown()


def test_a_table_locked_for_good_is_reported(fresh_url: str) -> None:
    migrate(fresh_url)
    _unmake_a_partition(fresh_url)
    start = monotonic()
    with psycopg.connect(driver(fresh_url)) as other:
        other.execute("LOCK TABLE notification_contents IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseUnavailable, match="lock timeout"):
            migrate(fresh_url, attempts=2, pause_seconds=0.1)
    assert 2 < monotonic() - start < 20


def _unmake_a_partition(url: str) -> None:
    with psycopg.connect(driver(url), autocommit=True) as connection:
        row = connection.execute(
            "SELECT max(inhrelid::regclass::text) FROM pg_inherits"
            " WHERE inhparent = 'notification_contents'::regclass"
            " AND inhrelid <> 'notification_contents_default'::regclass"
        ).fetchone()
        assert row is not None
        connection.execute(f"DROP TABLE {row[0]}".encode())


def test_a_database_that_is_not_there_is_reported() -> None:
    url = f"postgresql+psycopg://notify:hunter2@127.0.0.1:{free_port()}/notify"
    with pytest.raises(DatabaseUnavailable) as trouble:
        migrate(url)
    assert "hunter2" not in str(trouble.value)
    engine = engine_of(url)
    with pytest.raises(DatabaseUnavailable):
        current_version(engine)


def test_migrations_are_numbered_in_one_line() -> None:
    import notify_adapters.postgres.migrations.versions as versions

    files = sorted(path.stem for path in Path(versions.__path__[0]).glob("[0-9]*.py"))
    assert [name[:4] for name in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    assert head_version() == files[-1]
