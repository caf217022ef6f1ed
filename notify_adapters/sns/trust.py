"""Which URLs are Amazon's.

A message names the URL of its own certificate, and the one that confirms a subscription. Fetching whatever a
stranger names would let him sign with his own key, and reach into our network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

_HOST = re.compile(r"sns\.[a-z]{2}(-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(\.cn)?")
_CERTIFICATE_PATH = re.compile(r"/[A-Za-z0-9_-]+\.pem")
# Python and the servers may disagree about what a URL with anything else in it means.
_PLAIN = re.compile(r"[!-\[\]-~]+")


def is_certificate_url(url: str, prefixes: Iterable[str]) -> bool:
    """Say whether SNS's certificates are kept at this URL, or it begins with one of `prefixes`."""
    parts = _split(url)
    if parts is None:
        return False
    amazon = _is_amazons(parts) and _CERTIFICATE_PATH.fullmatch(parts.path) and not parts.query
    return bool(amazon) or any(url.startswith(prefix) and _same_server(parts, prefix) for prefix in prefixes)


def is_subscription_url(url: str, prefixes: Iterable[str]) -> bool:
    """Say whether a subscription can be confirmed there: with SNS, or on the server of one of `prefixes`."""
    parts = _split(url)
    if parts is None:
        return False
    return _is_amazons(parts) or any(_same_server(parts, prefix) for prefix in prefixes)


def _split(url: str) -> SplitResult | None:
    if not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return None if "@" in parts.netloc or parts.fragment else parts


def _is_amazons(parts: SplitResult) -> bool:
    return parts.scheme == "https" and _HOST.fullmatch(parts.netloc) is not None


def _same_server(parts: SplitResult, prefix: str) -> bool:
    """A prefix is text: `http://127.0.0.1:80` also begins `http://127.0.0.1:8000` and `...:80@elsewhere`."""
    allowed = urlsplit(prefix)
    return (parts.scheme, parts.netloc) == (allowed.scheme, allowed.netloc) and parts.scheme in {"http", "https"}
