"""Everything that a system stores or writes anywhere, as texts: each with the place that it stands in."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import psycopg
import redis
from attrs import frozen
from psycopg import sql
from psycopg.rows import dict_row

from notify_adapters.encryption import AesGcmCipher
from notify_adapters.postgres import sealing
from notify_cli.dev.system import DevSystem
from notify_core.idempotency.model import RequestKey, Source

_EVERY_TABLE = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
ORDER BY relname
"""
_MOST_RECEIVED = 10


@frozen
class Piece:
    """A text, and where it stands: `table.column`, `queue ...`, `bucket ...`, `redis` or `log ...`."""

    place: str
    text: str


Row = Mapping[str, Any]
Opener = Callable[[AesGcmCipher, Row], object]


def _answer(cipher: AesGcmCipher, row: Row) -> object:
    if row["answer"] is None:
        return None
    key = RequestKey(
        service_id=row["service_id"],
        source=Source.HEADER,
        key_hash=row["key_hash"],
        request_hash=row["request_hash"],
    )
    return sealing.open_answer(cipher, key, row["answer"]).decode()


def _endpoint(cipher: AesGcmCipher, row: Row) -> object:
    return sealing.open_endpoint(cipher, row["id"], row["encrypted_token"], row["encrypted_secrets"])


#: How what is encrypted is read.
OPENERS: Mapping[tuple[str, str], Opener] = {
    ("notification_contents", "personalisation"): lambda cipher, row: sealing.open_values(
        cipher, row["notification_id"], row["personalisation"]
    ),
    ("idempotency_keys", "answer"): _answer,
    ("inbound_sms", "content"): lambda cipher, row: sealing.open_text(cipher, row["id"], row["content"]),
    ("callbacks", "body"): lambda cipher, row: sealing.open_callback(cipher, row["id"], row["body"]).decode(),
    ("bulk_rows_apart", "sealed"): lambda cipher, row: sealing.open_row(
        cipher, row["job_id"], row["row_number"], row["sealed"]
    ).decode(),
    ("api_keys", "encrypted_secret"): lambda cipher, row: sealing.open_secret(
        cipher, row["id"], row["encrypted_secret"]
    ),
    ("callback_endpoints", "encrypted_token"): _endpoint,
    ("callback_endpoints", "encrypted_secrets"): _endpoint,
}
#: What is not text, and nothing that could be read.
HASHES = frozenset(
    {
        ("idempotency_keys", "key_hash"),
        ("idempotency_keys", "request_hash"),
        ("api_keys", "secret_fingerprint"),
    }
)


def everything(system: DevSystem) -> Iterator[Piece]:
    """Yield all that the system keeps. What is on queues is received by that, and hidden for a while."""
    yield from rows(system)
    yield from queued(system)
    yield from files(system)
    yield from cached(system)
    yield from logged(system.directory.logs)


def rows(system: DevSystem) -> Iterator[Piece]:
    """Yield every value of every table: as it is stored, and decrypted."""
    cipher = AesGcmCipher(system.parts.settings.encryption_keys)
    with psycopg.connect(system.parts.postgres.url, row_factory=dict_row) as connection:
        tables = [row["relname"] for row in connection.execute(_EVERY_TABLE)]
        for table in tables:
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))):
                for column, value in row.items():
                    yield from _values(cipher, table, column, row, value)


def _values(cipher: AesGcmCipher, table: str, column: str, row: Row, value: object) -> Iterator[Piece]:
    place = f"{table}.{column}"
    if isinstance(value, bytes):
        yield Piece(place, value.decode("latin-1"))
        if (table, column) not in HASHES:
            yield Piece(f"{place} (decrypted)", str(OPENERS[table, column](cipher, row)))
    elif value is not None:
        yield Piece(place, str(value))


def queued(system: DevSystem) -> Iterator[Piece]:
    """Yield every message on every queue, dead-letter queues too: as it is, and unpacked."""
    client: Any = _client(system, "sqs", system.parts.queues_url)
    for url in client.list_queues().get("QueueUrls", []):
        while messages := client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=_MOST_RECEIVED, MessageAttributeNames=["All"], VisibilityTimeout=60
        ).get("Messages"):
            for message in messages:
                for text in unpacked(json.dumps(message)):
                    yield Piece(f"queue {url.rpartition('/')[2]}", text)


def unpacked(text: str) -> Iterator[str]:
    """Yield the text, and everything that is packed in it as JSON or base64, however deep."""
    yield text
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from unpacked(inner if isinstance(inner, str) else json.dumps(inner))
        return
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return
    if decoded and decoded != text:
        yield from unpacked(decoded)


def files(system: DevSystem) -> Iterator[Piece]:
    """Yield every file in every bucket: its name, what is told of it, and its content."""
    client: Any = _client(system, "s3", system.parts.at.url("aws"))
    for bucket in (found["Name"] for found in client.list_buckets()["Buckets"]):
        for found in client.list_objects_v2(Bucket=bucket).get("Contents", []):
            stored = client.get_object(Bucket=bucket, Key=found["Key"])
            yield Piece(f"bucket {bucket}", f"{found['Key']} {stored['Metadata']}")
            yield Piece(f"bucket {bucket}", stored["Body"].read().decode("utf-8", "replace"))


def cached(system: DevSystem) -> Iterator[Piece]:
    """Yield every key of Redis, and its value."""
    url = system.parts.settings.redis_url
    if url is None:
        return
    client: Any = redis.Redis.from_url(url)
    for key in client.scan_iter():
        readers = {b"string": client.get, b"hash": client.hgetall, b"zset": lambda name: client.zrange(name, 0, -1)}
        value = readers[client.type(key)](key)
        yield Piece("redis", f"{key.decode('utf-8', 'replace')} {value!r}")
    client.close()


def logged(directory: Path) -> Iterator[Piece]:
    """Yield every line of every log."""
    for path in sorted(directory.glob("*.log")):
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                yield Piece(f"log {path.stem}", line)


def _client(system: DevSystem, name: Any, url: str) -> Any:
    environment = system.parts.environment
    return boto3.client(
        name,
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
