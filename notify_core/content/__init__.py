"""What a person receives: from a template and values to texts, emails and letters. Pure functions all the way.

Here are texts and emails. Letters are in `letter`, which loads what draws QR codes; most processes do without.
"""

from __future__ import annotations

from notify_core.content.branding import GOVUK_BRANDING, EmailBranding
from notify_core.content.email import EMAIL_BYTE_LIMIT, EmailSource, EmailTemplate
from notify_core.content.placeholders import UnusableValue
from notify_core.content.sms import SMS_CHARACTER_LIMIT, SmsMessage, SmsTemplate
from notify_core.content.whitespace import clean

__all__ = [
    "EMAIL_BYTE_LIMIT",
    "GOVUK_BRANDING",
    "SMS_CHARACTER_LIMIT",
    "EmailBranding",
    "EmailSource",
    "EmailTemplate",
    "SmsMessage",
    "SmsTemplate",
    "UnusableValue",
    "clean",
]
