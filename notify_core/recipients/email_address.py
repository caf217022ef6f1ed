"""Email addresses: which ones can be written to, and the form in which they are compared."""

from __future__ import annotations

import re

from attrs import frozen

from notify_core.content.whitespace import clean
from notify_core.errors import InvalidRecipient

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([^.@][^@\s]+)")
_LABEL = re.compile(r"(?:xn|[a-z0-9]+)(?:-?-[a-z0-9]+)*", re.IGNORECASE | re.ASCII)
_LAST_LABEL = re.compile(r"[a-z]{2,63}|xn--(?:[a-z0-9]+-)*[a-z0-9]+", re.IGNORECASE | re.ASCII)

_LONGEST_ADDRESS = 320
_LONGEST_HOST = 253
_LONGEST_LABEL = 63

# Most addresses are plainly right: ASCII, and too short for any of their labels to be too long.
_PLAINLY_VALID = re.compile(rf"{_LOCAL}+(?:\.{_LOCAL}+)*@(?:[A-Za-z0-9]+(?:--?[A-Za-z0-9]+)*\.)+[A-Za-z]{{2,63}}")
_PLAINLY_SHORT = _LONGEST_LABEL


class InvalidEmailAddress(InvalidRecipient):
    """The text is not an email address."""

    code = "invalid-email-address"

    def __init__(self) -> None:
        super().__init__("Not a valid email address")


@frozen
class EmailAddress:
    """An address that can be written to. `cleaned` is as it was typed, without stray spaces."""

    cleaned: str

    @property
    def normalised(self) -> str:
        """The form that is stored and compared: in lower case."""
        return self.cleaned.lower()


def parse_email_address(raw: object) -> EmailAddress:
    r"""Read an email address. Raises InvalidEmailAddress.

    Visible and invisible space around it, and invisible space in it, is forgiven. The host may hold letters
    of any language. Whatever is no text is no address.

    >>> parse_email_address(" Jo.Smith@Example.COM\u200b")
    EmailAddress(cleaned='Jo.Smith@Example.COM')
    >>> parse_email_address("Jo.Smith@Example.COM").normalised
    'jo.smith@example.com'
    """
    address = clean(raw) if isinstance(raw, str) else ""
    if len(address) <= _PLAINLY_SHORT and _PLAINLY_VALID.fullmatch(address):
        return EmailAddress(address)
    if len(address) > _LONGEST_ADDRESS or ".." in address:
        raise InvalidEmailAddress
    match = _ADDRESS.fullmatch(address)
    if match is None or not _is_host(match[1]):
        raise InvalidEmailAddress
    return EmailAddress(address)


def _is_host(host: str) -> bool:
    try:
        encoded = host.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    labels = encoded.split(".")
    return (
        len(labels) >= 2
        and len(encoded) <= _LONGEST_HOST
        and all(len(label) <= _LONGEST_LABEL and _LABEL.fullmatch(label) for label in labels)
        and _LAST_LABEL.fullmatch(labels[-1]) is not None
    )
