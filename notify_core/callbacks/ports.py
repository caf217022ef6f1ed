"""What the use cases need of wherever callbacks are kept, and of whoever makes the calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from attrs import field, frozen

from notify_core.callbacks.model import (
    Answer,
    Attempt,
    Callback,
    CallbackSearch,
    Endpoint,
    Health,
    Lease,
    Leases,
    Outcome,
    Subscription,
)


class CallbackRepository(Protocol):
    """Endpoints, what is to be told to them, and how each call went. Callbacks that have expired are not there."""

    def save_endpoint(self, endpoint: Endpoint) -> None:
        """Store an endpoint, over the one of that id if there is one, with its health. Its lease stays.

        Raises Conflict when the service has another with that URL.
        """
        ...

    def find_endpoint(self, endpoint_id: UUID) -> Endpoint | None:
        """Return the endpoint, active or not, or None."""
        ...

    def list_endpoints(self, service_id: UUID | None = None) -> list[Endpoint]:
        """Return the endpoints, of one service if that is given, active or not, oldest first."""
        ...

    def subscriptions(self, service_id: UUID) -> tuple[Subscription, ...]:
        """Return what the service's active endpoints want."""
        ...

    def switch_off(self, endpoint_id: UUID) -> int:
        """Make an endpoint inactive and abandon all that waits for it. Return how many were abandoned."""
        ...

    def lease(self, endpoint_ids: Sequence[UUID], *, now: datetime, until: datetime, ailing: bool) -> Leases:
        """Take the right to call these, where they are active, not paused, and nobody else has it.

        Those that were failing or slow are leased only if `ailing`; else they are returned for others to serve. Two
        who ask at the same time never both get the same endpoint.
        """
        ...

    def due(self, lease: Lease, *, now: datetime, until: datetime, limit: int) -> list[Callback]:
        """Return the endpoint's waiting callbacks that are due, longest due first, and prolong the lease to `until`.

        Nothing when the lease has passed to somebody else.
        """
        ...

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Record calls, what they make of their callbacks, and what there is to tell in timelines.

        A callback that waits no more keeps its state: another call delivered it meanwhile.
        """
        ...

    def give_back(self, lease: Lease, health: Health) -> None:
        """Store the endpoint's health and end the lease; does nothing when it has passed to somebody else."""
        ...

    def promise(self, endpoint_id: UUID, *, now: datetime) -> datetime | None:
        """Return when the endpoint is to be called next, if somebody is to be promised that; and remember it.

        None when nothing waits, when it was promised already, or when somebody has the lease: they will ask. Never
        before `now` or the end of a pause.
        """
        ...

    def overdue(self, *, before: datetime, now: datetime, limit: int) -> list[Endpoint]:
        """Return endpoints for which something has been due since `before` though nobody is at it, nor paused."""
        ...

    def add(self, callbacks: Iterable[Callback]) -> None:
        """Store new callbacks."""
        ...

    def search(self, search: CallbackSearch) -> list[Callback]:
        """Return callbacks, newest first, with empty bodies."""
        ...

    def attempts(self, callback_id: UUID) -> list[Attempt]:
        """Return the calls made for a callback, oldest first."""
        ...

    def replay(self, callback_ids: Sequence[UUID], *, now: datetime) -> list[Callback]:
        """Let these wait again, due at once, whatever became of them; return those, with empty bodies.

        Those whose endpoint is not active stay as they are.
        """
        ...

    def recover(
        self, *, endpoint_id: UUID | None, service_id: UUID | None, since: datetime, now: datetime, limit: int
    ) -> list[Callback]:
        """Let those wait again that have failed or were abandoned and were made since `since`, oldest first.

        At most `limit`; returns them, with empty bodies. Those whose endpoint is not active stay as they are.
        """
        ...


@frozen(kw_only=True)
class Call:
    """What is posted, and where. `headers` hold the bearer token."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Caller(Protocol):
    """Makes calls to services' servers."""

    def check(self, url: str) -> None:
        """Raise InvalidCallbackUrl when calls would not go there: by what it says, or by where its name leads to now.

        A name that leads nowhere yet is no reason.
        """
        ...

    def __call__(self, call: Call) -> Answer:
        """Post, and return how it ended; never raises.

        Waits for 5 seconds at most for each step and some 10 in all. A 307 or 308 is followed, three times at most,
        and like the first address each is checked, too.
        """
        ...


class NoCaller:
    """Implements `Caller` for processes that make no calls: all of them fail, in a way that passes."""

    def check(self, url: str) -> None:
        """Accept what the rules of the core accept."""

    def __call__(self, call: Call) -> Answer:
        """Make no call."""
        del call
        return Answer(failure="no calls are made here", milliseconds=0)
