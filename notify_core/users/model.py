"""A user: a person, who may be a member of several services."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from attrs import field, frozen

from notify_core.recipients.guest_list import format_recipient

#: The platform's own user, who writes what no person wrote.
NOTIFY_USER_ID = UUID("6af522d0-2915-4e52-83a3-3690455a5fe6")
NOTIFY_USER_EMAIL_ADDRESS = "notify-service-user@digital.cabinet-office"


@frozen(kw_only=True)
class User:
    """A person. Email address and mobile number are as typed; two users never share an email address."""

    id: UUID
    name: str = field(repr=False)
    email_address: str = field(repr=False)
    mobile_number: str | None = field(default=None, repr=False)
    created_at: datetime

    @property
    def normalised_email_address(self) -> str:
        """The email address as it is compared: in lower case."""
        return normalised_email_address(self.email_address)

    @property
    def normalised_mobile_number(self) -> str | None:
        """The mobile number as it is compared: digits with the country code first, or None when there is none."""
        return format_recipient(self.mobile_number) if self.mobile_number else None

    @property
    def recipients(self) -> frozenset[str]:
        """Where the person can be written to, normalised."""
        known = (self.normalised_email_address, self.normalised_mobile_number)
        return frozenset(recipient for recipient in known if recipient)


def normalised_email_address(typed: str) -> str:
    """Return the form in which users' email addresses are compared.

    >>> normalised_email_address(" Jo@Example.com")
    'jo@example.com'
    """
    return typed.strip().lower()


NOTIFY_USER = User(
    id=NOTIFY_USER_ID,
    name="Notify user",
    email_address=NOTIFY_USER_EMAIL_ADDRESS,
    created_at=datetime(2016, 1, 1, tzinfo=UTC),
)
