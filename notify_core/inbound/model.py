"""A number that people can text, and a text that somebody sent to it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from attrs import field, frozen

from notify_core.vocabulary import ProviderName

# Days are kept whole.
_MARGIN_DAYS = 1


@frozen(kw_only=True)
class InboundNumber:
    """A number that `provider` receives texts for. A service has at most one; `number` begins with 0.

    `service_id` is None while nobody has it; texts to a number that is not `active` are dropped.
    """

    id: UUID
    number: str
    provider: ProviderName
    service_id: UUID | None = None
    active: bool = True


@frozen(kw_only=True)
class ReceivedText:
    """A text that somebody sent to a service.

    `user_number` is E.164 digits where it is a phone number, else the name it came from. `provider_reference` is
    the provider's own id of it, `provider_date` when the provider says it took it. It goes at the start of the
    London day `expires_on`.
    """

    id: UUID
    service_id: UUID
    notify_number: str
    user_number: str = field(repr=False)
    content: str = field(repr=False)
    provider: ProviderName
    provider_reference: str | None = None
    provider_date: datetime | None = None
    created_at: datetime
    expires_on: date


@frozen(kw_only=True)
class PageOfTexts:
    """Which received texts of a service to list: at most `limit`, newest first.

    `older_than` is a text after which the page begins. `days_kept` is for how long the service keeps texts.
    """

    service_id: UUID
    days_kept: int
    limit: int
    older_than: UUID | None = None

    def last_expiry(self, today: date) -> date:
        """Return a London day after which none of the texts kept `today` expires."""
        return today + timedelta(days=self.days_kept + _MARGIN_DAYS)
