"""What SES's errors mean to us.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html, and the errors that all of AWS's
services share.
"""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from notify_core.errors import NotifyError
from notify_core.providers.model import ProviderFailed, ProviderRefused, ProviderThrottled, ProviderUnwell, QuotaSpent

#: The email itself is at fault, and will be so next time.
PERMANENT = frozenset(
    {
        "BadRequestException",
        "InvalidParameterValue",
        "InvalidParameterValueException",
        "MessageRejected",
        "NotFoundException",
        "ValidationException",
    }
)
#: Too fast, or too many in a day: SES uses the same codes for both.
THROTTLING = frozenset(
    {
        "LimitExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
TOO_MANY_REQUESTS = 429
#: The text that tells the quota of a day from the rate of a second: "Daily message quota exceeded."
_OF_A_DAY = "quota"

_QUOTES_A_PERSON = re.compile(r"""'[^']*'|"[^"]*"|<[^>]*>|\S*@\S*""")


def meaning(error: ClientError) -> NotifyError:
    """Return the port's error for an error that SES answered with. Its text holds no personal data."""
    answer = error.response
    code = answer.get("Error", {}).get("Code", "Unknown")
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in THROTTLING or status == TOO_MANY_REQUESTS:
        text = str(answer.get("Error", {}).get("Message", ""))
        return (QuotaSpent if _OF_A_DAY in text.lower() else ProviderThrottled)(f"SES client error ({code})")
    if code in PERMANENT:
        return ProviderRefused(f"SES client error ({code}: {_redacted(answer['Error'].get('Message', ''))})")
    if isinstance(status, int) and status >= 500:
        return ProviderUnwell(f"SES client error ({code})")
    return ProviderFailed(f"SES client error ({code})")


def _redacted(text: str) -> str:
    """Leave out whatever SES quotes from the email, which can be an address."""
    return _QUOTES_A_PERSON.sub("…", text)
