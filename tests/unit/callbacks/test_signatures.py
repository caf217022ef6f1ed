"""Callbacks are signed as Standard Webhooks has it."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime
from hashlib import sha256

from notify_core.callbacks.signatures import secret_from, sign, signature_headers


def test_the_published_example_comes_out() -> None:
    """The values are those with which libraries for receivers show that they verify."""
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_secret_signs_the_newest_first() -> None:
    at, body, secrets = datetime(2026, 11, 21, 12, tzinfo=UTC), b"{}", [secret_from("new"), secret_from("old")]
    headers = signature_headers(secrets, "id", at, body)
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("id", "1795262400")
    wanted = []
    for secret in secrets:
        key = base64.b64decode(secret[len("whsec_") :])
        assert len(key) == 32
        wanted.append("v1," + base64.b64encode(hmac.digest(key, b"id.1795262400.{}", sha256)).decode())
    assert headers["webhook-signature"].split(" ") == wanted
