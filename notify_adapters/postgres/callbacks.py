"""Where services are called back, what waits to be told there, and how each call went."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from attrs import evolve

from notify_adapters.postgres.sealing import Cipher, open_callback, open_endpoint, seal_callback, seal_endpoint
from notify_adapters.postgres.session import Row, Session
from notify_adapters.postgres.tables import callback_endpoints, callbacks, columns_of
from notify_core.calendar import london_date
from notify_core.callbacks.model import (
    Answer,
    Attempt,
    Callback,
    CallbackKind,
    CallbackSearch,
    CallbackState,
    Endpoint,
    Health,
    Lease,
    Leases,
    Outcome,
    Subscription,
)
from notify_core.clock import Clock
from notify_core.identifiers import first_id_at
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import EventKind
from notify_core.vocabulary import Channel

_ENDPOINT = columns_of(callback_endpoints)
_CALLBACK = columns_of(callbacks)
_WITHOUT_BODY = ", ".join(f"callbacks.{name}" for name in _CALLBACK.split(", ") if name != "body")

# What an endpoint is; its lease and what was promised for it are nobody's but the statements' below.
_GIVEN = [name for name in _ENDPOINT.split(", ") if name not in {"leased_until", "promised_for"}]
_SAVE = f"""
INSERT INTO callback_endpoints ({", ".join(_GIVEN)}) VALUES ({", ".join(f"%({name})s" for name in _GIVEN)})
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _GIVEN if name != "id")}
"""
_FIND = f"SELECT {_ENDPOINT} FROM callback_endpoints WHERE id = %(id)s"
_LIST = f"SELECT {_ENDPOINT} FROM callback_endpoints ORDER BY id"
_LIST_OF_SERVICE = f"SELECT {_ENDPOINT} FROM callback_endpoints WHERE service_id = %(service_id)s ORDER BY id"
_SUBSCRIPTIONS = """
SELECT id, kinds, statuses, channels, consecutive_failures, paused_until, slow_until
FROM callback_endpoints WHERE service_id = %(service_id)s AND active ORDER BY id
"""
_SWITCH_OFF = """
WITH off AS (
    UPDATE callback_endpoints SET active = false WHERE id = %(id)s
), abandoned AS (
    UPDATE callbacks SET state = 'abandoned'
    WHERE endpoint_id = %(id)s AND state = 'waiting' AND expires_on > %(today)s
    RETURNING id
)
SELECT count(*) AS abandoned FROM abandoned
"""

_FREE = """active AND (leased_until IS NULL OR leased_until <= %(now)s)
    AND (paused_until IS NULL OR paused_until <= %(now)s)"""
_AILING = "(consecutive_failures > 0 OR coalesce(slow_until > %(now)s, false))"
_LEASE = f"""
UPDATE callback_endpoints SET leased_until = %(until)s
WHERE id = ANY(%(ids)s) AND {_FREE} AND (%(ailing)s OR NOT {_AILING})
RETURNING {_ENDPOINT}
"""
_LEFT_TO_OTHERS = f"SELECT {_ENDPOINT} FROM callback_endpoints WHERE id = ANY(%(ids)s) AND {_FREE} AND {_AILING}"

# The lease is known by its end: whoever got the endpoint after it ran out has another.
_DUE = f"""
WITH mine AS (
    UPDATE callback_endpoints SET leased_until = %(until)s
    WHERE id = %(id)s AND leased_until = %(held)s AND active
    RETURNING id
)
SELECT {_CALLBACK} FROM callbacks
WHERE endpoint_id = %(id)s AND state = 'waiting' AND next_attempt_at <= %(now)s AND expires_on > %(today)s
    AND EXISTS (SELECT FROM mine)
ORDER BY next_attempt_at, id
LIMIT %(limit)s
"""

# An endpoint that was switched off a moment ago may still be remembered as one that wants to hear.
_ADD = f"""
INSERT INTO callbacks ({_CALLBACK})
SELECT id, expires_on, endpoint_id, service_id, kind, subject_id, notification_id, body, created_at, queued_at,
    next_attempt_at, attempts, tries,
    CASE
        WHEN EXISTS (SELECT FROM callback_endpoints WHERE id = one.endpoint_id AND active) THEN state
        ELSE 'abandoned'
    END
FROM unnest(
    %(ids)s::uuid[], %(expiries)s::date[], %(endpoint_ids)s::uuid[], %(service_ids)s::uuid[], %(kinds)s::text[],
    %(subject_ids)s::uuid[], %(notification_ids)s::uuid[], %(bodies)s::bytea[], %(created)s::timestamptz[],
    %(queued)s::timestamptz[], %(due)s::timestamptz[], %(attempts)s::integer[], %(tries)s::integer[],
    %(states)s::text[]
) AS one ({_CALLBACK})
"""

# What went to another day since it was read is not held, and so not recorded: whoever asks looks where it is now.
# LATERAL, so that the month's partition is chosen for each message: a join could read them all.
_RECORD = f"""
WITH outcome AS (
    SELECT * FROM unnest(
        %(ids)s::uuid[], %(expiries)s::date[], %(numbers)s::integer[], %(moments)s::timestamptz[],
        %(states)s::text[], %(next)s::timestamptz[], %(statuses)s::integer[], %(failures)s::text[],
        %(milliseconds)s::integer[], %(notification_ids)s::uuid[], %(details)s::text[]
    ) AS outcome (
        id, expires_on, number, at, state, next_attempt_at, status, failure, milliseconds, notification_id, detail
    )
), held AS (
    SELECT callbacks.id FROM callbacks
    WHERE callbacks.id = ANY(%(ids)s) AND callbacks.expires_on = ANY(%(expiries)s)
    FOR UPDATE
), told AS (
    INSERT INTO callback_attempts (callback_id, expires_on, number, at, status, failure, milliseconds)
    SELECT id, expires_on, number, at, status, failure, milliseconds FROM outcome JOIN held USING (id)
    WHERE expires_on > %(today)s
), changed AS (
    UPDATE callbacks
    SET state = outcome.state, attempts = callbacks.attempts + 1, tries = callbacks.tries + 1,
        next_attempt_at = coalesce(outcome.next_attempt_at, callbacks.next_attempt_at)
    FROM outcome JOIN held USING (id)
    WHERE callbacks.id = outcome.id AND callbacks.expires_on = outcome.expires_on
        AND callbacks.id = ANY(%(ids)s) AND callbacks.expires_on = ANY(%(expiries)s) AND callbacks.state = 'waiting'
    RETURNING outcome.notification_id, outcome.at, outcome.detail
), heard AS (
    INSERT INTO notification_events (notification_id, expires_on, at, kind, detail)
    SELECT facts.id, facts.expires_on, changed.at, '{EventKind.CALLBACK}', changed.detail
    FROM changed, LATERAL (
        SELECT id, expires_on FROM notifications WHERE id = changed.notification_id OFFSET 0
    ) AS facts
    WHERE changed.detail IS NOT NULL AND facts.expires_on > %(today)s
)
SELECT id FROM held
"""
_WHERE_NOW = "SELECT id, expires_on FROM callbacks WHERE id = ANY(%(ids)s) AND expires_on > %(today)s"

_GIVE_BACK = """
UPDATE callback_endpoints
SET leased_until = NULL, consecutive_failures = %(consecutive_failures)s, paused_until = %(paused_until)s,
    slow_until = %(slow_until)s
WHERE id = %(id)s AND leased_until = %(held)s
"""

# A promise for a time that is past has been kept, or will be at once.
_PROMISE = """
UPDATE callback_endpoints AS endpoint SET promised_for = greatest(due.at, endpoint.paused_until)
FROM (
    SELECT greatest(next_attempt_at, %(now)s) AS at FROM callbacks
    WHERE endpoint_id = %(id)s AND state = 'waiting' AND expires_on > %(today)s
    ORDER BY next_attempt_at LIMIT 1
) AS due
WHERE endpoint.id = %(id)s AND endpoint.active AND (endpoint.leased_until IS NULL OR endpoint.leased_until <= %(now)s)
    AND (
        endpoint.promised_for IS NULL OR endpoint.promised_for <= %(now)s
        OR endpoint.promised_for > greatest(due.at, endpoint.paused_until)
    )
RETURNING endpoint.promised_for
"""
_OVERDUE = f"""
SELECT {_ENDPOINT} FROM callback_endpoints
WHERE {_FREE} AND EXISTS (
    SELECT FROM callbacks
    WHERE endpoint_id = callback_endpoints.id AND state = 'waiting' AND next_attempt_at < %(before)s
        AND expires_on > %(today)s
)
ORDER BY id LIMIT %(limit)s
"""

_ATTEMPTS = """
SELECT callback_id, number, at, status, failure, milliseconds FROM callback_attempts
WHERE callback_id = %(id)s AND expires_on > %(today)s ORDER BY number, at
"""
_AGAIN = f"""
UPDATE callbacks SET state = 'waiting', queued_at = %(now)s, next_attempt_at = %(now)s, tries = 0
FROM callback_endpoints AS endpoint
WHERE callbacks.id = ANY(%(ids)s) AND callbacks.expires_on > %(today)s
    AND endpoint.id = callbacks.endpoint_id AND endpoint.active
RETURNING {_WITHOUT_BODY}
"""


@cache
def _wanted(*, by_service: bool, by_endpoint: bool, by_state: bool, by_time: bool, recovering: bool = False) -> str:
    """Return the statement that finds callbacks, narrowed in these ways: each has a plan of its own.

    An endpoint's are looked for among its service's, for which there is an index.
    """
    narrowed = (
        (by_service, "service_id = %(service_id)s"),
        (by_endpoint, "endpoint_id = %(endpoint_id)s"),
        (by_endpoint, "service_id = (SELECT service_id FROM callback_endpoints WHERE id = %(endpoint_id)s)"),
        (by_state, "state = ANY(%(states)s)"),
        (by_time, "id >= %(lowest)s"),
        (recovering, "endpoint_id IN (SELECT id FROM callback_endpoints WHERE active)"),
    )
    conditions = "".join(f" AND {condition}" for wanted, condition in narrowed if wanted)
    return f"""
    SELECT {_WITHOUT_BODY} FROM callbacks WHERE expires_on > %(today)s{conditions}
    ORDER BY id {"" if recovering else "DESC"} LIMIT %(limit)s
    """


class PostgresCallbacks:
    """Implements `CallbackRepository`."""

    def __init__(self, session: Session, cipher: Cipher, clock: Clock) -> None:
        self._session = session
        self._cipher = cipher
        self._clock = clock

    def save_endpoint(self, endpoint: Endpoint) -> None:
        """Store an endpoint, over the one of that id."""
        token, secrets = seal_endpoint(self._cipher, endpoint.id, endpoint.bearer_token, endpoint.secrets)
        self._session.run(
            _SAVE,
            {
                "id": endpoint.id,
                "service_id": endpoint.service_id,
                "url": endpoint.url,
                "encrypted_token": token,
                "encrypted_secrets": secrets,
                "kinds": sorted(endpoint.kinds),
                "statuses": None if endpoint.statuses is None else sorted(endpoint.statuses),
                "channels": None if endpoint.channels is None else sorted(endpoint.channels),
                "created_at": endpoint.created_at,
                "active": endpoint.active,
                **_health_columns(endpoint.health),
            },
        )

    def find_endpoint(self, endpoint_id: UUID) -> Endpoint | None:
        """Return the endpoint, or None."""
        row = self._session.row(_FIND, {"id": endpoint_id})
        return None if row is None else self._endpoint(row)

    def list_endpoints(self, service_id: UUID | None = None) -> list[Endpoint]:
        """Return the endpoints, oldest first."""
        rows = self._session.rows(_LIST if service_id is None else _LIST_OF_SERVICE, {"service_id": service_id})
        return [self._endpoint(row) for row in rows]

    def subscriptions(self, service_id: UUID) -> tuple[Subscription, ...]:
        """Return what the service's active endpoints want."""
        return tuple(
            Subscription(endpoint_id=row.id, health=_health(row), **_wants(row))
            for row in self._session.rows(_SUBSCRIPTIONS, {"service_id": service_id})
        )

    def switch_off(self, endpoint_id: UUID) -> int:
        """Make an endpoint inactive and abandon all that waits for it."""
        row = self._session.row(_SWITCH_OFF, {"id": endpoint_id, "today": self._today()})
        return int(row.abandoned) if row else 0

    def lease(self, endpoint_ids: Sequence[UUID], *, now: datetime, until: datetime, ailing: bool) -> Leases:
        """Take the right to call these, where nobody else has it."""
        ids = list(endpoint_ids)
        asked = {"ids": ids, "now": now, "until": until, "ailing": ailing}
        mine = tuple(Lease(endpoint=self._endpoint(row), until=until) for row in self._session.rows(_LEASE, asked))
        if ailing or len(mine) == len(ids):
            return Leases(mine=mine)
        return Leases(mine=mine, ailing=tuple(map(self._endpoint, self._session.rows(_LEFT_TO_OTHERS, asked))))

    def due(self, lease: Lease, *, now: datetime, until: datetime, limit: int) -> list[Callback]:
        """Return what is due, and prolong the lease."""
        rows = self._session.rows(
            _DUE,
            {
                "id": lease.endpoint.id,
                "held": lease.until,
                "until": until,
                "now": now,
                "today": self._today(),
                "limit": limit,
            },
        )
        return [_callback(row, open_callback(self._cipher, row.id, row.body)) for row in rows]

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Record calls, and what they make of their callbacks."""
        if not outcomes:
            return
        held = self._record(outcomes)
        left = {outcome.callback.id: outcome for outcome in outcomes if outcome.callback.id not in held}
        if left:
            moved = self._session.rows(_WHERE_NOW, {"ids": list(left), "today": self._today()})
            again = [(left[row.id], row.expires_on) for row in moved]
            if again:
                self._record([evolve(one, callback=evolve(one.callback, expires_on=day)) for one, day in again])

    def _record(self, outcomes: Sequence[Outcome]) -> set[UUID]:
        """Record calls of callbacks that are still on the days they were on; return which these are."""
        attempts = [outcome.attempt for outcome in outcomes]
        rows = self._session.rows(
            _RECORD,
            {
                "ids": [outcome.callback.id for outcome in outcomes],
                "expiries": [outcome.callback.expires_on for outcome in outcomes],
                "numbers": [attempt.number for attempt in attempts],
                "moments": [attempt.at for attempt in attempts],
                "states": [outcome.state.value for outcome in outcomes],
                "next": [outcome.next_attempt_at for outcome in outcomes],
                "statuses": [attempt.answer.status for attempt in attempts],
                "failures": [attempt.answer.failure for attempt in attempts],
                "milliseconds": [attempt.answer.milliseconds for attempt in attempts],
                "notification_ids": [outcome.callback.notification_id for outcome in outcomes],
                "details": [outcome.detail for outcome in outcomes],
                "today": self._today(),
            },
        )
        return {row.id for row in rows}

    def give_back(self, lease: Lease, health: Health) -> None:
        """Store the endpoint's health and end the lease."""
        self._session.run(_GIVE_BACK, {"id": lease.endpoint.id, "held": lease.until} | _health_columns(health))

    def promise(self, endpoint_id: UUID, *, now: datetime) -> datetime | None:
        """Return when the endpoint is to be called next, if that was not promised yet."""
        row = self._session.row(_PROMISE, {"id": endpoint_id, "now": now, "today": self._today()})
        if row is None:
            return None
        at: datetime = row.promised_for
        return at

    def overdue(self, *, before: datetime, now: datetime, limit: int) -> list[Endpoint]:
        """Return endpoints that were forgotten."""
        rows = self._session.rows(_OVERDUE, {"before": before, "now": now, "today": self._today(), "limit": limit})
        return [self._endpoint(row) for row in rows]

    def add(self, callbacks: Iterable[Callback]) -> None:
        """Store new callbacks."""
        some = list(callbacks)
        if some:
            self._session.run(_ADD, self._columns(some))

    def search(self, search: CallbackSearch) -> list[Callback]:
        """Return callbacks, newest first, with empty bodies."""
        statement = _wanted(
            by_service=search.service_id is not None,
            by_endpoint=search.endpoint_id is not None,
            by_state=search.states is not None,
            by_time=search.since is not None,
        )
        return self._found(statement, search)

    def attempts(self, callback_id: UUID) -> list[Attempt]:
        """Return the calls made for a callback, oldest first."""
        rows = self._session.rows(_ATTEMPTS, {"id": callback_id, "today": self._today()})
        return [
            Attempt(
                callback_id=row.callback_id,
                number=row.number,
                at=row.at,
                answer=Answer(status=row.status, failure=row.failure, milliseconds=row.milliseconds),
            )
            for row in rows
        ]

    def replay(self, callback_ids: Sequence[UUID], *, now: datetime) -> list[Callback]:
        """Let these wait again, due at once."""
        rows = self._session.rows(_AGAIN, {"ids": list(callback_ids), "now": now, "today": self._today()})
        return sorted((_callback(row, b"") for row in rows), key=lambda callback: callback.id)

    def recover(
        self, *, endpoint_id: UUID | None, service_id: UUID | None, since: datetime, now: datetime, limit: int
    ) -> list[Callback]:
        """Let those wait again that have failed or were abandoned."""
        states = frozenset({CallbackState.FAILED, CallbackState.ABANDONED})
        wanted = CallbackSearch(
            limit=limit, endpoint_id=endpoint_id, service_id=service_id, states=states, since=since
        )
        statement = _wanted(
            by_service=service_id is not None,
            by_endpoint=endpoint_id is not None,
            by_state=True,
            by_time=True,
            recovering=True,
        )
        return self.replay([callback.id for callback in self._found(statement, wanted)], now=now)

    def _found(self, statement: str, search: CallbackSearch) -> list[Callback]:
        rows = self._session.rows(
            statement,
            {
                "service_id": search.service_id,
                "endpoint_id": search.endpoint_id,
                "states": [state.value for state in search.states or ()],
                "lowest": None if search.since is None else first_id_at(search.since),
                "limit": search.limit,
                "today": self._today(),
            },
        )
        return [_callback(row, b"") for row in rows]

    def _today(self) -> date:
        return london_date(self._clock())

    def _endpoint(self, row: Row) -> Endpoint:
        token, secrets = open_endpoint(self._cipher, row.id, row.encrypted_token, row.encrypted_secrets)
        return Endpoint(
            id=row.id,
            service_id=row.service_id,
            url=row.url,
            bearer_token=token,
            secrets=secrets,
            created_at=row.created_at,
            active=row.active,
            health=_health(row),
            **_wants(row),
        )

    def _columns(self, some: Sequence[Callback]) -> dict[str, Any]:
        return {
            "ids": [one.id for one in some],
            "expiries": [one.expires_on for one in some],
            "endpoint_ids": [one.endpoint_id for one in some],
            "service_ids": [one.service_id for one in some],
            "kinds": [one.kind.value for one in some],
            "subject_ids": [one.subject_id for one in some],
            "notification_ids": [one.notification_id for one in some],
            "bodies": [seal_callback(self._cipher, one.id, one.body) for one in some],
            "created": [one.created_at for one in some],
            "queued": [one.queued_at for one in some],
            "due": [one.next_attempt_at for one in some],
            "attempts": [one.attempts for one in some],
            "tries": [one.tries for one in some],
            "states": [one.state.value for one in some],
        }


def _health_columns(health: Health) -> dict[str, Any]:
    return {
        "consecutive_failures": health.consecutive_failures,
        "paused_until": health.paused_until,
        "slow_until": health.slow_until,
    }


def _health(row: Row) -> Health:
    return Health(
        consecutive_failures=row.consecutive_failures, paused_until=row.paused_until, slow_until=row.slow_until
    )


def _wants(row: Row) -> dict[str, Any]:
    return {
        "kinds": frozenset(map(CallbackKind, row.kinds)),
        "statuses": None if row.statuses is None else frozenset(map(Status, row.statuses)),
        "channels": None if row.channels is None else frozenset(map(Channel, row.channels)),
    }


def _callback(row: Row, body: bytes) -> Callback:
    return Callback(
        **row._asdict() | {"kind": CallbackKind(row.kind), "state": CallbackState(row.state), "body": body}
    )
