"""A notification: its facts, which are kept, and its contents, which are personal and are not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from attrs import Factory, evolve, field, frozen

from notify_core.calendar import london_date
from notify_core.notifications.status import COMPLETED, HANDED_OVER, Status, accepts_receipt
from notify_core.recipients import delivery_receipts_trusted
from notify_core.vocabulary import Channel, KeyType, Postage, ProviderName

# Days are kept whole, and in London; and a message may be sent a day after it was accepted.
_MARGIN = timedelta(days=3)


@frozen(kw_only=True)
class Notification:
    """The facts of one message: who, which template version, which status, what it costs. Nothing personal.

    `expires_on` is the London day at whose start its contents go. `billable_units` is a text's fragments, or a
    letter's sheets of paper; `postage` is a letter's.
    `document_download_count` is how many files an email links to, None for none.
    `reference` is the provider's own id of an email. `attempts` counts the times it was claimed for
    delivery; until `leased_until` nobody may claim it: somebody is at work on it, or its next attempt is then.
    `scheduled_for` is when it was asked to be sent, where that was not at once. `job_id` and `job_row_number` (from
    0) say which row of which job it is, where it is one. Times are UTC.

    `attempting_with` is the provider of an attempt whose outcome is not known. When its lease ran out, or the
    provider did not answer, the message is in doubt: the provider may have it. Until `in_doubt_until` a receipt is
    waited for; what comes then, `claim` says. `doubts` counts how often that was so: at most so many times more
    than once was the message taken.
    """

    id: UUID
    service_id: UUID
    template_id: UUID
    template_version: int
    channel: Channel
    key_type: KeyType
    api_key_id: UUID | None
    created_at: datetime
    expires_on: date
    status: Status = Status.CREATED
    updated_at: datetime | None = None
    sent_at: datetime | None = None
    sent_by: ProviderName | None = None
    reference: str | None = None
    billable_units: int = 0
    international: bool = False
    country_prefix: str | None = None
    rate_multiplier: int | None = None
    document_download_count: int | None = None
    attempts: int = 0
    leased_until: datetime | None = None
    scheduled_for: datetime | None = None
    attempting_with: ProviderName | None = None
    doubts: int = 0
    in_doubt_until: datetime | None = None
    job_id: UUID | None = None
    job_row_number: int | None = None
    postage: Postage | None = None

    @property
    def completed_at(self) -> datetime | None:
        """When the message reached its end, or None while it may still change."""
        return self.updated_at if self.status in COMPLETED else None


@frozen(kw_only=True)
class Contents:
    """What is personal about one message; gone when it expires.

    `recipient` is as the sender gave it, without stray whitespace; `normalised_recipient` is E.164 digits or
    a lower-cased address. `reply_to_text` is the sender (SMS) or reply-to address as it was at acceptance.
    """

    recipient: str = field(repr=False)
    normalised_recipient: str = field(repr=False)
    personalisation: Mapping[str, object] = field(default=Factory(dict), repr=False)
    client_reference: str | None = field(default=None, repr=False)
    reply_to_text: str | None = field(default=None, repr=False)
    one_click_unsubscribe_url: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Message:
    """A notification that still has its contents."""

    notification: Notification
    contents: Contents


@frozen(kw_only=True)
class PageOfMessages:
    """Which messages of a service to list: at most `limit`, newest first, sent with keys of one type.

    What is None does not narrow the list. `older_than` is a message of the service, after which the page begins.
    `days_kept` is for how long the service keeps contents at most; what is older is not looked for. Without
    `include_jobs` rows of files are left out, but not those of bulk requests, which are a program's own.
    """

    service_id: UUID
    key_type: KeyType
    days_kept: int
    limit: int
    statuses: frozenset[Status] | None = None
    channels: frozenset[Channel] | None = None
    reference: str | None = None
    older_than: UUID | None = None
    include_jobs: bool = True

    def oldest(self, now: datetime) -> datetime:
        """Return a moment before which no message was accepted whose contents are still kept."""
        return now - timedelta(days=self.days_kept) - _MARGIN


@frozen(kw_only=True)
class RowsOfJob:
    """Which messages of a service's job to list, in the order of its rows: at most `limit`, after `skip` others.

    The ids of a job's messages are all those from `first` to `last`, in that order. What is None does not narrow the
    list. `after` is the last message of the page before, which spares skipping all of them.
    """

    service_id: UUID
    first: UUID
    last: UUID
    limit: int
    skip: int = 0
    after: UUID | None = None
    statuses: frozenset[Status] | None = None


@frozen(kw_only=True)
class Claim:
    """What came of claiming messages for delivery.

    `mine` may be sent by nobody else until their lease ends. `busy` are leased to somebody else until the
    time given. `in_doubt` are those whose last attempt ended without anybody telling how; they can be claimed again
    from the time given, if no receipt has come by then. The rest needed nothing: sent, cancelled, or gone.
    """

    mine: tuple[Message, ...]
    busy: Mapping[UUID, datetime]
    in_doubt: Mapping[UUID, datetime] = Factory(dict)


@frozen(kw_only=True)
class Attempted:
    """The outcome of one delivery attempt, to be recorded.

    `status` None means that the message stays as it is, to be tried again at `retry_at` and not before. A
    status is applied only where no receipt has overtaken it. `attempt` is its number, `tried` the provider that
    was called, and `detail` what there is to tell of it without personal data, such as why it failed. `in_doubt`
    means that the provider may have taken the message: until `retry_at` a receipt is waited for.
    """

    notification_id: UUID
    status: Status | None
    at: datetime
    sent_by: ProviderName | None = None
    reference: str | None = None
    billable_units: int = 0
    retry_at: datetime | None = None
    attempt: int | None = None
    tried: ProviderName | None = None
    detail: str | None = None
    in_doubt: bool = False

    @property
    def was_taken(self) -> bool:
        """Whether the provider took the message."""
        return self.status in HANDED_OVER


@frozen(kw_only=True)
class Doubts:
    """How many messages are in doubt `now`, and how many of those looked at `ever` were."""

    now: int
    ever: int


#: What a waiting receipt has for a status when it is a complaint.
COMPLAINT = "complaint"


@frozen(kw_only=True)
class CancelledRows:
    """How many of a job's messages were cancelled, and how many of these are texts to other country codes than 44."""

    messages: int
    abroad: int


@frozen(kw_only=True)
class WaitingReceipt:
    """A receipt as it came, which is still to be applied to its message. Nothing personal.

    `reference` is the provider's own id of an email, or the notification's id of a text. `notification_id` is the
    notification's id where the receipt says it. `status` and `code` are the SMS provider's own words, which mean
    something only together with the state that the message is in; of an email `status` is a `Status`, or COMPLAINT.
    Receipts are applied in the order of `received_at` (UTC) and `id`.
    """

    id: UUID
    provider: ProviderName
    reference: str
    status: str
    received_at: datetime
    code: str | None = None
    notification_id: UUID | None = None
    feedback_id: str | None = None
    complaint_type: str | None = None
    complained_at: datetime | None = None

    @property
    def said(self) -> tuple[object, ...]:
        """What makes another receipt an exact repetition of this one."""
        return self.provider, self.reference, self.status, self.code, self.feedback_id, self.notification_id


@frozen(kw_only=True)
class Complaint:
    """A recipient called the email spam."""

    id: UUID
    notification_id: UUID
    service_id: UUID
    feedback_id: str | None
    complaint_type: str | None
    complained_at: datetime | None


def expiry_date(created_at: datetime, days_kept: int) -> date:
    """Return the London day at whose start the contents of a message go, kept for `days_kept` whole days."""
    return london_date(created_at) + timedelta(days=days_kept + 1)


def apply_receipt(
    notification: Notification, status: Status, *, at: datetime, provider: ProviderName | None = None
) -> Notification:
    """Return the notification as a receipt leaves it: the same one when the receipt changes nothing.

    Late, repeated and overtaken receipts change nothing, nor does any for a country whose networks' receipts
    cannot be trusted. A test key's receipt is our own, and always trusted.
    """
    if not accepts_receipt(notification.channel, notification.status) or status is notification.status:
        return notification
    if not _is_trusted(notification):
        return notification
    return evolve(
        notification,
        status=status,
        updated_at=at,
        sent_by=notification.sent_by or provider,
        leased_until=None,
        attempting_with=None,
        in_doubt_until=None,
    )


def _is_trusted(notification: Notification) -> bool:
    """Whether what a receipt says of this message can be believed."""
    if notification.key_type is KeyType.TEST or not notification.international:
        return True
    return delivery_receipts_trusted(notification.country_prefix or "")
