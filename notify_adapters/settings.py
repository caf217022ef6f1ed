"""Settings from the environment, read once, checked at once, under the names operators know.

Every problem is reported together, each with the variable's name and the way out; values are never echoed
where they may be secret. `docs/settings.md` describes each; a test holds the two together.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from attrs import field, fields, frozen

from notify_core.errors import ConfigurationError

_Value = TypeVar("_Value")

_KEY_BYTES = 32


class _Invalid(ValueError):
    """A value that will not do; the message says what would."""


def _text(value: str) -> str:
    return value


def _whole_number(value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise _Invalid(f"{value!r} is not a whole number") from None
    if number < 0:
        raise _Invalid(f"{number} is negative; use 0 or more")
    return number


def _port(value: str) -> int:
    number = _whole_number(value)
    if not 0 < number < 65536:
        raise _Invalid(f"{number} is not a port; use 1 to 65535")
    return number


def _positive(value: str) -> int:
    number = _whole_number(value)
    if number == 0:
        raise _Invalid("0 is too little; use 1 or more")
    return number


def _flag(value: str) -> bool:
    if value not in {"0", "1"}:
        raise _Invalid(f"{value!r} is neither 1 (on) nor 0 (off)")
    return value == "1"


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        try:
            parts = urlsplit(value)
            fine = parts.scheme in schemes and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            fine = False
        if not fine:
            raise _Invalid(f"is not a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return value.rstrip("/") if "?" not in value else value

    return parse


def _database_url(value: str) -> str:
    """Accept the usual spellings and return the one that selects psycopg 3."""
    scheme, separator, rest = value.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"} or not rest:
        raise _Invalid("is not a URL that begins with postgresql://")
    return f"postgresql+psycopg://{rest}"


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        raise _Invalid("is not JSON") from None


def _credentials(value: str) -> tuple[str, str] | None:
    pair = _json(value)
    if pair is None:
        return None
    if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) and part for part in pair):
        return pair[0], pair[1]
    raise _Invalid('is neither null nor JSON such as ["user", "password"]')


def _list_of_texts(value: str) -> tuple[str, ...]:
    texts = _json(value)
    if isinstance(texts, list) and all(isinstance(text, str) and text for text in texts):
        return tuple(texts)
    raise _Invalid('is not JSON such as ["one", "another"]')


def _client_keys(value: str) -> Mapping[str, tuple[str, ...]]:
    keys = _json(value)
    if not isinstance(keys, dict) or not all(
        isinstance(secrets, list) and all(isinstance(secret, str) and secret for secret in secrets)
        for secrets in keys.values()
    ):
        raise _Invalid('is not JSON such as {"client-id": ["secret", "older secret"]}')
    return {name: tuple(secrets) for name, secrets in keys.items()}


def _encryption_keys(value: str) -> Mapping[str, bytes]:
    keys = _json(value)
    if not isinstance(keys, dict) or not keys:
        raise _Invalid('is not JSON such as {"2026-11": "<32 random bytes, base64>"}; the first key encrypts')
    decoded: dict[str, bytes] = {}
    for name, text in keys.items():
        try:
            decoded[name] = base64.b64decode(str(text), validate=True)
        except (binascii.Error, ValueError):
            raise _Invalid(f"key {name!r} is not base64") from None
        if len(decoded[name]) != _KEY_BYTES:
            raise _Invalid(f"key {name!r} has {len(decoded[name])} bytes; use {_KEY_BYTES}")
    return decoded


def _texts(value: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)


def _setting(
    names: str,
    parse: Callable[[str], _Value],
    *,
    default: Any = None,
    required: bool = False,
    secret: bool = False,
) -> Any:
    metadata = {"names": names.split(), "parse": parse, "required": required, "secret": secret}
    if required:
        return field(metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@frozen(kw_only=True)
class Settings:
    """What an operator can set. Durations end in their unit; URLs carry no trailing slash."""

    environment: str = _setting("NOTIFY_ENVIRONMENT", _text, required=True)

    # Stores
    database_url: str = _setting("SQLALCHEMY_DATABASE_URI DATABASE_URL", _database_url, required=True, secret=True)
    database_pool_size: int = _setting("SQLALCHEMY_POOL_SIZE", _positive, default=5)
    database_statement_timeout_ms: int = _setting("DATABASE_STATEMENT_TIMEOUT_MS", _positive, default=30_000)
    redis_url: str | None = _setting("REDIS_URL", _url("redis", "rediss"), secret=True)
    redis_enabled: bool = _setting("REDIS_ENABLED", _flag, default=True)
    encryption_keys: Mapping[str, bytes] = _setting(
        "NOTIFY_ENCRYPTION_KEYS", _encryption_keys, required=True, secret=True
    )

    # AWS
    aws_region: str = _setting("AWS_REGION", _text, default="eu-west-1")
    aws_account_id: str = _setting("AWS_ACCOUNT_ID", _text, default="123456789012")
    queue_prefix: str = _setting("NOTIFICATION_QUEUE_PREFIX", _text, default="")
    sqs_endpoint_url: str | None = _setting("AWS_ENDPOINT_URL_SQS", _url("http", "https"))
    s3_endpoint_url: str | None = _setting("AWS_ENDPOINT_URL_S3", _url("http", "https"))
    ses_endpoint_url: str | None = _setting("AWS_ENDPOINT_URL_SESV2", _url("http", "https"))
    message_groups: bool = _setting("ENABLE_SQS_MESSAGE_GROUP_IDS", _flag, default=True)
    csv_upload_bucket: str | None = _setting("S3_BUCKET_CSV_UPLOAD", _text)
    contact_list_bucket: str | None = _setting("S3_BUCKET_CONTACT_LIST", _text)
    letters_pdf_bucket: str | None = _setting("S3_BUCKET_LETTERS_PDF", _text)
    invalid_pdf_bucket: str | None = _setting("S3_BUCKET_INVALID_PDF", _text)
    test_letters_bucket: str | None = _setting("S3_BUCKET_TEST_LETTERS", _text)
    deep_history_bucket: str | None = _setting(
        "S3_BUCKET_NOTIFICATION_DEEP_HISTORY S3_BUCKET_NOTIFICATIONS_DEEP_HISTORY", _text
    )
    deep_history_prefix: str = _setting("NOTIFICATION_DEEP_HISTORY_S3_KEY_PREFIX", _text, default="")
    deep_history_min_age_days: int = _setting("NOTIFICATION_DEEP_HISTORY_MIN_AGE_DAYS", _positive, default=365)
    deep_history_hours_in_run: int = _setting(
        "NOTIFICATION_DEEP_HISTORY_MAX_HOURS_ARCHIVED_IN_RUN", _positive, default=240
    )
    deep_history_removes: bool = _setting("NOTIFICATION_DEEP_HISTORY_DELETE_ARCHIVED", _flag, default=True)
    ses_topic_arns: tuple[str, ...] = _setting("SES_TOPIC_ARNS", _texts, default=())
    sns_certificate_urls: tuple[str, ...] = _setting("SNS_CERTIFICATE_URL_PREFIXES", _texts, default=())

    # Providers
    mmg_url: str = _setting("MMG_URL", _url("http", "https"), default="https://api.mmg.co.uk/jsonv2a/api.php")
    mmg_api_key: str | None = _setting("MMG_API_KEY", _text, secret=True)
    mmg_receipt_url: str | None = _setting("MMG_RECEIPT_URL", _url("http", "https"))
    firetext_url: str = _setting(
        "FIRETEXT_URL", _url("http", "https"), default="https://www.firetext.co.uk/api/sendsms/json"
    )
    firetext_api_key: str | None = _setting("FIRETEXT_API_KEY", _text, secret=True)
    firetext_international_api_key: str | None = _setting("FIRETEXT_INTERNATIONAL_API_KEY", _text, secret=True)
    firetext_receipt_url: str | None = _setting("FIRETEXT_RECEIPT_URL", _url("http", "https"))
    mmg_receipt_credentials: tuple[str, str] | None = _setting(
        "MMG_DELIVERY_STATUS_CALLBACK_BASIC_AUTH_CREDENTIALS", _credentials, secret=True
    )
    firetext_receipt_credentials: tuple[str, str] | None = _setting(
        "FIRETEXT_DELIVERY_STATUS_CALLBACK_BASIC_AUTH_CREDENTIALS", _credentials, secret=True
    )
    mmg_inbound_usernames: tuple[str, ...] = _setting("MMG_INBOUND_SMS_USERNAME", _list_of_texts, default=())
    mmg_inbound_passwords: tuple[str, ...] = _setting("MMG_INBOUND_SMS_AUTH", _list_of_texts, default=(), secret=True)
    firetext_inbound_passwords: tuple[str, ...] = _setting(
        "FIRETEXT_INBOUND_SMS_AUTH", _list_of_texts, default=(), secret=True
    )
    email_domain: str = _setting("NOTIFY_EMAIL_DOMAIN", _text, default="notify.localhost")
    from_number: str = _setting("FROM_NUMBER", _text, default="GOVUK")
    documents_url: str = _setting(
        "DOCUMENT_DOWNLOAD_API_HOST", _url("http", "https"), default="http://localhost:7000"
    )
    documents_internal_url: str | None = _setting("DOCUMENT_DOWNLOAD_API_HOST_INTERNAL", _url("http", "https"))
    documents_api_key: str | None = _setting("DOCUMENT_DOWNLOAD_API_KEY", _text, secret=True)

    # Web
    admin_base_url: str = _setting("ADMIN_BASE_URL", _url("http", "https"), default="http://localhost:6012")
    api_host_name: str | None = _setting("API_HOST_NAME", _url("http", "https"))
    internal_clients: Mapping[str, tuple[str, ...]] = _setting(
        "INTERNAL_CLIENT_API_KEYS", _client_keys, default={}, secret=True
    )
    port: int = _setting("PORT", _port, default=8080)
    web_workers: int = _setting("WEB_WORKERS", _positive, default=2)
    web_threads: int = _setting("WEB_THREADS", _positive, default=16)
    rate_limit_enabled: bool = _setting("API_RATE_LIMIT_ENABLED", _flag, default=True)
    git_commit: str | None = _setting("NOTIFY_GIT_COMMIT", _text)
    build_time: str | None = _setting("NOTIFY_BUILD_TIME", _text)

    # Workers
    concurrency: int = _setting("CONCURRENCY", _positive, default=4)
    max_tasks_per_child: int = _setting("CELERYD_WORKER_MAX_TASKS_PER_CHILD", _positive, default=20_000)
    prefetch_multiplier: int = _setting("CELERYD_PREFETCH_MULTIPLIER", _positive, default=1)
    worker_ready_file: str | None = _setting("WORKER_READY_FILE", _text)
    provider_calls_in_flight: int = _setting("PROVIDER_CALLS_IN_FLIGHT", _positive, default=30)
    delivery_lease_seconds: int = _setting("DELIVERY_LEASE_SECONDS", _positive, default=30)
    delivery_retry_seconds: int = _setting("DELIVERY_RETRY_SECONDS", _positive, default=300)
    in_doubt_wait_seconds: int = _setting("IN_DOUBT_WAIT_SECONDS", _positive, default=120)
    late_texts_alarm: bool = _setting("CHECK_SLOW_TEXT_MESSAGE_DELIVERY", _flag, default=True)
    low_inbound_numbers: int = _setting("LOW_INBOUND_SMS_NUMBER_THRESHOLD", _whole_number, default=50)
    callbacks_to_loopback: bool = _setting("CALLBACKS_TO_LOOPBACK", _flag, default=False)
    relay_interval_ms: int = _setting("RELAY_INTERVAL_MS", _positive, default=1000)

    # Logs
    log_level: str = _setting("NOTIFY_LOG_LEVEL", _text, default="INFO")

    @property
    def uses_redis(self) -> bool:
        """Whether Redis is switched on and we know where it is."""
        return self.redis_enabled and self.redis_url is not None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check the settings. Raises ConfigurationError, which lists everything that is wrong."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for attribute in fields(Settings):
        names, parse = attribute.metadata["names"], attribute.metadata["parse"]
        found = next((name for name in names if environment.get(name, "") != ""), None)
        if found is None:
            if attribute.metadata["required"]:
                problems.append(f"{names[0]} is not set")
            continue
        try:
            values[attribute.name] = parse(environment[found])
        except _Invalid as error:
            problems.append(f"{found} {error}" if str(error).startswith("is") else f"{found}: {error}")
    if problems:
        raise ConfigurationError(
            "The settings will not do:\n"
            + "\n".join(f"  - {problem}" for problem in problems)
            + "\nSet them in the environment; `notify settings` describes each."
        )
    return Settings(**values)


def described() -> list[tuple[str, str, bool, bool]]:
    """List every setting: its variable, its default as text, whether it is required, whether it is secret."""
    return [
        (
            attribute.metadata["names"][0],
            "" if attribute.metadata["required"] else str(attribute.default),
            attribute.metadata["required"],
            attribute.metadata["secret"],
        )
        for attribute in fields(Settings)
    ]
