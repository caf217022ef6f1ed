"""What the use cases need of wherever notifications and receipts are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from notify_core.idempotency.model import Answered
from notify_core.jobs.model import Job
from notify_core.notifications.model import (
    Attempted,
    CancelledRows,
    Claim,
    Complaint,
    Doubts,
    Message,
    Notification,
    PageOfMessages,
    RowsOfJob,
    WaitingReceipt,
)
from notify_core.notifications.timeline import Event, Timeline
from notify_core.outbox.model import OutboxEntry
from notify_core.providers.model import Choice
from notify_core.vocabulary import ProviderName


class NotificationRepository(Protocol):
    """Notifications: facts, and contents while they last. Each method is one statement, however many ids."""

    def accept(self, message: Message, due: OutboxEntry, answered: Answered | None = None) -> None:
        """Store facts, contents and the promise to deliver them, together, in one round trip.

        With `answered` the answer is remembered in the same breath, so that its request is accepted once only.
        Raises Conflict, and stores nothing, when a message of that id was accepted before; KeyTaken, and stores
        nothing, when the answer's key is another's (see `AnswerRepository.reserve`).
        """
        ...

    def accept_many(self, messages: Sequence[Message], due: Sequence[OutboxEntry]) -> frozenset[UUID]:
        """Store messages and the promises to deliver them, in one round trip, and return the ids that were new.

        A message whose id is known stays as it is, and what `due` promises for it is not promised again: so the same
        can be stored any number of times. Messages without a promise are stored alone. Each promise is about one of
        the messages, each message has at most one, and no id comes twice.
        """
        ...

    def cancel(self, service_id: UUID, notification_id: UUID, *, now: datetime) -> Notification | None:
        """Cancel the service's message if nobody has ever claimed it for delivery, and return it as it now stands.

        None, and nothing changed, when there is none, it has expired, or it is too late.
        """
        ...

    def cancel_rows(self, job: Job, *, now: datetime) -> CancelledRows:
        """Cancel the job's messages that nobody has ever claimed for delivery, in one statement, and count them.

        Only those that this call cancels are counted. What has expired is left alone.
        """
        ...

    def list_rows(self, job: Job, *, first_row: int, row_count: int) -> list[Message]:
        """Return those among `row_count` rows of the job from `first_row` on that are messages, in order of rows.

        Without those whose contents have expired.
        """
        ...

    def find(self, service_id: UUID, notification_id: UUID, *, likely_expiry: date | None = None) -> Message | None:
        """Return the service's message, or None when there is none or its contents have expired.

        `likely_expiry` is the day on which they probably do: where that is right, the answer comes sooner.
        """
        ...

    def list_page(self, page: PageOfMessages) -> list[Message]:
        """Return the service's messages whose contents have not expired, newest first.

        Empty when `older_than` is no message of the service.
        """
        ...

    def claim(
        self,
        ids: Sequence[UUID],
        *,
        now: datetime,
        until: datetime,
        choices: Sequence[Choice] = (),
        doubt_until: datetime | None = None,
    ) -> Claim:
        """Take the right to send these until `until`, where they are `created` and nobody else has it.

        Counts an attempt for each one taken, and writes down with whom: the choice for each id, in the same order,
        that fits where the message goes. Adds to its timeline that it was `attempted` at `now`. Two claims at the
        same time never both get the same message.

        What was being attempted with a provider when its lease ran out is not taken: it is in doubt until
        `doubt_until` (`until`, unless given). Its doubt is counted and told in its timeline. After that it can be
        taken like any other; `in_doubt_until` then still says that it was, until an outcome is known.
        """
        ...

    def redirect(
        self, notification: Notification, to: ProviderName, *, now: datetime, because: str | None = None
    ) -> bool:
        """Write down that the claimed attempt goes on with another provider, as another `attempted` in its timeline.

        False, and nothing changed, when the attempt is not the claimant's any more: then nobody may be called.
        `notification` is as the claim returned it, or as it was redirected last.
        """
        ...

    def record(self, outcomes: Sequence[Attempted]) -> None:
        """Record how attempts ended. Their leases end, or last until the next attempt is due.

        A status is only written over `created`: a receipt that came first stays. The outcome of an attempt that
        is not the message's last one any more changes nothing of the later one's, unless the provider took the
        message: that counts while it is `created`. What ends `in_doubt` is in doubt as `claim` says, until
        `retry_at`. Each outcome is added to its message's timeline. At most one outcome a message; messages that
        are not known are ignored.
        """
        ...

    def count_doubts(self, *, since: datetime) -> Doubts:
        """Count the messages that are in doubt, and those accepted after `since` that ever were."""
        ...

    def find_for_receipt(self, *, notification_id: UUID) -> Notification | None:
        """Return the facts of a message, locked until the transaction ends, or None."""
        ...

    def find_by_reference(self, provider: ProviderName, reference: str) -> Notification | None:
        """Return the facts of the message the provider knows by that id, locked until the transaction ends."""
        ...

    def save(self, notification: Notification, event: Event | None = None) -> None:
        """Store changed facts: status, times, provider, units, lease, doubt. And `event`, in its timeline."""
        ...

    def add_event(self, notification: Notification, event: Event, *, at_most: int) -> None:
        """Add to the message's timeline, unless `at_most` events of that kind are in it.

        The message is to be locked, as by `find_for_receipt`. After its contents have expired nothing is stored,
        neither by this method nor by the others.
        """
        ...

    def find_timeline(self, service_id: UUID, notification_id: UUID) -> Timeline | None:
        """Return what happened to the service's message, or None when there is none or its contents have expired."""
        ...

    def page_of_job(self, rows: RowsOfJob) -> list[Message]:
        """Return a job's messages whose contents have not expired, in the order of its rows."""
        ...

    def count_rows(self, rows: RowsOfJob) -> int:
        """Return how many messages `page_of_job` would return without `limit`, `skip` and `after`."""
        ...

    def find_undelivered(self, *, after: datetime, before: datetime, limit: int) -> list[Notification]:
        """Return texts and emails made in [after, before), still `created` and leased to nobody since `before`."""
        ...

    def find_unclaimed(self, ids: Collection[UUID], *, now: datetime) -> set[UUID]:
        """Return those of the ids that a claim would get: messages `created` and leased to nobody."""
        ...

    def time_out(
        self, *, from_id: UUID, before_id: UUID, created_before: datetime, now: datetime, limit: int
    ) -> list[Notification]:
        """Make texts and emails that are still `sending` or `pending` temporary failures, and return them.

        At most `limit`, by id, of those with ids in [from_id, before_id) that were made before `created_before`. Each
        gets an event. Those that another transaction has locked are left out.
        """
        ...


class ReceiptRepository(Protocol):
    """Receipts that are still to be applied, and complaints."""

    def keep_waiting(self, receipt: WaitingReceipt) -> None:
        """Keep a receipt until it is applied. While one waits, an exact repetition of it is the same one."""
        ...

    def waiting_among(self, provider: ProviderName, references: Collection[str]) -> frozenset[str]:
        """Return those of these references under which any receipt waits. Locks nothing."""
        ...

    def take_waiting(self, notification: Notification) -> list[WaitingReceipt]:
        """Remove and return all receipts that wait for this message, in order of arrival.

        They are those that name its id, or its reference if it is an email. The message is to be locked.
        """
        ...

    def take(self, receipt_id: UUID) -> WaitingReceipt | None:
        """Remove and return one receipt; None when it waits no longer."""
        ...

    def try_again(self, *, now: datetime, tried_before: datetime, limit: int) -> list[WaitingReceipt]:
        """Return at most `limit` waiting receipts whose message is known by now, longest untried first.

        Only those that came, and were last returned from here, before `tried_before`: so two callers at the same time
        are given different ones, and none stands in the way of another for long.
        """
        ...

    def drop(self, *, received_before: datetime) -> Mapping[ProviderName, int]:
        """Remove what has waited since before then, and return how many there were of each provider."""
        ...

    def add_complaint(self, complaint: Complaint) -> bool:
        """Store a complaint; False, and nothing stored, when its feedback id is known for that message."""
        ...
