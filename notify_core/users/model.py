"""A user: a person, who may be a member of several services."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen

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
