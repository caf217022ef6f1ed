"""Refusals: everything that can go wrong for a reason the caller should hear about.

    NotifyError
    ├── InvalidRecipient            the phone number, email address or postal address is not usable
    │   ├── InvalidPhoneNumber      (recipients/phone_number.py)
    │   ├── InvalidEmailAddress     (recipients/email_address.py)
    │   └── InvalidPostalAddress    (recipients/postal_address.py)
    ├── NotFound                    no such thing, or not this service's
    ├── NotAllowed                  the service, key or permission forbids it
    ├── InvalidContent              the message cannot be made from this template and these values
    ├── LimitExceeded               too many, for now
    ├── AuthenticationFailed        who is asking could not be established
    ├── Conflict                    the name or state is already taken
    ├── ProviderFailed              an outside provider did not take the message
    └── ConfigurationError          the platform itself is set up wrongly

Each carries a stable `code` for programs, and a sentence for people that names what was wrong and the way
out. Nothing here knows about HTTP: the shells choose statuses and envelopes.
"""

from __future__ import annotations

from typing import ClassVar


class NotifyError(Exception):
    """Any refusal by the domain.

    `code` is stable and meant for programs; `str(error)` is a sentence meant for people.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRecipient(NotifyError):
    """The phone number, email address or postal address cannot be written to."""

    code = "invalid-recipient"


class NotFound(NotifyError):
    """There is no such thing, or it belongs to another service."""

    code = "not-found"


class NotAllowed(NotifyError):
    """The service, its permissions, or the kind of API key forbid this."""

    code = "not-allowed"


class InvalidContent(NotifyError):
    """The message cannot be made from this template and these values."""

    code = "invalid-content"


class LimitExceeded(NotifyError):
    """Too many, for now. The same request can succeed later."""

    code = "limit-exceeded"


class AuthenticationFailed(NotifyError):
    """Who is asking could not be established.

    `code` says which of the checks failed, so that a shell can choose between "who are you?" and "go away".
    """

    code = "authentication-failed"


class Conflict(NotifyError):
    """The name, or the state, is already taken."""

    code = "conflict"


class ConfigurationError(NotifyError):
    """The platform is set up wrongly: a setting is missing, or makes no sense."""

    code = "configuration"
