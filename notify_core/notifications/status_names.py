"""What people are told a status means, by the way the message travels."""

from __future__ import annotations

from collections.abc import Mapping

from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel

_ON_ITS_WAY = {Status.CREATED: "Sending", Status.SENDING: "Sending", Status.DELIVERED: "Delivered"}
_FAILED = {Status.FAILED: "Failed", Status.TECHNICAL_FAILURE: "Technical failure"}

_NAMES: Mapping[Channel, Mapping[Status, str]] = {
    Channel.EMAIL: {
        **_ON_ITS_WAY,
        **_FAILED,
        Status.SENT: "Delivered",
        Status.TEMPORARY_FAILURE: "Inbox not accepting messages right now",
        Status.PERMANENT_FAILURE: "Email address doesn’t exist",
    },
    Channel.SMS: {
        **_ON_ITS_WAY,
        **_FAILED,
        Status.SENT: "Sent internationally",
        Status.TEMPORARY_FAILURE: "Phone not accepting messages right now",
        Status.PERMANENT_FAILURE: "Phone number doesn’t exist",
    },
    Channel.LETTER: {
        Status.CREATED: "Accepted",
        Status.SENDING: "Accepted",
        Status.DELIVERED: "Received",
        Status.RETURNED_LETTER: "Returned",
        Status.TECHNICAL_FAILURE: "Technical failure",
        Status.PERMANENT_FAILURE: "Permanent failure",
    },
}


def status_name(channel: Channel, status: Status) -> str:
    """Return the status in words; those that have none are told as they are.

    >>> status_name(Channel.SMS, Status.SENT), status_name(Channel.EMAIL, Status.VALIDATION_FAILED)
    ('Sent internationally', 'validation-failed')
    """
    return _NAMES[channel].get(status, status.value)
