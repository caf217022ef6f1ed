"""Stores messages that are accepted at the same time in one statement, and so in one commit.

A commit costs the server and this process about as much for eight messages as for one (docs/performance.md has the
figures). So whoever comes while another thread is storing waits for it, and then goes with all the others that have
come meanwhile. Who comes alone waits for nobody. Nobody is told that a message was accepted before it is committed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import Column, Dialect
from sqlalchemy.dialects import postgresql

from notify_adapters.postgres.session import Session
from notify_adapters.postgres.tables import columns_of, notification_contents, notifications, outbox
from notify_core.errors import Conflict, InvalidContent
from notify_core.unit_of_work import DatabaseUnavailable

# What one statement may hold. More than threads that could come at once; bounds what the server is given.
_MOST_TOGETHER = 100

Row = Mapping[str, Any]
"""A message with the promise to deliver it: its columns, and those of the promise with `entry_` in front."""

_ENTRY = ("id", "task", "queue", "subject_id", "group_id", "available_at")
_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's is not annotated


def _typed(name: str, column: Column[Any]) -> str:
    return f"{name} {column.type.compile(dialect=_DIALECT)}"


def _accepted() -> str:
    """Return the first part of the statements: the rows that the parameter holds, typed."""
    facts = columns_of(notifications)
    contents = columns_of(notification_contents)
    columns = {column.name: column for column in (*notification_contents.columns, *notifications.columns)}
    named = [*dict.fromkeys([*facts.split(", "), *contents.replace("notification_id", "id").split(", ")])]
    types = [_typed(name, columns[name]) for name in named]
    types += [_typed(f"entry_{name}", outbox.columns[name]) for name in _ENTRY]
    return f"""
WITH accepted AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s::json) AS accepted ({", ".join(types)})
)"""  # noqa: S608 - put together from constants; what varies travels as a parameter


_FACTS = columns_of(notifications)
_CONTENTS = columns_of(notification_contents)
_ACCEPTED_CONTENTS = _CONTENTS.replace("notification_id", "id")
_ENTRIES = f"INSERT INTO outbox ({', '.join(_ENTRY)}) SELECT {', '.join(f'entry_{name}' for name in _ENTRY)}"

ACCEPT = f"""{_accepted()}, facts AS (
    INSERT INTO notifications ({_FACTS}) SELECT {_FACTS} FROM accepted
), contents AS (
    INSERT INTO notification_contents ({_CONTENTS}) SELECT {_ACCEPTED_CONTENTS} FROM accepted
)
{_ENTRIES} FROM accepted
"""  # noqa: S608 - as above

# The same, but what was stored before is left alone, and with it what belongs to it.
ACCEPT_MANY = f"""{_accepted()}, facts AS (
    INSERT INTO notifications ({_FACTS}) SELECT {_FACTS} FROM accepted
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), contents AS (
    INSERT INTO notification_contents ({_CONTENTS})
    SELECT {_ACCEPTED_CONTENTS} FROM accepted JOIN facts USING (id)
), entries AS (
    {_ENTRIES} FROM accepted JOIN facts USING (id) WHERE entry_id IS NOT NULL
)
SELECT id FROM facts
"""  # noqa: S608 - as above


def as_json(value: object) -> bytes:
    """Return rows as the statements take them. Raises InvalidContent."""
    try:
        return orjson.dumps(value)
    except TypeError:  # half of a surrogate pair
        raise InvalidContent("A text holds a character that cannot be stored: remove it") from None


class _Waiting:
    """A message on its way to the server, and the thread that waits for it."""

    __slots__ = ("error", "leads", "row", "turn")

    def __init__(self, row: bytes) -> None:
        self.row = row
        self.error: Exception | None = None
        self.leads = False
        self.turn = Lock()
        self.turn.acquire()


class GroupedAcceptance:
    """Accepts messages for several threads. `begin` opens a session whose statements count at once."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Session]]) -> None:
        self._begin = begin
        self._lock = Lock()
        self._waiting: deque[_Waiting] = deque()
        self._somebody_leads = False

    def __call__(self, row: Row) -> None:
        """Store one message, and return when it is committed.

        Raises DatabaseUnavailable, Conflict when it was stored before, or InvalidContent.
        """
        mine = _Waiting(as_json(row))
        with self._lock:
            follows = self._somebody_leads
            self._somebody_leads = True
            if follows:
                self._waiting.append(mine)
        if follows:
            mine.turn.acquire()
        if not follows or mine.leads:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error

    def _lead(self, mine: _Waiting) -> None:
        with self._lock:
            others = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_TOGETHER - 1))]
        group = [mine, *others]
        try:
            self._store(group)
        except BaseException:
            for other in others:
                other.error = DatabaseUnavailable("whoever stored this with others was interrupted")
            raise
        finally:
            self._hand_on()
            for other in others:
                other.turn.release()

    def _hand_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._somebody_leads = False
                return
            successor = self._waiting.popleft()
        successor.leads = True
        successor.turn.release()

    def _store(self, group: Sequence[_Waiting]) -> None:
        error = self._try(group)
        if isinstance(error, Conflict | InvalidContent) and len(group) > 1:
            # One of them will not do, and the server does not say which.
            for one in group:
                one.error = self._try([one])
            return
        for one in group:
            # An error of its own for each: a traceback belongs to one thread.
            one.error = None if error is None else type(error)(str(error))

    def _try(self, group: Sequence[_Waiting]) -> Exception | None:
        rows = b"[" + b",".join([one.row for one in group]) + b"]"
        try:
            with self._begin() as session:
                session.run(ACCEPT, {"rows": rows.decode()})
                session.promised()
        except (DatabaseUnavailable, Conflict, InvalidContent) as error:
            return error
        return None
