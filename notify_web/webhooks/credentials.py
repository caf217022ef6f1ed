"""Basic authentication of providers."""

from __future__ import annotations

import base64
import binascii
import hmac

from notify_core.vocabulary import ProviderName
from notify_web.ports import HttpRequest, ports_of
from notify_web.webhooks.refusals import UnknownSender, UntrustedSender

_SCHEME = "basic "


def check_sender(request: HttpRequest, provider: ProviderName) -> None:
    """Let anybody in unless an operator has set a password. Raises UnknownSender or UntrustedSender."""
    expected = ports_of(request).options.receipt_credentials.get(provider)
    if expected is None:
        return
    given = request.headers.get("authorization")
    if not given:
        raise UnknownSender
    if not hmac.compare_digest(_decoded(given), ":".join(expected).encode()):
        raise UntrustedSender


def _decoded(authorization: str) -> bytes:
    if authorization[: len(_SCHEME)].lower() != _SCHEME:
        return b""
    try:
        return base64.b64decode(authorization[len(_SCHEME) :].strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
