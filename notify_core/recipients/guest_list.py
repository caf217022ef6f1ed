"""Who may be written to while a service is being tried out: recipients compared however they are written."""

from __future__ import annotations

from collections.abc import Iterable

from notify_core.recipients.email_address import InvalidEmailAddress, parse_email_address
from notify_core.recipients.phone_number import InvalidPhoneNumber, parse_phone_number


def format_recipient(value: object) -> str:
    """Return the form in which a phone number or email address is compared; anything else is left as it is.

    What is no text at all becomes empty.

    >>> format_recipient("07400 123456"), format_recipient("Jo@Example.COM "), format_recipient("Parking")
    ('447400123456', 'jo@example.com', 'Parking')
    """
    if not isinstance(value, str):
        return ""
    try:
        return parse_phone_number(value).normalised
    except InvalidPhoneNumber:
        pass
    try:
        return parse_email_address(value).normalised
    except InvalidEmailAddress:
        return value


def recipient_is_allowed(recipient: object, members: Iterable[object]) -> bool:
    """Whether the recipient is one of the members, however either is written.

    >>> recipient_is_allowed("+44 7400 123456", ["07400123456"])
    True
    """
    wanted = format_recipient(recipient)
    return any(wanted == format_recipient(member) for member in members)
