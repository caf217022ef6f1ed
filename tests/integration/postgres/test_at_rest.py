"""What is written is not readable without the keys, and not usable in another place."""

# ruff: noqa: S608 - tables are named by us

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from notify_adapters.encryption import AesGcmCipher, DecryptionFailed
from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_core.api_keys.model import ApiKey
from notify_core.bulk.model import RowApart
from notify_core.callbacks.model import Callback, CallbackKind, Endpoint
from notify_core.errors import Conflict
from notify_core.identifiers import uuid7
from notify_core.inbound.model import PageOfTexts, ReceivedText
from notify_core.notifications.model import Contents, Message, Notification
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.services.model import Service
from notify_core.vocabulary import Channel, KeyType, ProviderName

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SERVICE, KEY, OTHER_KEY, MESSAGE, OTHER_MESSAGE, TEXT, OTHER_TEXT, BULK = (
    uuid7(NOW, number) for number in range(1, 9)
)
TEXTS = PageOfTexts(service_id=SERVICE, days_kept=7, limit=9)
ENDPOINT = uuid7(NOW, 8)
CALLBACK = Callback(
    id=uuid7(NOW, 9),
    endpoint_id=ENDPOINT,
    service_id=SERVICE,
    kind=CallbackKind.INBOUND_SMS,
    subject_id=TEXT,
    body=b"gingerbread",
    created_at=NOW,
    queued_at=NOW,
    next_attempt_at=NOW,
    expires_on=date(2026, 11, 29),
)
OLD, NEW = {"2026-10": b"o" * 32}, {"2026-11": b"n" * 32}


def database_with(engine: Engine, keys: dict[str, bytes]) -> PostgresDatabase:
    return PostgresDatabase(engine, AesGcmCipher(keys), FixedClock(NOW))


@pytest.fixture
def stored(own_engine: Engine) -> Engine:
    with database_with(own_engine, OLD).begin() as work:
        work.services.add(Service(id=SERVICE, name="Badge", created_at=NOW))
        for key_id, secret in ((KEY, "open sesame"), (OTHER_KEY, "abracadabra")):
            work.api_keys.add(_key(key_id, secret))
        for message_id, name in ((MESSAGE, "Rumpelstiltskin"), (OTHER_MESSAGE, "Tom")):
            work.notifications.accept(*_message(message_id, name))
        for text_id, content in ((TEXT, "Sesame seeds"), (OTHER_TEXT, "Salt")):
            work.inbound.add(_text(text_id, content))
        work.callbacks.save_endpoint(
            Endpoint(
                id=ENDPOINT,
                service_id=SERVICE,
                url="https://badge.example/",
                bearer_token="a token",
                secrets=("whsec_c2VjcmV0",),
                kinds=frozenset(CallbackKind),
                created_at=NOW,
            )
        )
        work.callbacks.add([CALLBACK])
        refused = [RowApart(row=row, recipient=name) for row, name in enumerate(("Goldilocks", "Bear"))]
        work.bulk.set_apart(BULK, refused, expires_on=date(2026, 11, 29))
        work.commit()
    return own_engine


def _text(text_id: UUID, content: str) -> ReceivedText:
    return ReceivedText(
        id=text_id,
        service_id=SERVICE,
        notify_number="07900900500",
        user_number="447900900123",
        content=content,
        provider=ProviderName.MMG,
        created_at=NOW,
        expires_on=date(2026, 11, 29),
    )


def _key(key_id: UUID, secret: str, name: str = "") -> ApiKey:
    return ApiKey(
        id=key_id,
        service_id=SERVICE,
        name=name or secret[::-1],
        key_type=KeyType.NORMAL,
        secret=secret,
        created_at=NOW,
    )


def _message(message_id: UUID, name: str) -> tuple[Message, OutboxEntry]:
    notification = Notification(
        id=message_id,
        service_id=SERVICE,
        template_id=SERVICE,
        template_version=1,
        channel=Channel.SMS,
        key_type=KeyType.NORMAL,
        api_key_id=KEY,
        created_at=NOW,
        expires_on=date(2026, 11, 29),
    )
    contents = Contents(recipient="07700900123", normalised_recipient="447700900123", personalisation={"name": name})
    entry = OutboxEntry(
        id=notification.id,
        task=Task.DELIVER_SMS,
        queue=Queue.SEND_SMS,
        subject_id=notification.id,
        available_at=NOW,
    )
    return Message(notification=notification, contents=contents), entry


def test_neither_secrets_nor_personalisation_can_be_read_in_the_tables(stored: Engine) -> None:
    with stored.connect() as connection:
        kept = b"".join(
            bytes(column) if isinstance(column, bytes) else str(column).encode()
            for table in (
                *("api_keys", "notification_contents", "notifications", "outbox", "inbound_sms"),
                *("callback_endpoints", "callbacks"),
                "api_keys",
                "notification_contents",
                "notifications",
                "outbox",
                "inbound_sms",
                "bulk_rows_apart",
            )
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
            for column in row
        )
    assert b"open sesame" not in kept
    assert b"Rumpelstiltskin" not in kept
    assert b"seeds" not in kept
    assert b"a token" not in kept
    assert b"whsec_" not in kept
    assert b"gingerbread" not in kept
    assert b"Goldilocks" not in kept
    assert b"2026-10" in kept, "the key's id stands in front"


def test_keys_rotate(stored: Engine) -> None:
    with database_with(stored, NEW | OLD).statement() as work:
        key = work.api_keys.find(KEY)
        message = work.notifications.find(SERVICE, MESSAGE)
        texts = work.inbound.list_page(TEXTS)
        [endpoint] = work.callbacks.list_endpoints(SERVICE)
        [lease] = work.callbacks.lease([ENDPOINT], now=NOW, until=NOW + timedelta(seconds=1), ailing=False).mine
        assert work.callbacks.due(lease, now=NOW, until=lease.until, limit=1) == [CALLBACK]
        rows = work.bulk.list_apart(BULK, first_row=0, row_count=9)
    assert (endpoint.bearer_token, endpoint.secrets) == ("a token", ("whsec_c2VjcmV0",))
    assert [row.recipient for row in rows] == ["Goldilocks", "Bear"]
    assert [text.content for text in texts] == ["Salt", "Sesame seeds"]
    assert key is not None
    assert message is not None
    assert (key.secret, message.contents.personalisation) == ("open sesame", {"name": "Rumpelstiltskin"})


def test_without_its_key_nothing_is_read(stored: Engine) -> None:
    with database_with(stored, NEW).statement() as work:
        with pytest.raises(DecryptionFailed, match="2026-10"):
            work.api_keys.find(KEY)
        with pytest.raises(DecryptionFailed, match="2026-10"):
            work.notifications.find(SERVICE, MESSAGE)


def test_what_was_copied_to_another_row_is_not_read(stored: Engine) -> None:
    with stored.connect() as connection:
        connection.exec_driver_sql(
            "UPDATE notification_contents SET personalisation ="
            f" (SELECT personalisation FROM notification_contents WHERE notification_id = '{OTHER_MESSAGE}')"
        )
        connection.exec_driver_sql(
            f"UPDATE inbound_sms SET content = (SELECT content FROM inbound_sms WHERE id = '{OTHER_TEXT}')"
        )
        connection.exec_driver_sql(
            "UPDATE bulk_rows_apart SET sealed = (SELECT sealed FROM bulk_rows_apart WHERE row_number = 1)"
        )
        connection.exec_driver_sql(
            f"UPDATE api_keys SET encrypted_secret = (SELECT encrypted_secret FROM api_keys WHERE id = '{OTHER_KEY}')"
        )
    with database_with(stored, OLD).statement() as work:
        with pytest.raises(DecryptionFailed):
            work.notifications.find(SERVICE, MESSAGE)
        with pytest.raises(DecryptionFailed):
            work.api_keys.find(KEY)
        with pytest.raises(DecryptionFailed):
            work.inbound.list_page(TEXTS)
        with pytest.raises(DecryptionFailed):
            work.bulk.list_apart(BULK, first_row=0, row_count=1)
        assert work.notifications.find(SERVICE, OTHER_MESSAGE) is not None


def test_a_secret_belongs_to_one_key(stored: Engine) -> None:
    with database_with(stored, OLD).statement() as work, pytest.raises(Conflict) as refusal:
        work.api_keys.add(_key(uuid7(NOW, 99), "open sesame", name="third"))
    assert "sesame" not in str(refusal.value)
