"""Who a message goes to: phone numbers, email addresses, postal addresses, and spreadsheets of them."""

from __future__ import annotations

from notify_core.recipients.email_address import EmailAddress, InvalidEmailAddress, parse_email_address
from notify_core.recipients.guest_list import format_recipient, recipient_is_allowed
from notify_core.recipients.international_rates import delivery_receipts_trusted
from notify_core.recipients.phone_number import PhoneNumber, parse_phone_number
from notify_core.recipients.phone_number_errors import InvalidPhoneNumber

__all__ = [
    "EmailAddress",
    "InvalidEmailAddress",
    "InvalidPhoneNumber",
    "PhoneNumber",
    "delivery_receipts_trusted",
    "format_recipient",
    "parse_email_address",
    "parse_phone_number",
    "recipient_is_allowed",
]
