"""Runs statements on one connection, and turns what the driver says into what the core understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, auto
from itertools import islice
from typing import Any, cast

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy import exc as pool_errors

from notify_core.errors import Conflict, InvalidContent
from notify_core.unit_of_work import DatabaseUnavailable

# What a driver or a pool raises when the server is gone, going, full, or gave up on a statement.
UNAVAILABLE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.ReadOnlySqlTransaction,  # we are talking to a standby: a failover is under way
    pool_errors.TimeoutError,
    pool_errors.OperationalError,
    pool_errors.InterfaceError,
    pool_errors.InvalidRequestError,  # the pool could not replace a connection that was closed
)

Parameters = Mapping[str, Any]
Row = Any


class Locked(DatabaseUnavailable):
    """A lock was not to be had within the session's `lock_timeout`: others are at work there."""


class Mode(Enum):
    """Whether each statement counts at once, or all of them when they are committed."""

    STATEMENT = auto()
    TRANSACTION = auto()


class Session:
    """One connection, for as long as one unit of work; borrowed from `engine` when it is first needed.

    `wake` is called when committed work is in the outbox.
    """

    def __init__(self, engine: Engine, mode: Mode, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._lent: PoolProxiedConnection | None = None
        self._mode = mode
        self._wake = wake
        self._has_promised = False

    def rows(self, statement: str, parameters: Parameters) -> Sequence[Row]:
        """Run the statement and return its rows, with columns as attributes.

        Raises DatabaseUnavailable, Conflict when something of that identity exists, or InvalidContent.
        """
        return self._execute(statement, parameters).fetchall()

    def row(self, statement: str, parameters: Parameters) -> Row | None:
        """Run the statement and return its first row, or None. Raises like `rows`."""
        rows = self.rows(statement, parameters)
        return rows[0] if rows else None

    def row_if_there(self, statement: str, parameters: Parameters) -> Row | None:
        """Run the statement and return its first row; None when there is none, or no table to look in.

        For statements that count at once: inside a transaction a missing table would end it. Raises like `rows`.
        """
        try:
            return self.row(statement, parameters)
        except errors.UndefinedTable:
            return None

    def run(self, statement: str, parameters: Parameters) -> None:
        """Run the statement, whose rows do not matter. Raises like `rows`."""
        self._execute(statement, parameters)

    def copy_out(self, statement: str, *, rows_at_a_time: int) -> Iterator[bytes]:
        """Yield what a COPY … TO STDOUT writes, whole rows of it. Raises DatabaseUnavailable.

        The connection is busy until the last row was read.
        """
        if self._mode is Mode.TRANSACTION and self._is_idle():
            self._send("BEGIN")
        try:
            with self._connection().cursor().copy(statement.encode()) as copy:
                while rows := list(islice(copy, rows_at_a_time)):
                    yield b"".join(rows)
        except UNAVAILABLE as error:
            raise unavailable(error) from error

    def promised(self) -> None:
        """Say that rows were put into the outbox: relays are woken once they are committed."""
        if self._mode is Mode.STATEMENT:
            self._wake()
        else:
            self._has_promised = True

    @property
    def counts_at_once(self) -> bool:
        """Whether each statement is committed when it returns."""
        return self._mode is Mode.STATEMENT

    def commit(self) -> None:
        """Commit the transaction, if one was begun. Raises DatabaseUnavailable."""
        if self._mode is Mode.STATEMENT or self._is_idle():
            return
        if self._connection().pgconn.transaction_status == TransactionStatus.INERROR:
            # PostgreSQL would answer COMMIT with a rollback, and all would look well.
            raise RuntimeError("A statement of this transaction failed: it cannot be committed")
        self._send("COMMIT")
        if self._has_promised:
            self._has_promised = False
            self._wake()

    def end(self) -> None:
        """Roll back what was not committed, and give the connection back.

        Never raises: a connection that cannot even roll back is closed.
        """
        if self._lent is None:
            return
        connection = self._connection()
        if not (connection.closed or self._is_idle()):
            try:
                connection.cursor().execute("ROLLBACK")
            except psycopg.Error:
                connection.close()
        if connection.closed:
            self._lent.invalidate()
        self._lent.close()
        self._lent = None

    def _connection(self) -> psycopg.Connection[Any]:
        """Return the connection. Raises DatabaseUnavailable when there is none to be had."""
        if self._lent is None:
            try:
                self._lent = self._engine.raw_connection()
            except UNAVAILABLE as error:
                raise unavailable(error) from error
        return cast("psycopg.Connection[Any]", self._lent.driver_connection)

    def _execute(self, statement: str, parameters: Parameters) -> psycopg.Cursor[Row]:
        if self._mode is Mode.TRANSACTION and self._is_idle():
            self._send("BEGIN")
        return self._send(statement, parameters)

    def _is_idle(self) -> bool:
        return self._lent is None or self._connection().pgconn.transaction_status == TransactionStatus.IDLE

    def _send(self, statement: str, parameters: Parameters | None = None) -> psycopg.Cursor[Row]:
        try:
            cursor = self._connection().cursor(row_factory=namedtuple_row)
            return cursor.execute(statement.encode(), parameters)
        except errors.LockNotAvailable as error:
            raise Locked("others hold on to it") from error
        except UNAVAILABLE as error:
            raise unavailable(error) from error
        except psycopg.DataError:
            # Not `from error`: the driver's text can quote the value.
            raise InvalidContent("A text holds a character that cannot be stored, such as NUL: remove it") from None
        except errors.UniqueViolation as error:
            # Not `from error`: the driver's text quotes the row.
            raise Conflict(f"{error.diag.table_name}: there is one of that identity already") from None


def unavailable(error: Exception) -> DatabaseUnavailable:
    """Say in one line why the database is of no use now."""
    reason = next(iter(str(error).splitlines()), "")
    return DatabaseUnavailable(f"{type(error).__name__}: {reason}")
