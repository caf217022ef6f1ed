"""The status machine of a notification: the one place that says what may follow what."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from notify_core.vocabulary import Channel


class Status(StrEnum):
    """Where a message is on its way. The values are on the wire and in the database."""

    CREATED = "created"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    PENDING = "pending"
    FAILED = "failed"
    TECHNICAL_FAILURE = "technical-failure"
    TEMPORARY_FAILURE = "temporary-failure"
    PERMANENT_FAILURE = "permanent-failure"
    PENDING_VIRUS_CHECK = "pending-virus-check"
    VALIDATION_FAILED = "validation-failed"
    VIRUS_SCAN_FAILED = "virus-scan-failed"
    RETURNED_LETTER = "returned-letter"
    CANCELLED = "cancelled"


COMPLETED = frozenset(
    {
        Status.SENT,
        Status.DELIVERED,
        Status.FAILED,
        Status.TECHNICAL_FAILURE,
        Status.TEMPORARY_FAILURE,
        Status.PERMANENT_FAILURE,
        Status.RETURNED_LETTER,
        Status.CANCELLED,
        Status.VALIDATION_FAILED,
    }
)

#: What a message becomes when a provider takes it.
HANDED_OVER = frozenset({Status.SENDING, Status.SENT})

#: What is charged for, or counted where it is free.
BILLABLE: Mapping[Channel, frozenset[Status]] = {
    Channel.SMS: frozenset(
        {
            Status.SENDING,
            Status.SENT,
            Status.DELIVERED,
            Status.PENDING,
            Status.TEMPORARY_FAILURE,
            Status.PERMANENT_FAILURE,
        }
    ),
    Channel.EMAIL: frozenset({Status.SENDING, Status.DELIVERED, Status.TEMPORARY_FAILURE, Status.PERMANENT_FAILURE}),
    Channel.LETTER: frozenset({Status.SENDING, Status.DELIVERED, Status.RETURNED_LETTER}),
}

#: A letter in one of these was never printed.
NEVER_PRINTED = frozenset(
    {Status.CANCELLED, Status.TECHNICAL_FAILURE, Status.VALIDATION_FAILED, Status.VIRUS_SCAN_FAILED}
)

# A message is handed over before we have recorded that it was, so its receipt may find it `created`.
_RECEIPTS_APPLY_TO = {
    Channel.SMS: frozenset({Status.CREATED, Status.SENDING, Status.PENDING, Status.SENT, Status.PENDING_VIRUS_CHECK}),
    Channel.EMAIL: frozenset({Status.CREATED, Status.SENDING, Status.PENDING}),
}


def accepts_receipt(channel: Channel, current: Status) -> bool:
    """Whether a provider's receipt may still change a message that is now in `current`.

    >>> accepts_receipt(Channel.SMS, Status.PENDING), accepts_receipt(Channel.SMS, Status.DELIVERED)
    (True, False)
    """
    return current in _RECEIPTS_APPLY_TO.get(channel, frozenset())


def after_handover(*, international: bool) -> Status:
    """Return the status of a message that a provider took: `sent`, without receipts, when it goes abroad."""
    return Status.SENT if international else Status.SENDING
