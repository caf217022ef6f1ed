"""Somebody asks for no more of these emails."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from attrs import field, frozen

from notify_core.errors import NotifyError

LINKS_LAST = timedelta(days=365)


@frozen(kw_only=True)
class UnsubscribeRequest:
    """A recipient's wish, for the service to honour: we keep no lists of subscribers.

    `email_address` is as the email was sent to it. Times are UTC.
    """

    id: UUID
    notification_id: UUID
    service_id: UUID
    template_id: UUID
    template_version: int
    email_address: str = field(repr=False)
    created_at: datetime


@frozen(kw_only=True)
class Token:
    """What a link's token says: whom the email was sent to, and when (UTC) the link was made."""

    email_address: str = field(repr=False)
    made_at: datetime

    def is_valid(self, now: datetime) -> bool:
        """Whether the link may still be followed."""
        return now <= self.made_at + LINKS_LAST


class InvalidUnsubscribeLink(NotifyError):
    """The link was not made by us, has become too old, or is about a message that there is not."""

    code = "invalid-unsubscribe-link"
