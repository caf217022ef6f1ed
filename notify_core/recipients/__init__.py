"""Who a message goes to: phone numbers, email addresses, postal addresses, and spreadsheets of them."""

from __future__ import annotations

from notify_core.recipients.email_address import EmailAddress, InvalidEmailAddress, parse_email_address
from notify_core.recipients.guest_list import format_recipient, recipient_is_allowed
from notify_core.recipients.international_rates import delivery_receipts_trusted
from notify_core.recipients.phone_number import PhoneNumber, parse_phone_number
from notify_core.recipients.phone_number_errors import InvalidPhoneNumber
from notify_core.recipients.postal_address import (
    InvalidPostalAddress,
    PostalAddress,
    parse_address_personalisation,
    parse_postal_address,
)
from notify_core.recipients.spreadsheet import FileOptions, RecipientFile
from notify_core.recipients.spreadsheet_reading import UnreadableFile
from notify_core.recipients.spreadsheet_rows import Permissions, Row

__all__ = [
    "EmailAddress",
    "FileOptions",
    "InvalidEmailAddress",
    "InvalidPhoneNumber",
    "InvalidPostalAddress",
    "Permissions",
    "PhoneNumber",
    "PostalAddress",
    "RecipientFile",
    "Row",
    "UnreadableFile",
    "delivery_receipts_trusted",
    "format_recipient",
    "parse_address_personalisation",
    "parse_email_address",
    "parse_phone_number",
    "parse_postal_address",
    "recipient_is_allowed",
]
