"""Bring a database up to date: the migrations, then the partitions that the coming weeks need."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from attrs import frozen
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import OperationalError

from notify_adapters.postgres.engine import connect_arguments
from notify_adapters.postgres.partitions import ensure_partitions
from notify_adapters.postgres.session import UNAVAILABLE, unavailable
from notify_adapters.postgres.version import version_of
from notify_core.calendar import london_date

# The bytes "alembic" and a zero: what migration runners of this platform have always locked.
ADVISORY_LOCK = 7020097439640675072
_LOCK_TIMEOUT_MS = 1000
_ATTEMPTS = 10
_PAUSE_SECONDS = 10.0


@frozen(kw_only=True)
class MigrationResult:
    """The version `before` (None: an empty database) and `after`, and the `partitions` that were made."""

    before: str | None
    after: str | None
    partitions: list[str]


def migrate(
    url: str,
    *,
    attempts: int = _ATTEMPTS,
    pause_seconds: float = _PAUSE_SECONDS,
    revision: str = "head",
) -> MigrationResult:
    """Bring the database at `url` (postgresql+psycopg://...) up to `revision`, and make partitions.

    Of several runners one works, the others wait and find nothing to do. A migration never waits longer than a
    second for a table, since everybody else would queue behind it: it is rolled back and tried again,
    `attempts` times in all, `pause_seconds` apart. Raises DatabaseUnavailable.
    """
    with _locked(url) as connection:
        before = version_of(connection)
        partitions = _try(connection, revision, attempts, pause_seconds)
        return MigrationResult(before=before, after=version_of(connection), partitions=partitions)


def _try(connection: Connection, revision: str, attempts: int, pause_seconds: float) -> list[str]:
    """Migrate, again and again while tables are locked; return the partitions made."""
    while True:
        try:
            command.upgrade(_config(connection), revision)
            connection.rollback()  # each migration has committed; what is open now has only read
            return ensure_partitions(connection, today=london_date(_now()), now=_now())
        except OperationalError as error:
            connection.rollback()
            attempts -= 1
            if attempts < 1 or not isinstance(error.orig, LockNotAvailable):
                raise unavailable(error) from error
            time.sleep(pause_seconds)


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision` ("base": to nothing at all). For development: it loses data."""
    with _locked(url) as connection:
        command.downgrade(_config(connection), revision)


def head_version() -> str:
    """Return the version that this code works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "there is no migration"
    return head


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    """Connect, and wait for the turn among all runners; only then limit how long to wait for a lock."""
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        use_native_hstore=False,
        connect_args=connect_arguments("notify-migrate"),
    )
    try:
        connection = engine.connect()
    except UNAVAILABLE as error:
        raise unavailable(error) from error
    with connection:
        connection.exec_driver_sql("SET timezone = 'UTC'")
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
        connection.exec_driver_sql(f"SET lock_timeout = {_LOCK_TIMEOUT_MS}")
        connection.commit()
        # The lock goes with the connection.
        yield connection


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _now() -> datetime:
    return datetime.now(UTC)
