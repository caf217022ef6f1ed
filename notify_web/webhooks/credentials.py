"""Basic authentication of providers."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable

from notify_core.vocabulary import ProviderName
from notify_web.ports import Credentials, HttpRequest, ports_of
from notify_web.webhooks.refusals import UnknownSender, UntrustedSender

_SCHEME = "basic "


def check_sender(request: HttpRequest, provider: ProviderName) -> None:
    """Let anybody report unless an operator has set a password. Raises UnknownSender or UntrustedSender."""
    expected = ports_of(request).options.receipt_credentials.get(provider)
    if expected is not None:
        _check(request, [expected])


def check_texter(request: HttpRequest, provider: ProviderName) -> None:
    """Let only those bring texts who have a password for it. Raises UnknownSender or UntrustedSender.

    Where an operator has set none, nobody has: anybody could put words into people's mouths.
    """
    _check(request, ports_of(request).options.inbound_credentials.get(provider, ()))


def _check(request: HttpRequest, accepted: Iterable[Credentials]) -> None:
    given = request.headers.get("authorization")
    if not given:
        raise UnknownSender
    decoded = _decoded(given)
    # All are compared, so that the time it takes does not tell which of them comes close.
    matches = [hmac.compare_digest(decoded, ":".join(pair).encode()) for pair in accepted]
    if not any(matches):
        raise UntrustedSender


def _decoded(authorization: str) -> bytes:
    if authorization[: len(_SCHEME)].lower() != _SCHEME:
        return b""
    try:
        return base64.b64decode(authorization[len(_SCHEME) :].strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
