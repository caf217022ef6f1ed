"""Which migration a database has got to. Asking does not load what migrates."""

from __future__ import annotations

from psycopg.errors import UndefinedTable
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, ProgrammingError

from notify_adapters.postgres.session import UNAVAILABLE, unavailable


def current_version(engine: Engine) -> str | None:
    """Return the database's version, or None when it was never migrated. Raises DatabaseUnavailable."""
    try:
        with engine.connect() as connection:
            return version_of(connection)
    except UNAVAILABLE as error:
        raise unavailable(error) from error


def version_of(connection: Connection) -> str | None:
    """Return the version of the database behind this connection, or None when it was never migrated."""
    try:
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except ProgrammingError as error:
        connection.rollback()
        if isinstance(error.orig, UndefinedTable):
            return None
        raise
    except DBAPIError:
        connection.rollback()
        raise
    connection.rollback()
    return None if version is None else str(version)
