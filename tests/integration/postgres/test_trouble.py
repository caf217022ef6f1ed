"""A database that goes away and comes back: told in the core's words, and forgotten soon."""

from __future__ import annotations

import os
from time import monotonic
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine, QueuePool

from notify_adapters.embedded import EmbeddedPostgres, free_port
from notify_adapters.encryption import AesGcmCipher
from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase, make_engine
from notify_core.errors import InvalidContent
from notify_core.services.model import Service
from notify_core.unit_of_work import DatabaseUnavailable

CIPHER = AesGcmCipher({"test": b"k" * 32})


def ask(database: PostgresDatabase) -> int:
    with database.statement() as work:
        return work.outbox.count()


def test_a_restart_between_two_statements_is_not_noticed(
    own_server: EmbeddedPostgres, restarted_database: PostgresDatabase
) -> None:
    with restarted_database.begin() as first, restarted_database.begin() as second:
        assert (first.outbox.count(), second.outbox.count(), ask(restarted_database)) == (0, 0, 0)
    own_server.stop()
    own_server.start()
    with restarted_database.begin() as first, restarted_database.begin() as second:
        assert (first.outbox.count(), second.outbox.count(), ask(restarted_database)) == (0, 0, 0)


def test_while_it_is_away_it_is_unavailable(
    own_server: EmbeddedPostgres, restarted_database: PostgresDatabase
) -> None:
    assert ask(restarted_database) == 0
    own_server.stop()
    for _ in range(2):
        start = monotonic()
        with pytest.raises(DatabaseUnavailable):
            ask(restarted_database)
        with pytest.raises(DatabaseUnavailable), restarted_database.begin() as work:
            work.outbox.count()
        assert monotonic() - start < 4
    own_server.start()
    assert ask(restarted_database) == 0


def test_a_connection_that_breaks_in_a_transaction_is_replaced(own_url: str, own_database: PostgresDatabase) -> None:
    with own_database.begin() as work:
        work.outbox.count()
        _end_all_sessions(own_url)
        with pytest.raises(DatabaseUnavailable):
            work.outbox.count()
        with pytest.raises(DatabaseUnavailable):
            work.outbox.count()
    assert ask(own_database) == 0


def test_a_connection_that_breaks_before_commit_commits_nothing(own_url: str, own_database: PostgresDatabase) -> None:
    with own_database.begin() as work:
        work.outbox.count()
        _end_all_sessions(own_url)
        with pytest.raises(DatabaseUnavailable):
            work.commit()
    assert ask(own_database) == 0


def _end_all_sessions(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'own'"
        )


def test_a_statement_that_takes_too_long_is_given_up(postgres_url: str, clock: FixedClock) -> None:
    engine = make_engine(postgres_url, pool_size=1, statement_timeout_ms=100, application_name="slow")
    database = PostgresDatabase(engine, CIPHER, clock)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseUnavailable, match="statement timeout"):
            ask(database)
    assert ask(database) >= 0
    engine.dispose()


def test_a_pool_that_stays_empty_is_unavailable(postgres_url: str, clock: FixedClock) -> None:
    engine = make_engine(postgres_url, pool_size=1, statement_timeout_ms=1000, application_name="full")
    assert isinstance(engine.pool, QueuePool)
    engine.pool._timeout = 0.1
    database = PostgresDatabase(engine, CIPHER, clock)
    with database.statement() as work:
        work.outbox.count()  # a connection is borrowed when it is first needed
        with pytest.raises(DatabaseUnavailable, match="QueuePool limit"):
            ask(database)
    engine.dispose()


def test_nothing_listens_there(clock: FixedClock) -> None:
    url = f"postgresql+psycopg://notify:hunter2@127.0.0.1:{free_port()}/notify"
    engine = make_engine(url, pool_size=1, statement_timeout_ms=1000, application_name="nowhere")
    with pytest.raises(DatabaseUnavailable) as trouble:
        ask(PostgresDatabase(engine, CIPHER, clock))
    assert "hunter2" not in str(trouble.value)


def test_a_transaction_with_a_failed_statement_cannot_be_committed(
    own_database: PostgresDatabase, own_engine: Engine, clock: FixedClock
) -> None:
    with own_engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox RENAME TO elsewhere")
    with own_database.begin() as work:
        with pytest.raises(psycopg.errors.UndefinedTable):
            work.outbox.count()
        with pytest.raises(RuntimeError, match="cannot be committed"):
            work.commit()
    with own_database.begin() as work:
        work.outbox.remove([], queued_at=clock())
        work.commit()


def test_a_forked_child_has_connections_of_its_own(own_database: PostgresDatabase, own_engine: Engine) -> None:
    assert ask(own_database) == 0
    child = os.fork()
    if child == 0:
        pool = own_engine.pool
        os._exit(0 if isinstance(pool, QueuePool) and pool.checkedin() == 0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert ask(own_database) == 0


def test_sessions_are_set_up(own_engine: Engine) -> None:
    with own_engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, setting FROM pg_settings WHERE name IN"
            " ('TimeZone', 'statement_timeout', 'plan_cache_mode', 'application_name')"
        )
        settings = {str(name): str(setting) for name, setting in rows}
    assert settings == {
        "TimeZone": "UTC",
        "statement_timeout": "5000",
        "plan_cache_mode": "force_generic_plan",
        "application_name": "own",
    }


def test_an_operators_own_options_are_kept(postgres_url: str) -> None:
    url = f"{postgres_url}?options=-c%20search_path%3Delsewhere"
    engine = make_engine(url, pool_size=1, statement_timeout_ms=1000, application_name="options")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW search_path").scalar() == "elsewhere"
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "1s"
    engine.dispose()


def test_one_statement_is_one_round_trip_and_nothing_is_locked_after(postgres_url: str, clock: FixedClock) -> None:
    engine = make_engine(postgres_url, pool_size=1, statement_timeout_ms=1000, application_name="idle")
    database = PostgresDatabase(engine, CIPHER, clock)
    with database.statement() as work:
        work.notifications.find_undelivered(after=clock(), before=clock(), limit=1)
        assert _state_of(postgres_url, "idle") == "idle"
    with database.begin() as work:
        work.outbox.count()
        assert _state_of(postgres_url, "idle") == "idle in transaction"
    assert _state_of(postgres_url, "idle") == "idle"
    engine.dispose()


def _state_of(url: str, application_name: str) -> str:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        row = connection.execute(
            "SELECT state FROM pg_stat_activity WHERE application_name = %s", (application_name,)
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_a_text_that_cannot_be_stored_is_refused_without_quoting_it(postgres_url: str) -> None:
    engine = make_engine(postgres_url, pool_size=1, statement_timeout_ms=5000, application_name="test")
    database = PostgresDatabase(engine, AesGcmCipher({"k": b"k" * 32}), FixedClock())
    service = Service(id=UUID(int=1), name="Bins\0secret", created_at=FixedClock().now)
    with pytest.raises(InvalidContent, match="such as NUL") as refused, database.begin() as work:
        work.services.add(service)
    assert "secret" not in str(refused.value)
    engine.dispose()
