"""Where services are called back, and what waits to be told there, in memory; and a server that takes it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from notify_adapters.memory.table import Table
from notify_adapters.memory.timelines import MemoryTimelines
from notify_core.calendar import london_date
from notify_core.callbacks.model import (
    Answer,
    Attempt,
    Callback,
    CallbackSearch,
    CallbackState,
    Endpoint,
    Health,
    Lease,
    Leases,
    Outcome,
    Subscription,
)
from notify_core.callbacks.ports import Call
from notify_core.clock import Clock
from notify_core.errors import Conflict


@frozen
class Kept:
    """An endpoint, the end of its lease, and what was promised for it."""

    endpoint: Endpoint
    leased_until: datetime | None = None
    promised_for: datetime | None = None

    def is_leased(self, now: datetime) -> bool:
        """Whether it is somebody's at present."""
        return self.leased_until is not None and self.leased_until > now

    def is_free(self, now: datetime) -> bool:
        """Whether it may be called by whoever comes first."""
        return self.endpoint.active and not self.is_leased(now) and not self.endpoint.health.is_paused(now)


Attempts = tuple[Attempt, ...]


class MemoryCallbacks:
    """Implements `CallbackRepository`."""

    def __init__(
        self,
        endpoints: Table[UUID, Kept],
        callbacks: Table[UUID, Callback],
        attempts: Table[UUID, Attempts],
        timelines: MemoryTimelines,
        clock: Clock,
    ) -> None:
        self._endpoints = endpoints
        self._callbacks = callbacks
        self._attempts = attempts
        self._timelines = timelines
        self._clock = clock

    def save_endpoint(self, endpoint: Endpoint) -> None:
        """Store an endpoint, over the one of that id."""
        for kept in self._endpoints.rows():
            other = kept.endpoint
            if (other.service_id, other.url) == (endpoint.service_id, endpoint.url) and other.id != endpoint.id:
                raise Conflict("callback_endpoints: there is one of that identity already")
        before = self._endpoints.get(endpoint.id)
        self._endpoints.put(endpoint.id, Kept(endpoint) if before is None else evolve(before, endpoint=endpoint))

    def find_endpoint(self, endpoint_id: UUID) -> Endpoint | None:
        """Return the endpoint, or None."""
        kept = self._endpoints.get(endpoint_id)
        return None if kept is None else kept.endpoint

    def list_endpoints(self, service_id: UUID | None = None) -> list[Endpoint]:
        """Return the endpoints, oldest first."""
        found = [kept.endpoint for kept in self._endpoints.rows()]
        return sorted(
            (one for one in found if service_id in (None, one.service_id)), key=lambda endpoint: endpoint.id
        )

    def subscriptions(self, service_id: UUID) -> tuple[Subscription, ...]:
        """Return what the service's active endpoints want."""
        return tuple(one.subscription for one in self.list_endpoints(service_id) if one.active)

    def switch_off(self, endpoint_id: UUID) -> int:
        """Make an endpoint inactive and abandon all that waits for it."""
        kept = self._endpoints.get(endpoint_id)
        if kept is not None:
            self._endpoints.put(endpoint_id, evolve(kept, endpoint=evolve(kept.endpoint, active=False)))
        waiting = self._waiting(endpoint_id)
        for callback in waiting:
            self._callbacks.put(callback.id, evolve(callback, state=CallbackState.ABANDONED))
        return len(waiting)

    def lease(self, endpoint_ids: Sequence[UUID], *, now: datetime, until: datetime, ailing: bool) -> Leases:
        """Take the right to call these, where nobody else has it."""
        mine: list[Lease] = []
        others: list[Endpoint] = []
        for endpoint_id in endpoint_ids:
            kept = self._endpoints.get(endpoint_id)
            if kept is None or not kept.is_free(now):
                continue
            if kept.endpoint.health.is_ailing(now) and not ailing:
                others.append(kept.endpoint)
                continue
            self._endpoints.put(endpoint_id, evolve(kept, leased_until=until))
            mine.append(Lease(endpoint=kept.endpoint, until=until))
        return Leases(mine=tuple(mine), ailing=tuple(others))

    def due(self, lease: Lease, *, now: datetime, until: datetime, limit: int) -> list[Callback]:
        """Return what is due, and prolong the lease."""
        kept = self._held(lease)
        if kept is None or not kept.endpoint.active:
            return []
        self._endpoints.put(lease.endpoint.id, evolve(kept, leased_until=until))
        due = [one for one in self._waiting(lease.endpoint.id) if one.next_attempt_at <= now]
        return sorted(due, key=lambda callback: (callback.next_attempt_at, callback.id))[:limit]

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Record calls, and what they make of their callbacks."""
        for outcome in outcomes:
            before = self._callbacks.get(outcome.callback.id)
            if before is None or not self._is_kept(before):
                continue
            self._attempts.put(before.id, (*(self._attempts.get(before.id) or ()), _plain(outcome.attempt)))
            if before.state is not CallbackState.WAITING:
                continue
            after = evolve(
                before,
                state=outcome.state,
                attempts=before.attempts + 1,
                tries=before.tries + 1,
                next_attempt_at=outcome.next_attempt_at or before.next_attempt_at,
            )
            self._callbacks.put(before.id, after)
            if outcome.event is not None and before.notification_id is not None:
                self._timelines.add(before.notification_id, outcome.event)

    def give_back(self, lease: Lease, health: Health) -> None:
        """Store the endpoint's health and end the lease."""
        kept = self._held(lease)
        if kept is not None:
            self._endpoints.put(
                lease.endpoint.id, evolve(kept, leased_until=None, endpoint=evolve(kept.endpoint, health=health))
            )

    def promise(self, endpoint_id: UUID, *, now: datetime) -> datetime | None:
        """Return when the endpoint is to be called next, if that was not promised yet."""
        kept = self._endpoints.get(endpoint_id)
        due = [callback.next_attempt_at for callback in self._waiting(endpoint_id)]
        if kept is None or not kept.endpoint.active or kept.is_leased(now) or not due:
            return None
        at = max(min(due), now, kept.endpoint.health.paused_until or now)
        if kept.promised_for is not None and now < kept.promised_for <= at:
            return None
        self._endpoints.put(endpoint_id, evolve(kept, promised_for=at))
        return at

    def overdue(self, *, before: datetime, now: datetime, limit: int) -> list[Endpoint]:
        """Return endpoints that were forgotten."""
        found = [
            kept.endpoint
            for kept in self._endpoints.rows()
            if kept.is_free(now) and any(one.next_attempt_at < before for one in self._waiting(kept.endpoint.id))
        ]
        return sorted(found, key=lambda endpoint: endpoint.id)[:limit]

    def add(self, callbacks: Iterable[Callback]) -> None:
        """Store new callbacks."""
        for callback in callbacks:
            kept = self._endpoints.get(callback.endpoint_id)
            is_wanted = kept is not None and kept.endpoint.active
            self._callbacks.put(
                callback.id, callback if is_wanted else evolve(callback, state=CallbackState.ABANDONED)
            )

    def search(self, search: CallbackSearch) -> list[Callback]:
        """Return callbacks, newest first, with empty bodies."""
        return self._found(search)[::-1][: search.limit]

    def attempts(self, callback_id: UUID) -> list[Attempt]:
        """Return the calls made for a callback, oldest first."""
        callback = self._callbacks.get(callback_id)
        if callback is None or not self._is_kept(callback):
            return []
        return list(self._attempts.get(callback_id) or ())

    def replay(self, callback_ids: Sequence[UUID], *, now: datetime) -> list[Callback]:
        """Let these wait again, due at once."""
        replayed = []
        for callback_id in sorted(callback_ids):
            before = self._callbacks.get(callback_id)
            kept = None if before is None else self._endpoints.get(before.endpoint_id)
            if before is None or not self._is_kept(before) or kept is None or not kept.endpoint.active:
                continue
            after = evolve(before, state=CallbackState.WAITING, queued_at=now, next_attempt_at=now, tries=0)
            self._callbacks.put(callback_id, after)
            replayed.append(evolve(after, body=b""))
        return replayed

    def recover(
        self, *, endpoint_id: UUID | None, service_id: UUID | None, since: datetime, now: datetime, limit: int
    ) -> list[Callback]:
        """Let those wait again that have failed or were abandoned."""
        states = frozenset({CallbackState.FAILED, CallbackState.ABANDONED})
        wanted = CallbackSearch(
            limit=limit, endpoint_id=endpoint_id, service_id=service_id, states=states, since=since
        )
        active = {endpoint.id for endpoint in self.list_endpoints() if endpoint.active}
        found = [callback.id for callback in self._found(wanted) if callback.endpoint_id in active]
        return self.replay(found[:limit], now=now)

    def _found(self, search: CallbackSearch) -> list[Callback]:
        found = [
            evolve(one, body=b"")
            for one in self._callbacks.rows()
            if self._is_kept(one)
            and search.service_id in (None, one.service_id)
            and search.endpoint_id in (None, one.endpoint_id)
            and (search.states is None or one.state in search.states)
            and (search.since is None or one.created_at >= search.since)
        ]
        return sorted(found, key=lambda callback: callback.id)

    def _held(self, lease: Lease) -> Kept | None:
        kept = self._endpoints.get(lease.endpoint.id)
        return kept if kept is not None and kept.leased_until == lease.until else None

    def _waiting(self, endpoint_id: UUID) -> list[Callback]:
        return [
            one
            for one in self._callbacks.rows()
            if one.endpoint_id == endpoint_id and one.state is CallbackState.WAITING and self._is_kept(one)
        ]

    def _is_kept(self, callback: Callback) -> bool:
        return callback.expires_on > london_date(self._clock())


class MemoryCaller:
    """Implements `Caller`: `calls` are those made, in order; `answers` are given first, then that all is well.

    `meanwhile` is called during each call: for tests of what else happens while a call lasts.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: deque[Answer] = deque()
        self.meanwhile: Callable[[Call], object] = lambda _: None

    def check(self, url: str) -> None:
        """Accept every URL."""

    def __call__(self, call: Call) -> Answer:
        """Take the call."""
        self.calls.append(call)
        self.meanwhile(call)
        return self.answers.popleft() if self.answers else Answer(status=200, milliseconds=1)


def _plain(attempt: Attempt) -> Attempt:
    """Return it as it is kept: what the endpoint asked for has been obeyed."""
    return evolve(attempt, answer=evolve(attempt.answer, retry_after=None))
