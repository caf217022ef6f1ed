"""Personal data is kept where it is said to be, and nowhere once it has expired."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import psycopg
import pytest
import redis
from sqlalchemy import LargeBinary

from notify_adapters.assembly import Role, assemble
from notify_adapters.embedded import free_port
from notify_adapters.memory import FixedClock
from notify_adapters.postgres.tables import metadata
from notify_cli.dev.parts import CONTACT_LIST_BUCKET, CSV_BUCKET, QUEUE_PREFIX
from notify_cli.dev.system import DevSystem
from notify_cli.worlds import load_world
from notify_core.outbox.model import Queue
from tests.integration.personal_data.canaries import Canaries
from tests.integration.personal_data.letting_go import let_go
from tests.integration.personal_data.life import SETTINGS, WORLD, Life, a_platform
from tests.integration.personal_data.places import HASHES, OPENERS, Piece, everything

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "personal-data.md"

#: Longer than anything is kept: the addresses of those who unsubscribed, for 90 days.
LATER = timedelta(days=100)

#: Where personal data may stand while it is needed, and why. All else is a leak.
KEPT: Mapping[str, str] = {
    "notification_contents.recipient": "whom to write to, and to find the message again",
    "notification_contents.normalised_recipient": "to find the message again, however the recipient was written",
    "notification_contents.personalisation (decrypted)": "what to write; encrypted",
    "notification_contents.client_reference": "what the service calls the message, to find it again",
    "notification_contents.one_click_unsubscribe_url": "goes into the email's header",
    "idempotency_keys.answer (decrypted)": "to be told again; encrypted",
    "bulk_rows_apart.sealed (decrypted)": "what was refused of a bulk, and why; encrypted",
    "callbacks.body (decrypted)": "what a service is told; encrypted",
    "inbound_sms.user_number": "who texted, to find the text again",
    "inbound_sms.content (decrypted)": "what was texted; encrypted",
    "inbound_sms.provider_reference": "tells a text that is brought twice",
    "unsubscribe_requests.email_address": "whom the service is to write to no more",
    "jobs.original_file_name": "what people know the file by",
    "jobs.client_reference": "what the service calls the bulk",
    "jobs.header": "how the file is read; a file without a header has a person there",
    "service_contact_lists.original_file_name": "what people know the list by",
    "waiting_receipts.reference": "a receipt may come before we know the message's reference; for seven days",
    f"bucket {CSV_BUCKET}": "the files that messages are made of",
    f"bucket {CONTACT_LIST_BUCKET}": "the files of contact lists, until they are removed",
}

#: The settings that name the buckets.
BUCKETS = {
    f"bucket {CSV_BUCKET}": "S3_BUCKET_CSV_UPLOAD",
    f"bucket {CONTACT_LIST_BUCKET}": "S3_BUCKET_CONTACT_LIST",
}

#: What goes with them, and that no canary stands in: it is written by the platform itself, or set by the service.
NOT_PEOPLES = {"notification_contents.reply_to_text", "notification_events.detail", "callback_attempts.failure"}

Found = Mapping[str, set[str]]


@pytest.fixture
def system(tmp_path: Path) -> Iterator[DevSystem]:
    with WORLD.open(encoding="utf-8") as file:
        world = load_world(file)
    directory = tmp_path / "data"
    with DevSystem(data_dir=directory, port=free_port(), environment=SETTINGS, wanted_world=world) as running:
        yield running


def search(canaries: Canaries, pieces: Iterable[Piece]) -> Found:
    """Return what was found, by the place."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for piece in pieces:
        if names := canaries.found_in(piece.text):
            found[piece.place] |= names
    return dict(found)


def test_personal_data_is_where_it_is_said_to_be_and_nowhere_after_it_expired(
    system: DevSystem, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in system.parts.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    canaries = Canaries()
    platform = a_platform(system)
    life = Life(system, canaries, platform)
    life.goes_by()
    before = search(canaries, everything(system))
    assert {place: names for place, names in before.items() if place not in KEPT} == {}
    assert set(KEPT) - set(before) == set()

    life.remove_contact_lists()
    platform.close()
    for part in ("beat", "relay", "worker", "web"):
        system.supervisor.children[part].stop()
    clock = FixedClock(datetime.now(UTC) + LATER)
    later = assemble(system.parts.settings, Role.WORKER, clock=clock)
    let_go(later)
    later.close()
    assert search(canaries, everything(system)) == {}
    assert search(canaries, [Piece("what was printed", "".join(capfd.readouterr()))]) == {}

    assert search(canaries, planted(system, canaries)) == {}
    assert {place.partition(" ")[0] for place in search(canaries, everything(system))} == {
        "users.name",
        "queue",
        "bucket",
        "redis",
        "log",
    }


def planted(system: DevSystem, canaries: Canaries) -> Iterator[Piece]:
    """Put a canary into one place of each kind: where the search does not find them, it proves nothing."""
    with psycopg.connect(system.parts.postgres.url) as connection:
        connection.execute("UPDATE users SET name = %s", (canaries.number("planted"),))
    sqs, s3 = (
        boto3.client(name, endpoint_url=url, region_name="eu-west-1")
        for name, url in (("sqs", system.parts.queues_url), ("s3", system.parts.at.url("aws")))
    )
    url = sqs.get_queue_url(QueueName=f"{QUEUE_PREFIX}{Queue.SEND_SMS}-dead-letter")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=canaries.word("planted"))
    s3.put_object(Bucket=CSV_BUCKET, Key="x", Metadata={"name": canaries.word("planted")}, Body=b"")
    redis.Redis.from_url(str(system.parts.settings.redis_url)).set(canaries.word("planted"), "x")
    (system.directory.logs / "web.log").write_text(canaries.address("planted"))
    return iter(())


def test_the_documentation_tells_of_every_place() -> None:
    told = re.findall(r"^\| `([^`]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    places = {BUCKETS.get(place) or place.removesuffix(" (decrypted)") for place in KEPT}
    assert sorted(told) == sorted(places | NOT_PEOPLES)


def test_the_search_can_read_all_that_is_encrypted() -> None:
    binary = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert binary == OPENERS.keys() | HASHES
