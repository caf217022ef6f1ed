"""Databases of one's own, for tests that change the tables or stop the server."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from sqlalchemy import Engine

from notify_adapters.embedded import EmbeddedPostgres, free_port
from notify_adapters.encryption import AesGcmCipher
from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase, make_engine
from notify_adapters.postgres.migrate import migrate
from tests.integration.databases import drop_database

_numbers = count(1)
CIPHER = AesGcmCipher({"test": b"k" * 32})


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def fresh_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The address of a new, empty database."""
    name = f"fresh_{next(_numbers)}"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield postgres_server.url_of(name).replace("postgresql://", "postgresql+psycopg://")
    drop_database(postgres_server.url, name)


@pytest.fixture(scope="session")
def migrated(postgres_server: EmbeddedPostgres) -> str:
    """The name of a migrated database, to be copied: that is quicker than migrating another."""
    name = "migrated"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    migrate(postgres_server.url_of(name).replace("postgresql://", "postgresql+psycopg://"))
    return name


@pytest.fixture
def own_url(postgres_server: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """The address of a new, migrated database."""
    name = f"own_{next(_numbers)}"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {migrated}".encode())
    yield postgres_server.url_of(name).replace("postgresql://", "postgresql+psycopg://")
    drop_database(postgres_server.url, name)


@pytest.fixture
def own_engine(own_url: str) -> Iterator[Engine]:
    engine = make_engine(own_url, pool_size=3, statement_timeout_ms=5_000, application_name="own")
    yield engine
    engine.dispose()


@pytest.fixture
def own_database(own_engine: Engine, clock: FixedClock) -> PostgresDatabase:
    return PostgresDatabase(own_engine, CIPHER, clock)


@pytest.fixture
def shared_engine(postgres_url: str) -> Iterator[Engine]:
    engine = make_engine(postgres_url, pool_size=2, statement_timeout_ms=5_000, application_name="shared")
    yield engine
    engine.dispose()


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    """A server that a test may stop and start."""
    with (
        TemporaryDirectory(prefix="notify-tests-") as directory,
        EmbeddedPostgres(Path(directory) / "data", free_port(), durable=False) as server,
    ):
        yield server


@pytest.fixture
def restarted_database(own_server: EmbeddedPostgres, clock: FixedClock) -> Iterator[PostgresDatabase]:
    """A database of that server."""
    url = own_server.url.replace("postgresql://", "postgresql+psycopg://")
    migrate(url)
    engine = make_engine(url, pool_size=3, statement_timeout_ms=5_000, application_name="restarted")
    yield PostgresDatabase(engine, CIPHER, clock)
    engine.dispose()
