"""Signatures by which a service knows that a callback is ours, and fresh: Standard Webhooks, version 1.

`whsec_` and base64 is how a secret is written; what is signed is `{webhook-id}.{webhook-timestamp}.{body}`, with
HMAC-SHA256. During a rotation there is a signature for each secret, and whoever verifies takes any of them.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

_PREFIX = "whsec_"


def secret_from(randomness: str) -> str:
    """Return the signing secret made of a text that nobody can guess.

    >>> secret_from("nobody guesses this")
    'whsec_kLPgNu9yfZT4voaSyzo94+/PhNmYKI4VTjnAA2r6WIc='
    """
    return _PREFIX + base64.b64encode(sha256(randomness.encode()).digest()).decode()


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """Return the signature of one call, `v1,` and base64."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()


def signature_headers(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers that a call brings. `message_id` is the same however often it is repeated."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(sign(secret, message_id, at, body) for secret in secrets),
    }
