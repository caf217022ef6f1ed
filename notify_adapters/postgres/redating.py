"""Moves what a service has to other days.

Rows are locked first, message by message and without waiting: what somebody is at work on is left out, and who comes
later waits. Only statements that begin after that look at contents and timelines, so they see all that came before. A
statement that waited for a message's facts finds the facts as they are now, but everything else as it was when it
began; PostgresNotifications.claim takes care of that, and `gather_events` of those that never wait.
"""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from uuid import UUID

from notify_adapters.postgres.partitions import LOCK_TIMEOUT_MS
from notify_adapters.postgres.retention import NOTE_THESE, bounded, dated
from notify_adapters.postgres.session import Locked, Session
from notify_adapters.postgres.tables import callbacks, columns_of
from notify_core.callbacks.model import CallbackKind
from notify_core.jobs.model import JobSource
from notify_core.retention.model import Dated, DatedCallback, Move, Redating, Stage
from notify_core.vocabulary import Channel, KeyType

_BEGIN = """
INSERT INTO redatings (service_id, change_id, stage, before)
VALUES (%(service_id)s, %(change_id)s, %(stage)s, %(before)s)
ON CONFLICT (service_id) DO UPDATE SET change_id = %(change_id)s, stage = %(stage)s, before = %(before)s
"""
_FIND = "SELECT service_id, change_id, stage, before FROM redatings WHERE service_id = %(service_id)s"
_PROCEED = """
UPDATE redatings SET stage = %(stage)s, before = %(before)s
WHERE service_id = %(service_id)s AND change_id = %(change_id)s
RETURNING service_id
"""
_END = "DELETE FROM redatings WHERE service_id = %(service_id)s AND change_id = %(change_id)s"

# See notification_statements.py for why the service is one of a list, and the upper bound a row.
_MESSAGES_OF = """
SELECT id, channel, created_at AS made_at, expires_on, key_type, status FROM notifications
WHERE service_id = ANY(%(services)s) AND key_type = %(key_type)s AND id >= %(since)s
    AND (id, created_at) < (%(before)s, '-infinity') AND expires_on > %(today)s
ORDER BY service_id DESC, id DESC LIMIT %(limit)s
"""
_HOLD = """
SELECT id, expires_on, channel FROM notifications
WHERE id = ANY(%(ids)s) AND id BETWEEN %(lowest)s AND %(highest)s
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
_MOVE_FACTS = """
UPDATE notifications SET expires_on = %(after)s WHERE id = ANY(%(ids)s) AND id BETWEEN %(lowest)s AND %(highest)s
"""

# The day is one value, so that its partition is chosen when the statement runs.
_ON_DAY = "expires_on = %(before)s AND {key} = ANY(%(ids)s)"


def _move(table: str, key: str) -> str:
    return f"UPDATE {table} SET expires_on = %(after)s WHERE {_ON_DAY.format(key=key)}"


def _remove(table: str, key: str) -> str:
    return f"DELETE FROM {table} WHERE {_ON_DAY.format(key=key)}"


_MOVE_CONTENTS = _move("notification_contents", "notification_id")
_REMOVE_CONTENTS = _remove("notification_contents", "notification_id")
_MOVE_EVENTS = _move("notification_events", "notification_id")
_REMOVE_EVENTS = _remove("notification_events", "notification_id")
_MOVE_TEXTS = _move("inbound_sms", "id")
_REMOVE_TEXTS = _remove("inbound_sms", "id")
_MOVE_CALLS = _move("callback_attempts", "callback_id")
_REMOVE_CALLS = _remove("callback_attempts", "callback_id")

# Whoever adds an event holds the table in a mode that this waits for; who comes later waits for it.
_WAIT_BRIEFLY = f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"
_AWAIT_EVENTS = "LOCK TABLE ONLY notification_events IN SHARE MODE"

_BULKS_OF = """
SELECT id, channel, created_at FROM jobs
WHERE service_id = %(service_id)s AND created_at >= %(since)s AND source = %(source)s
ORDER BY created_at, id
"""
_MOVE_ROWS_APART = """
UPDATE bulk_rows_apart SET expires_on = %(after)s
WHERE job_id = %(bulk_id)s AND expires_on > %(today)s AND expires_on <> %(after)s
"""
_REMOVE_ROWS_APART = "DELETE FROM bulk_rows_apart WHERE job_id = %(bulk_id)s AND expires_on > %(today)s"

_TEXTS_OF = """
SELECT id, created_at, expires_on FROM inbound_sms
WHERE service_id = ANY(%(services)s) AND id < %(before)s AND expires_on > %(today)s
ORDER BY service_id DESC, id DESC LIMIT %(limit)s
"""

_CALLBACKS_OF = """
SELECT callbacks.*, facts.expires_on AS subject_expires_on
FROM (
    SELECT id, created_at, expires_on, kind, subject_id, notification_id, service_id FROM callbacks
    WHERE service_id = ANY(%(services)s) AND id < %(before)s AND expires_on > %(today)s
    ORDER BY service_id DESC, id DESC LIMIT %(limit)s
) AS callbacks LEFT JOIN LATERAL (
    SELECT expires_on FROM notifications WHERE id = callbacks.notification_id OFFSET 0
) AS facts ON true
ORDER BY callbacks.id DESC
"""
_HOLD_CALLBACKS = f"SELECT id FROM callbacks WHERE {_ON_DAY.format(key='id')} ORDER BY id FOR UPDATE SKIP LOCKED"
_CALLBACK = columns_of(callbacks)
# Not an update: whoever is about to change a callback would fail if it went to another partition meanwhile, where it
# passes over one that is gone, and looks for it (PostgresCallbacks.record).
_MOVE_CALLBACKS = f"""
WITH moved AS (DELETE FROM callbacks WHERE {_ON_DAY.format(key="id")} RETURNING *)
INSERT INTO callbacks ({_CALLBACK})
SELECT {_CALLBACK.replace("expires_on", "%(after)s")} FROM moved
"""
_REMOVE_CALLBACKS = _remove("callbacks", "id")

_AFTER_ALL = UUID(int=(1 << 128) - 1)


class PostgresRedating:
    """Implements `RedatingRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(self, redating: Redating) -> None:
        """Store where a re-dating begins."""
        self._session.run(_BEGIN, _columns(redating))

    def find(self, service_id: UUID) -> Redating | None:
        """Return the service's re-dating, or None."""
        row = self._session.row(_FIND, {"service_id": service_id})
        return None if row is None else Redating(**row._asdict() | {"stage": Stage(row.stage)})

    def proceed(self, redating: Redating) -> bool:
        """Store how far it is, if it is still the service's."""
        return self._session.row(_PROCEED, _columns(redating)) is not None

    def end(self, redating: Redating) -> None:
        """Forget it, unless another has begun."""
        self._session.run(_END, _columns(redating))

    def messages_of(
        self, service_id: UUID, key_type: KeyType, *, since: UUID, before: UUID | None, today: date, limit: int
    ) -> list[Dated]:
        """Return a page of the service's messages, the newest first."""
        parameters = {
            "services": [service_id],
            "key_type": key_type.value,
            "since": since,
            "before": before or _AFTER_ALL,
            "today": today,
            "limit": limit,
        }
        return [dated(row) for row in self._session.rows(_MESSAGES_OF, parameters)]

    def move_messages(self, moves: Sequence[Move], *, today: date, revive: bool = False) -> frozenset[UUID]:
        """Move facts, contents and timelines, of those that nobody else holds."""
        held = {row.id: row for row in self._session.rows(_HOLD, bounded([move.id for move in moves]))}
        ours = [
            move
            for move in moves
            if move.id in held and held[move.id].expires_on == move.before and (move.before > today or revive)
        ]
        for before, after, ids in _by_days(ours):
            these = bounded(ids) | {"before": before, "after": after}
            self._session.run(_MOVE_FACTS, these)
            if after > today:
                self._session.run(_MOVE_CONTENTS, these)
                self._session.run(_MOVE_EVENTS, these)
                continue
            self._session.run(_REMOVE_CONTENTS, these)
            self._session.run(_REMOVE_EVENTS, these)
            if any(held[key].channel == Channel.LETTER for key in ids):
                self._session.run(NOTE_THESE, these)
        return frozenset(held)

    def await_events(self) -> None:
        """Wait until events that are just being added are there."""
        self._session.run(_WAIT_BRIEFLY, {})
        try:
            self._session.run(_AWAIT_EVENTS, {})
        except Locked:
            return

    def gather_events(self, moves: Sequence[Move], *, today: date) -> None:
        """Move events that were left on their old day."""
        for before, after, ids in _by_days(moves):
            statement = _MOVE_EVENTS if after > today else _REMOVE_EVENTS
            self._session.run(statement, {"ids": ids, "before": before, "after": after})

    def bulks_of(self, service_id: UUID, *, since: datetime) -> list[Dated]:
        """Return the service's bulks made since then."""
        rows = self._session.rows(
            _BULKS_OF, {"service_id": service_id, "since": since, "source": JobSource.API.value}
        )
        return [
            Dated(id=row.id, channel=Channel(row.channel), made_at=row.created_at, expires_on=date.min)
            for row in rows
        ]

    def move_rows_apart(self, bulk_id: UUID, *, after: date, today: date) -> None:
        """Move the rows of a bulk that became no messages."""
        statement = _MOVE_ROWS_APART if after > today else _REMOVE_ROWS_APART
        self._session.run(statement, {"bulk_id": bulk_id, "after": after, "today": today})

    def texts_of(self, service_id: UUID, *, before: UUID | None, today: date, limit: int) -> list[Dated]:
        """Return a page of the texts that the service got, the newest first."""
        rows = self._session.rows(_TEXTS_OF, _page(service_id, before, today, limit))
        return [
            Dated(id=row.id, channel=Channel.SMS, made_at=row.created_at, expires_on=row.expires_on) for row in rows
        ]

    def move_texts(self, moves: Sequence[Move], *, today: date) -> None:
        """Move received texts."""
        for before, after, ids in _by_days(moves):
            statement = _MOVE_TEXTS if after > today else _REMOVE_TEXTS
            self._session.run(statement, {"ids": ids, "before": before, "after": after})

    def callbacks_of(self, service_id: UUID, *, before: UUID | None, today: date, limit: int) -> list[DatedCallback]:
        """Return a page of the service's callbacks, the newest first."""
        return [
            DatedCallback(
                id=row.id,
                made_at=row.created_at,
                expires_on=row.expires_on,
                subject_expires_on=row.subject_expires_on,
                text_id=row.subject_id if row.kind == CallbackKind.INBOUND_SMS else None,
            )
            for row in self._session.rows(_CALLBACKS_OF, _page(service_id, before, today, limit))
        ]

    def move_callbacks(self, moves: Sequence[Move], *, today: date) -> frozenset[UUID]:
        """Move callbacks with their attempts, of those that nobody else holds."""
        moved: set[UUID] = set()
        for before, after, ids in _by_days(moves):
            these = {"ids": ids, "before": before, "after": after}
            held = [row.id for row in self._session.rows(_HOLD_CALLBACKS, these)]
            if not held:
                continue
            moved.update(held)
            these["ids"] = held
            self._session.run(_MOVE_CALLBACKS if after > today else _REMOVE_CALLBACKS, these)
            self._session.run(_MOVE_CALLS if after > today else _REMOVE_CALLS, these)
        return frozenset(moved)


def _columns(redating: Redating) -> dict[str, object]:
    return {
        "service_id": redating.service_id,
        "change_id": redating.change_id,
        "stage": redating.stage.value,
        "before": redating.before,
    }


def _page(service_id: UUID, before: UUID | None, today: date, limit: int) -> dict[str, object]:
    return {"services": [service_id], "before": before or _AFTER_ALL, "today": today, "limit": limit}


def _by_days(moves: Iterable[Move]) -> Iterator[tuple[date, date, list[UUID]]]:
    """Yield the ids of those that are moved between the same days."""
    ids: dict[tuple[date, date], list[UUID]] = {}
    for move in moves:
        ids.setdefault((move.before, move.after), []).append(move.id)
    for (before, after), same in ids.items():
        yield before, after, same
