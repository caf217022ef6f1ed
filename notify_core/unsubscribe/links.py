"""The links by which recipients unsubscribe."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.clock import Clock
from notify_core.unsubscribe.model import Token
from notify_core.unsubscribe.ports import UnsubscribeTokens


@frozen(kw_only=True)
class UnsubscribeLinks:
    """Makes links that work for a year from now.

    `api_root` is this API's own address as others reach it, if it is known; `admin_root` is the website's.
    """

    tokens: UnsubscribeTokens
    clock: Clock
    api_root: str | None
    admin_root: str

    def for_programs(self, notification_id: UUID, email_address: str) -> str | None:
        """Return where a mail program posts to when somebody presses its button; None if our address is not known."""
        return None if self.api_root is None else self._link(self.api_root, notification_id, email_address)

    def for_people(self, notification_id: UUID, email_address: str) -> str:
        """Return the page for people who follow the link in the text."""
        return self._link(self.admin_root, notification_id, email_address)

    def _link(self, root: str, notification_id: UUID, email_address: str) -> str:
        token = Token(email_address=email_address, made_at=self.clock())
        return f"{root}/unsubscribe/{notification_id}/{self.tokens.seal(notification_id, token)}"
