"""Where links lead, as it is written into HTML."""

from __future__ import annotations

import re
from urllib.parse import quote

_SCHEME = re.compile(r"(?:ftp|file|http|https|mailto|tel):", re.IGNORECASE)
_KEPT = ":/?#=&;%"


def href(target: str) -> str:
    """Return a target as the value of an `href`: absolute, and percent-encoded where it must be.

    What has no scheme of the web gets one, so that nothing else can be done with a link than to follow it.
    `%`, and the ampersands of escaped text, are taken to be meant as they are.

    >>> href("example.com/a b"), href("mailto:jo@example.com"), href("javascript:alert")
    ('http://example.com/a%20b', 'mailto:jo%40example.com', 'http://javascript:alert')
    """
    absolute = target if _SCHEME.match(target) else f"http://{target}"
    return quote(absolute, safe=_KEPT, errors="replace")
