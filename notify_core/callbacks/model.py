"""Where a service wants to be called back, what it is told there, and how each call went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from attrs import evolve, field, frozen

from notify_core.calendar import london_date
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Event, EventKind
from notify_core.vocabulary import Channel

SHORTEST_TOKEN = 10
#: The ends of a message that services are told of.
TOLD_STATUSES = frozenset(
    {
        Status.DELIVERED,
        Status.FAILED,
        Status.TECHNICAL_FAILURE,
        Status.TEMPORARY_FAILURE,
        Status.PERMANENT_FAILURE,
    }
)
#: How many calls of one endpoint are made at the same time.
MOST_IN_FLIGHT = 25

# An endpoint that fails so often in a row is left alone for a while, then asked once.
_FAILURES_BEFORE_A_PAUSE = 5
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=15)
# An answer that takes longer than this is slow, and slow endpoints are served apart from the others for a while.
_SLOW_MILLISECONDS = 2000
_SLOW_FOR = timedelta(minutes=5)
# What is told of is personal: it goes when its subject goes, but not before three days of retries have passed.
_KEPT_AT_LEAST = timedelta(days=5)


class CallbackKind(StrEnum):
    """What a service can be told. The values are in the database, in world files and on the command line."""

    DELIVERY_STATUS = "delivery_status"
    COMPLAINT = "complaint"
    INBOUND_SMS = "inbound_sms"


class CallbackState(StrEnum):
    """Where a callback is. `abandoned` is not tried any more because its endpoint was removed or switched off."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    ABANDONED = "abandoned"


@frozen(kw_only=True)
class Answer:
    """How one call ended: with an answer's `status`, or with the `failure` that there was instead.

    `failure` is a few words without host, path or data. `retry_after` is the header, as it came.
    """

    milliseconds: int
    status: int | None = None
    failure: str | None = None
    retry_after: str | None = None

    @property
    def told(self) -> str:
        """Say it in a few words."""
        return self.failure or f"answered {self.status}"


class Meaning(StrEnum):
    """What an answer means for the callback."""

    TAKEN = "taken"
    REFUSED = "refused"
    #: The endpoint is no more, and says so.
    GONE = "gone"
    PASSING = "passing"


def meaning_of(answer: Answer) -> Meaning:
    """Return what an answer means. Redirects that may be followed have been followed before.

    >>> [str(meaning_of(Answer(status=code, milliseconds=1))) for code in (204, 302, 404, 410, 429, 503)]
    ['taken', 'refused', 'refused', 'gone', 'passing', 'passing']
    """
    if answer.status is None or answer.status == 429 or answer.status >= 500:
        return Meaning.PASSING
    if answer.status < 300:
        return Meaning.TAKEN
    return Meaning.GONE if answer.status == 410 else Meaning.REFUSED


@frozen(kw_only=True)
class Health:
    """How an endpoint has been lately. `consecutive_failures` ends with any answer that shows somebody at home."""

    consecutive_failures: int = 0
    paused_until: datetime | None = None
    slow_until: datetime | None = None

    def is_ailing(self, now: datetime) -> bool:
        """Whether it failed or was slow lately: it is then served where it can keep nobody waiting."""
        return self.consecutive_failures > 0 or (self.slow_until is not None and self.slow_until > now)

    def is_paused(self, now: datetime) -> bool:
        """Whether it is left alone at present."""
        return self.paused_until is not None and self.paused_until > now

    @property
    def calls_at_once(self) -> int:
        """How many calls may be made at once: one probe, while it is not known to be back."""
        return 1 if self.consecutive_failures >= _FAILURES_BEFORE_A_PAUSE else MOST_IN_FLIGHT


def health_after(
    before: Health, answers: Sequence[Answer], *, now: datetime, asked_to_wait: timedelta | None = None
) -> Health:
    """Return an endpoint's health after calls that were made together.

    `asked_to_wait` is the longest wait that an answer asked for: the endpoint then has it, 15 minutes of it at most.
    A pause is of 30 seconds at first, and twice as long for each probe that fails, up to 15 minutes.
    """
    if not answers:
        return before
    slow = any(answer.status is not None and answer.milliseconds > _SLOW_MILLISECONDS for answer in answers)
    slow_until = now + _SLOW_FOR if slow else before.slow_until
    pause = None if asked_to_wait is None else min(asked_to_wait, _LONGEST_PAUSE)
    failed = sum(meaning_of(answer) is Meaning.PASSING for answer in answers)
    if failed < len(answers):
        failures = 0
    elif before.consecutive_failures < _FAILURES_BEFORE_A_PAUSE:
        # Those that were made at once failed for the same reason: they bring the first pause, not the longest.
        failures = min(before.consecutive_failures + failed, _FAILURES_BEFORE_A_PAUSE)
    else:
        failures = before.consecutive_failures + 1
    if failures >= _FAILURES_BEFORE_A_PAUSE:
        doubled = min(failures - _FAILURES_BEFORE_A_PAUSE, 10)
        pause = max(pause or timedelta(0), min(_FIRST_PAUSE * 2**doubled, _LONGEST_PAUSE))
    return Health(
        consecutive_failures=failures,
        paused_until=None if not pause else now + pause,
        slow_until=slow_until,
    )


@frozen(kw_only=True)
class Subscription:
    """What is wanted where: as much of an endpoint as is needed to decide whether it is to be called.

    `statuses` and `channels` narrow delivery statuses, where they are not None.
    """

    endpoint_id: UUID
    kinds: frozenset[CallbackKind]
    statuses: frozenset[Status] | None = None
    channels: frozenset[Channel] | None = None
    health: Health = Health()

    def wants_status(self, status: Status, channel: Channel) -> bool:
        """Whether the end of a message is wanted."""
        return (
            CallbackKind.DELIVERY_STATUS in self.kinds
            and (self.statuses is None or status in self.statuses)
            and (self.channels is None or channel in self.channels)
        )


@frozen(kw_only=True)
class Endpoint:
    """A URL of a service that is called back. `secrets` sign each call, newest first; a path can be secret, too.

    An endpoint that was removed, or that said it was gone, is not `active`; adding its URL again brings it back.
    """

    id: UUID
    service_id: UUID
    url: str = field(repr=False)
    bearer_token: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    kinds: frozenset[CallbackKind]
    created_at: datetime
    statuses: frozenset[Status] | None = None
    channels: frozenset[Channel] | None = None
    active: bool = True
    health: Health = Health()

    @property
    def subscription(self) -> Subscription:
        """What is wanted there."""
        return Subscription(
            endpoint_id=self.id,
            kinds=self.kinds,
            statuses=self.statuses,
            channels=self.channels,
            health=self.health,
        )

    def revived(self) -> Endpoint:
        """Return it in use, as though it had never failed."""
        return evolve(self, active=True, health=Health())


def callback_expiry(subject: date, queued_at: datetime) -> date:
    """Return the London day on which a callback goes: when what it tells of does, but not before its retries end."""
    return max(subject, london_date(queued_at) + _KEPT_AT_LEAST)


@frozen(kw_only=True)
class Callback:
    """One event to be told to one endpoint. `body` is what is posted, fixed when it was queued.

    `subject_id` is the notification's, complaint's or received text's id; `notification_id` says whose timeline hears
    of it. `attempts` counts all calls; `tries` those since `queued_at`, when it was queued or last replayed. It
    goes at the start of the London day `expires_on`.
    """

    id: UUID
    endpoint_id: UUID
    service_id: UUID
    kind: CallbackKind
    subject_id: UUID
    notification_id: UUID | None = None
    body: bytes = field(repr=False)
    created_at: datetime
    queued_at: datetime
    next_attempt_at: datetime
    expires_on: date
    attempts: int = 0
    tries: int = 0
    state: CallbackState = CallbackState.WAITING


@frozen(kw_only=True)
class Attempt:
    """One call that was made: its number from 1, when it ended, and how."""

    callback_id: UUID
    number: int
    at: datetime
    answer: Answer


@frozen(kw_only=True)
class Outcome:
    """One call, and what it makes of the callback: its state, and when it is next due if it still waits.

    `detail` is what the timeline of the callback's message is told, or None.
    """

    callback: Callback
    attempt: Attempt
    state: CallbackState
    next_attempt_at: datetime | None = None
    detail: str | None = None

    @property
    def event(self) -> Event | None:
        """Return the event in the timeline, or None."""
        if self.detail is None:
            return None
        return Event(at=self.attempt.at, kind=EventKind.CALLBACK, detail=self.detail)


@frozen(kw_only=True)
class Lease:
    """The right to call an endpoint, alone, until `until`; `until` also tells this lease from all others."""

    endpoint: Endpoint
    until: datetime


@frozen(kw_only=True)
class Leases:
    """What came of asking for endpoints. `mine` are leased to whoever asked, `ailing` are to be served elsewhere.

    The rest are somebody else's at present, paused, or not to be called at all.
    """

    mine: tuple[Lease, ...] = ()
    ailing: tuple[Endpoint, ...] = ()


@frozen(kw_only=True)
class CallbackSearch:
    """Which callbacks to list: at most `limit`, newest first. What is None does not narrow the list."""

    limit: int
    service_id: UUID | None = None
    endpoint_id: UUID | None = None
    states: frozenset[CallbackState] | None = None
    since: datetime | None = None
