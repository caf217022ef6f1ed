"""A message's timeline: what happened to it, and when. Nothing personal.

What the facts of a message tell by themselves (accepted, scheduled, cancelled) is not stored a second time. The rest
is an event each, stored by the statement that makes the change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum

from attrs import frozen

from notify_core.notifications.model import Attempted, Notification
from notify_core.notifications.status import Status
from notify_core.vocabulary import ProviderName

# More than any provider says of one attempt; what is longer is not shown to its end.
_LONGEST_DETAIL = 200


class EventKind(StrEnum):
    """What can happen to a message. The values are on the wire and in the database."""

    #: We took it on: from here on it is not lost.
    ACCEPTED = "accepted"
    #: It was asked to be sent later; `detail` says when.
    SCHEDULED = "scheduled"
    #: It was put on the queue for delivery. Attempts after the first are not queued anew: see `postponed`.
    QUEUED = "queued"
    #: An attempt to deliver it began; `attempt` counts from 1.
    ATTEMPTED = "attempted"
    #: The attempt succeeded: the provider took it.
    HANDED_OVER = "handed-over"
    #: How the attempt ended is not known: the provider may have the message. Its receipt is waited for.
    IN_DOUBT = "in-doubt"
    #: The attempt failed, another will be made; `detail` says why.
    POSTPONED = "postponed"
    #: The attempt failed, and no other will be made; `detail` says why.
    FAILED = "failed"
    #: The provider told what became of it: `status`, and `detail` in the provider's words.
    RECEIPT = "receipt"
    #: A receipt that changed nothing: repeated, late, overtaken, or not to be believed. `status` is what it said.
    RECEIPT_IGNORED = "receipt-ignored"
    #: No receipt came in three days, and none is waited for any longer.
    TIMED_OUT = "timed-out"
    #: It was cancelled before it was sent.
    CANCELLED = "cancelled"
    #: The service's own program was told, or could not be told; `detail` says of what, and what it answered.
    CALLBACK = "callback"


# Where two events have the same time, and belong to the same attempt or to none.
_USUAL_ORDER = {kind: position for position, kind in enumerate(EventKind)}
_BEFORE_ATTEMPTS = frozenset({EventKind.ACCEPTED, EventKind.SCHEDULED, EventKind.QUEUED})


@frozen(kw_only=True)
class Event:
    """Something that happened to a message at `at` (UTC). What does not apply is None.

    `attempt` is the number of the attempt that it belongs to, from 1. `status` is the one that an attempt led to or a
    receipt told. `detail` is a short text without personal data, for people.
    """

    at: datetime
    kind: EventKind
    attempt: int | None = None
    provider: ProviderName | None = None
    status: Status | None = None
    detail: str | None = None


@frozen
class Timeline:
    """A message's facts, and its stored events in any order."""

    notification: Notification
    stored: tuple[Event, ...] = ()

    def events(self) -> list[Event]:
        """Return everything that happened, oldest first."""
        return sorted([*told_by(self.notification), *self.stored], key=_moment)


def told_by(notification: Notification) -> Iterator[Event]:
    """Yield the events that the facts of a message tell by themselves."""
    yield Event(at=notification.created_at, kind=EventKind.ACCEPTED)
    if notification.scheduled_for is not None:
        due = notification.scheduled_for.astimezone(UTC)
        yield Event(at=notification.created_at, kind=EventKind.SCHEDULED, detail=f"for {due:%Y-%m-%dT%H:%M:%S.%fZ}")
    if notification.status is Status.CANCELLED and notification.updated_at is not None:
        yield Event(at=notification.updated_at, kind=EventKind.CANCELLED, status=Status.CANCELLED)


def outcome_of(attempted: Attempted) -> Event:
    """Return how an attempt ended, as an event."""
    return Event(
        at=attempted.at,
        kind=EventKind.IN_DOUBT if attempted.in_doubt else _outcome(attempted.status),
        attempt=attempted.attempt,
        provider=attempted.tried or attempted.sent_by,
        status=attempted.status,
        detail=_short(attempted.detail),
    )


def redirected(attempt: int, to: ProviderName, at: datetime, because: str | None) -> Event:
    """Return that an attempt went on with another provider, as an event."""
    return Event(at=at, kind=EventKind.ATTEMPTED, attempt=attempt, provider=to, detail=_short(because))


def refused(because: str, at: datetime) -> Event:
    """Return that a message was stored and will never be sent, as an event."""
    return Event(at=at, kind=EventKind.FAILED, status=Status.VALIDATION_FAILED, detail=_short(because))


def _short(detail: str | None) -> str | None:
    return None if detail is None else detail[:_LONGEST_DETAIL]


def _outcome(status: Status | None) -> EventKind:
    if status is None:
        return EventKind.POSTPONED
    return EventKind.FAILED if status is Status.TECHNICAL_FAILURE else EventKind.HANDED_OVER


def received(status: Status, *, at: datetime, provider: ProviderName | None, detail: str | None = None) -> Event:
    """Return a receipt, as an event. `provider` is None where none was involved."""
    return Event(at=at, kind=EventKind.RECEIPT, provider=provider, status=status, detail=detail)


def _moment(event: Event) -> tuple[datetime, float, int]:
    """Order by time. What happened in one microsecond goes by attempt, then by the usual order of things."""
    if event.kind in _BEFORE_ATTEMPTS:
        attempt = 0.0
    else:
        attempt = float("inf") if event.attempt is None else float(event.attempt)
    return event.at, attempt, _USUAL_ORDER[event.kind]
