"""GOV.UK is a name. Mail programs take it for an address, and make it a link, unless it is protected."""

from __future__ import annotations

import re

ZERO_WIDTH_SPACE = "\u200b"

_GOVUK = re.compile(r"(^|\s)(#|\*|\^)?(GOV)\.(UK)(?!/|\?|#)", re.IGNORECASE)


def unlink_govuk(text: str) -> str:
    r"""Put an invisible space into GOV.UK where it stands for itself, not where it begins an address.

    >>> unlink_govuk("GOV.UK and gov.uk/pay") == "GOV.\u200bUK and gov.uk/pay"
    True
    """
    if "gov.uk" not in text.lower():
        return text
    return _GOVUK.sub(rf"\1\2\3.{ZERO_WIDTH_SPACE}\4", text)
