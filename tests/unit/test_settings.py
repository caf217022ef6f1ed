"""Settings: all that is wrong is said at once, secrets are not said at all, and the documentation is complete."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from notify_adapters.settings import described, read_settings
from notify_core.errors import ConfigurationError

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "settings.md"
KEYS = json.dumps({"k": base64.b64encode(b"k" * 32).decode()})
ENOUGH = {
    "NOTIFY_ENVIRONMENT": "test",
    "SQLALCHEMY_DATABASE_URI": "postgresql://notify:hunter2@db.example/notify",
    "NOTIFY_ENCRYPTION_KEYS": KEYS,
}


def test_what_is_enough() -> None:
    settings = read_settings(ENOUGH)
    assert settings.database_url == "postgresql+psycopg://notify:hunter2@db.example/notify"
    assert settings.encryption_keys == {"k": b"k" * 32}
    assert (settings.port, settings.redis_enabled, settings.uses_redis) == (8080, True, False)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("PORT", "http", "PORT: 'http' is not a whole number"),
        ("PORT", "0", "PORT: 0 is not a port; use 1 to 65535"),
        ("PORT", "70000", "PORT: 70000 is not a port; use 1 to 65535"),
        ("CONCURRENCY", "0", "CONCURRENCY: 0 is too little; use 1 or more"),
        ("CONCURRENCY", "-1", "CONCURRENCY: -1 is negative; use 0 or more"),
        ("REDIS_ENABLED", "yes", "REDIS_ENABLED: 'yes' is neither 1 (on) nor 0 (off)"),
        ("REDIS_URL", "localhost", "REDIS_URL is not a URL that begins with redis:// or rediss://"),
        ("MMG_URL", "http://[", "MMG_URL is not a URL that begins with http:// or https://"),
        ("SQLALCHEMY_DATABASE_URI", "mysql://x", "is not a URL that begins with postgresql://"),
        ("INTERNAL_CLIENT_API_KEYS", "{", "INTERNAL_CLIENT_API_KEYS is not JSON"),
        ("INTERNAL_CLIENT_API_KEYS", '{"a": "b"}', 'is not JSON such as {"client-id"'),
        ("NOTIFY_ENCRYPTION_KEYS", "{}", "NOTIFY_ENCRYPTION_KEYS is not JSON such as"),
        ("NOTIFY_ENCRYPTION_KEYS", '{"k": "***"}', "key 'k' is not base64"),
        ("NOTIFY_ENCRYPTION_KEYS", '{"k": "eA=="}', "key 'k' has 1 bytes; use 32"),
        ("MMG_DELIVERY_STATUS_CALLBACK_BASIC_AUTH_CREDENTIALS", '["u"]', 'is neither null nor JSON such as ["user"'),
    ],
)
def test_what_will_not_do_is_named_with_the_way_out(name: str, value: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_settings(ENOUGH | {name: value})
    assert problem in str(refused.value)
    assert "`notify settings`" in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_settings({"PORT": "x"})
    for name in (*ENOUGH, "PORT"):
        assert name in str(refused.value)


def test_secrets_are_never_shown() -> None:
    settings = read_settings(ENOUGH | {"MMG_API_KEY": "swordfish"})
    assert "hunter2" not in repr(settings)
    assert "swordfish" not in repr(settings)
    with pytest.raises(ConfigurationError) as refused:
        read_settings(ENOUGH | {"SQLALCHEMY_DATABASE_URI": "mysql://u:hunter2@h/d"})
    assert "hunter2" not in str(refused.value)


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    rows = [line.split("|")[1] for line in DOCUMENTATION.read_text().splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)}
    assert documented == {name for name, *_ in described()}
