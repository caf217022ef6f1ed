"""A bulk: what one request asked for, row by row, and what became of it.

It is kept as a job whose source is the API. Rows that became messages are found by the job; the others, which were
refused or are for simulated recipients, are set apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import Factory, field, frozen

from notify_core.api_keys.model import ApiKey
from notify_core.jobs.model import Job
from notify_core.limits.standing import Standing
from notify_core.notifications.status import COMPLETED, Status
from notify_core.templates.model import Template

MOST_ROWS = 100_000
PAGE_SIZE = 250


@frozen(kw_only=True)
class BulkRow:
    """One message that is asked for. `one_click_unsubscribe_url` is for emails only."""

    recipient: str = field(repr=False)
    personalisation: Mapping[str, object] = field(default=Factory(dict), repr=False)
    reference: str | None = field(default=None, repr=False)
    one_click_unsubscribe_url: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class UnreadableRow:
    """A row that is no message, whatever the template: `error` says why. The rest is what could be read."""

    error: Exception = field(repr=False)
    recipient: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)


AskedRow = BulkRow | UnreadableRow


@frozen
class Problem:
    """One thing that is wrong with a row, as its sender is told: a name for programs, a sentence for people."""

    error: str
    message: str = field(repr=False)


def told_by_code(error: Exception) -> tuple[Problem, ...]:
    """Tell an error by the code that it has here.

    >>> from notify_core.errors import NotFound
    >>> told_by_code(NotFound("There is no cat"))[0].error
    'not-found'
    """
    return (Problem(getattr(error, "code", type(error).__name__), str(error)),)


@frozen(kw_only=True)
class BulkRequest:
    """Many messages to send from one template, on behalf of the service whose key this is.

    `rows` reads them once the template is known, and may raise what is wrong with all of them together. `told` is
    how an error is told to a sender. `sender_id` is one of the service's senders of texts, or reply-to addresses;
    None is the default one. Values named in `sanitise_content_for` are shown without links and Markdown, in emails.
    """

    key: ApiKey
    template_id: UUID
    rows: Callable[[Template], Iterable[AskedRow]]
    told: Callable[[Exception], Sequence[Problem]] = told_by_code
    scheduled_for: datetime | None = None
    reference: str | None = field(default=None, repr=False)
    sender_id: UUID | None = None
    sanitise_content_for: tuple[str, ...] = ()


RowAnswer = UUID | tuple[Problem, ...]
"""What is told of a row: the id of the message that it became, or what is wrong with it."""


@frozen(kw_only=True)
class SentBulk:
    """A bulk that was accepted.

    `answers` yields, anew each time, one for each row, in order; `refused` of them are problems. `standing` is how
    the service stands with its limits.
    """

    job: Job
    template: Template
    answers: Callable[[], Iterator[RowAnswer]] = field(repr=False)
    refused: int
    standing: Standing

    @property
    def accepted(self) -> int:
        """How many rows were accepted."""
        return self.job.notification_count - self.refused


@frozen(kw_only=True)
class RowApart:
    """A row of which no message was stored: refused for its `problems`, or for a simulated recipient.

    `recipient` and `reference` are as they were sent, None where they could not be read. `notification_id` is the
    one that the sender of a simulated message was told.
    """

    row: int
    recipient: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    problems: tuple[Problem, ...] = ()
    notification_id: UUID | None = None


class BulkState(StrEnum):
    """How a bulk is as a whole. The values are on the wire."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    FINISHED = "finished"
    CANCELLED = "cancelled"


@frozen(kw_only=True)
class FoundBulk:
    """A bulk looked up. `counts` are of its messages, by status, without those that none is in."""

    job: Job
    counts: Mapping[Status, int]
    state: BulkState

    @property
    def refused(self) -> int:
        """How many rows were refused."""
        return self.job.error_count

    @property
    def simulated(self) -> int:
        """How many rows are for recipients that only seem to be written to."""
        return self.job.notification_count - self.refused - sum(self.counts.values())

    @property
    def cancelled(self) -> int:
        """How many messages were taken back: they will not be sent."""
        return self.counts.get(Status.CANCELLED, 0)

    @property
    def too_late(self) -> int:
        """How many messages cannot be taken back any more, or were not."""
        return sum(self.counts.values()) - self.cancelled


@frozen(kw_only=True)
class FoundRow:
    """What became of a row. `status` is None where no message was stored; then `problems` say why, if it was refused.

    `simulated` says that it was accepted for a recipient that only seems to be written to.
    """

    row: int
    notification_id: UUID | None
    status: Status | None
    recipient: str | None = field(repr=False)
    reference: str | None = field(repr=False)
    problems: tuple[Problem, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether its recipient only seems to be written to."""
        return self.status is None and not self.problems


def state_of(counts: Mapping[Status, int], scheduled_for: datetime | None, now: datetime) -> BulkState:
    """Return how a bulk is as a whole, by the statuses of its messages.

    >>> from datetime import UTC
    >>> noon, one = datetime(2026, 11, 21, 12, tzinfo=UTC), datetime(2026, 11, 21, 13, tzinfo=UTC)
    >>> state_of({Status.CREATED: 2}, one, noon), state_of({Status.CREATED: 2}, noon, one)
    (<BulkState.SCHEDULED: 'scheduled'>, <BulkState.SENDING: 'sending'>)
    >>> state_of({Status.CANCELLED: 2}, one, noon), state_of({Status.CANCELLED: 1, Status.DELIVERED: 1}, None, noon)
    (<BulkState.CANCELLED: 'cancelled'>, <BulkState.FINISHED: 'finished'>)
    """
    if counts.keys() <= COMPLETED:
        return BulkState.CANCELLED if counts.keys() == {Status.CANCELLED} else BulkState.FINISHED
    if scheduled_for is not None and now < scheduled_for:
        return BulkState.SCHEDULED
    return BulkState.SENDING
