"""A recipient follows the link."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.unit_of_work import Database
from notify_core.unsubscribe.model import InvalidUnsubscribeLink, UnsubscribeRequest
from notify_core.unsubscribe.ports import UnsubscribeTokens


@frozen
class Unsubscribe:
    """Keep the wish of whoever follows an unsubscribe link, for the service that sent the email."""

    database: Database
    tokens: UnsubscribeTokens
    clock: Clock
    new_id: NewId

    def __call__(self, notification_id: UUID, sealed: str) -> None:
        """Store the wish. Raises InvalidUnsubscribeLink.

        Safe to repeat: mail programs do. Works when the email's contents are gone, since the token holds the address.
        """
        now = self.clock()
        token = self.tokens.open(notification_id, sealed)
        if token is None or not token.is_valid(now):
            raise InvalidUnsubscribeLink("This is not a valid unsubscribe link.")
        with self.database.begin() as work:
            notification = work.notifications.find_for_receipt(notification_id=notification_id)
            if notification is None:
                raise InvalidUnsubscribeLink("This unsubscribe link is invalid or expired.")
            work.unsubscribe_requests.add(
                UnsubscribeRequest(
                    id=self.new_id(),
                    notification_id=notification_id,
                    service_id=notification.service_id,
                    template_id=notification.template_id,
                    template_version=notification.template_version,
                    email_address=token.email_address,
                    created_at=now,
                )
            )
            work.commit()
