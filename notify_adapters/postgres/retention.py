"""What has expired, and is to go: days are dropped, the rest is deleted in batches.

Dropping a day takes the whole table for a moment, and whoever comes meanwhile waits behind it. So it waits for its
turn for a second only, and gives up; and it takes the table before the day, as everybody else does: no two ever wait
for each other.
"""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from notify_adapters.postgres.partitions import ADVISORY_LOCK, LOCK_TIMEOUT_MS, day_name
from notify_adapters.postgres.session import Locked, Row, Session
from notify_adapters.postgres.tables import columns_of, letter_files_due
from notify_core.notifications.status import Status
from notify_core.retention.model import UNRESOLVED, Dated, ExpiredDay, Kind, LetterGone
from notify_core.vocabulary import Channel, KeyType

_LETTER = columns_of(letter_files_due)
_STUCK = f"""channel = 'letter' AND key_type <> 'test'
    AND status IN ({", ".join(f"'{status}'" for status in sorted(UNRESOLVED))})"""

_EXPIRED_DAYS = r"""
SELECT inhparent::regclass::text AS kind, to_date(right(relname, 10), 'YYYY_MM_DD') AS day
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent::regclass::text = ANY(%(kinds)s) AND relname ~ '_\d{4}_\d\d_\d\d$'
    AND to_date(right(relname, 10), 'YYYY_MM_DD') <= %(today)s
"""

_TAKE_TURN = f"SELECT pg_try_advisory_xact_lock({ADVISORY_LOCK}) AS mine"
_WAIT_BRIEFLY = f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"
_IS_THERE = "SELECT to_regclass(%(name)s) IS NOT NULL AS there"
_HOLDS_STUCK = f"SELECT EXISTS (SELECT FROM notifications WHERE expires_on = %(day)s AND {_STUCK}) AS stuck"

# A letter whose PDF was never made has no reference.
NOTE_LETTERS = f"""
INSERT INTO letter_files_due ({_LETTER})
SELECT id, reference, created_at, key_type, status FROM notifications
WHERE channel = 'letter' AND reference IS NOT NULL AND {{which}}
ON CONFLICT (notification_id) DO NOTHING
"""
_NOTE_DAY = NOTE_LETTERS.format(which="expires_on = %(day)s")
NOTE_THESE = NOTE_LETTERS.format(which="id = ANY(%(ids)s) AND id BETWEEN %(lowest)s AND %(highest)s")

_STUCK_LETTERS = f"""
SELECT id, channel, created_at AS made_at, expires_on, key_type, status FROM notifications
WHERE expires_on <= %(through)s AND {_STUCK}
ORDER BY expires_on LIMIT %(limit)s
"""

_EXPIRED_TEST_MESSAGES = """
SELECT id FROM notifications WHERE key_type = 'test' AND expires_on <= %(today)s
ORDER BY expires_on LIMIT %(limit)s
FOR UPDATE SKIP LOCKED
"""
_REMOVE_MESSAGES = "DELETE FROM notifications WHERE id = ANY(%(ids)s) AND id BETWEEN %(lowest)s AND %(highest)s"

_LETTERS_GONE = f"""
SELECT {_LETTER} FROM letter_files_due WHERE notification_id > %(after)s ORDER BY notification_id LIMIT %(limit)s
"""
_FORGET = "DELETE FROM letter_files_due WHERE notification_id = ANY(%(ids)s)"
_BEFORE_ALL = UUID(int=0)


def _sweep(kind: Kind) -> str:
    """Return the statement that removes expired rows from a default partition."""
    removed = f"""
    DELETE FROM {kind}_default WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM {kind}_default WHERE expires_on <= %(today)s LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ))"""
    if kind is not Kind.CONTENTS:
        return f"WITH gone AS ({removed} RETURNING expires_on) SELECT count(*) AS count FROM gone"
    # LATERAL, so that the month's partition is chosen for each message.
    return f"""
WITH gone AS ({removed} RETURNING notification_id
), noted AS (
    INSERT INTO letter_files_due ({_LETTER})
    SELECT letter.* FROM gone, LATERAL (
        SELECT id, reference, created_at, key_type, status FROM notifications
        WHERE id = gone.notification_id AND channel = 'letter' AND reference IS NOT NULL OFFSET 0
    ) AS letter
    ON CONFLICT (notification_id) DO NOTHING
)
SELECT count(*) AS count FROM gone
"""


_SWEEP = {kind: _sweep(kind) for kind in Kind}


class PostgresRetention:
    """Implements `RetentionRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def expired_days(self, kinds: Collection[Kind], *, today: date) -> list[ExpiredDay]:
        """Return the days that have a partition still, the oldest first."""
        rows = self._session.rows(_EXPIRED_DAYS, {"kinds": [kind.value for kind in kinds], "today": today})
        return sorted(ExpiredDay(row.day, Kind(row.kind)) for row in rows)

    def drop(self, expired: ExpiredDay) -> bool:
        """Drop a day's partition, unless others hold on to it."""
        [turn] = self._session.rows(_TAKE_TURN, {})
        if not turn.mine:
            return False
        name = day_name(expired.kind, expired.day)
        [found] = self._session.rows(_IS_THERE, {"name": name})
        if not found.there:
            return True
        if expired.kind in (Kind.CONTENTS, Kind.EVENTS):
            [holds] = self._session.rows(_HOLDS_STUCK, {"day": expired.day})
            if holds.stuck:
                return False
        if expired.kind is Kind.CONTENTS:
            self._session.run(_NOTE_DAY, {"day": expired.day})
        self._session.run(_WAIT_BRIEFLY, {})
        try:
            self._session.run(f"DROP TABLE {name}", {})
        except Locked:
            return False
        return True

    def sweep(self, kind: Kind, *, today: date, limit: int) -> int:
        """Remove expired rows from the default partition."""
        [row] = self._session.rows(_SWEEP[kind], {"today": today, "limit": limit})
        return int(row.count)

    def stuck_letters(self, *, through: date, limit: int) -> list[Dated]:
        """Return letters that are not settled and go soon."""
        return [dated(row) for row in self._session.rows(_STUCK_LETTERS, {"through": through, "limit": limit})]

    def remove_test_messages(self, *, today: date, limit: int) -> int:
        """Remove facts of expired messages of test keys."""
        rows = self._session.rows(_EXPIRED_TEST_MESSAGES, {"today": today, "limit": limit})
        if rows:
            these = bounded([row.id for row in rows])
            self._session.run(NOTE_THESE, these)
            self._session.run(_REMOVE_MESSAGES, these)
        return len(rows)

    def letters_gone(self, *, after: UUID | None, limit: int) -> list[LetterGone]:
        """Return letters whose PDFs are to go, by id."""
        rows = self._session.rows(_LETTERS_GONE, {"after": after or _BEFORE_ALL, "limit": limit})
        return [
            LetterGone(
                id=row.notification_id,
                reference=row.reference,
                created_at=row.created_at,
                key_type=KeyType(row.key_type),
                status=Status(row.status),
            )
            for row in rows
        ]

    def forget_letters(self, ids: Collection[UUID]) -> None:
        """Forget letters whose PDFs are gone."""
        if ids:
            self._session.run(_FORGET, {"ids": list(ids)})


def bounded(ids: Collection[UUID]) -> dict[str, object]:
    """Return ids as a statement needs them; their bounds tell PostgreSQL which months to look into."""
    return {"ids": list(ids), "lowest": min(ids), "highest": max(ids)}


def dated(row: Row) -> Dated:
    """Return the message that a row is about."""
    return Dated(
        id=row.id,
        channel=Channel(row.channel),
        made_at=row.made_at,
        expires_on=row.expires_on,
        key_type=KeyType(row.key_type),
        status=Status(row.status),
    )
