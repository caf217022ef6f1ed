"""Receipts early, late, twice, in any order, applied or only stored: a message ends where the status machine says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, field, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock, MemoryDatabase
from notify_adapters.postgres import PostgresDatabase
from notify_core.identifiers import NewId
from notify_core.notifications.apply_waiting_receipts import ApplyWaitingReceipts, Swept
from notify_core.notifications.model import Attempted, Notification, apply_receipt
from notify_core.notifications.record_receipt import (
    ReceiptLog,
    RecordEmailReceipt,
    RecordSmsReceipt,
    SmsReceipt,
    apply_waiting,
)
from notify_core.notifications.status import Status
from notify_core.providers.ses_events import SesEvent
from notify_core.providers.sms_receipts import interpret
from notify_core.unit_of_work import Database, DatabaseUnavailable, UnitOfWork
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.contracts.conftest import CIPHER, Accept, entry_for, ids_of, message_of

Told = tuple[str, str | None]


@frozen
class Stumbling:
    """A database whose transactions can be made to fail: what is stored by one statement stays."""

    database: Database
    stumbles: list[bool] = field(factory=list)

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        if self.stumbles and self.stumbles.pop(0):
            raise DatabaseUnavailable("killed between storing and applying")
        with self.database.begin() as work:
            yield work

    @contextmanager
    def statement(self) -> Iterator[UnitOfWork]:
        with self.database.statement() as work:
            yield work


class Heard(ReceiptLog):
    """Notes what was not applied."""

    def __init__(self) -> None:
        self.waiting: list[tuple[ProviderName, str, str]] = []
        self.unknown: list[tuple[ProviderName, str]] = []
        self.dropped_counts: list[dict[ProviderName, int]] = []

    def left_waiting(self, provider: ProviderName, reference: str, problem: str) -> None:
        self.waiting.append((provider, reference, problem))

    def unmatched(self, provider: ProviderName, reference: str) -> None:
        self.unknown.append((provider, reference))

    def dropped(self, counts: Any) -> None:
        self.dropped_counts.append(dict(counts))


def status_of(database: Database, notification: Notification) -> Status:
    return facts_of(database, notification).status


def facts_of(database: Database, notification: Notification) -> Notification:
    with database.begin() as work:
        found = work.notifications.find_for_receipt(notification_id=notification.id)
    assert found is not None
    return found


def by_the_machine(notification: Notification, provider: ProviderName, told: list[Told]) -> Status:
    """Apply receipts the plain way, each in its turn."""
    for status, code in told:
        meaning = interpret(provider, status, code, current=notification.status)
        becomes = meaning.status if meaning else Status.TECHNICAL_FAILURE
        notification = apply_receipt(notification, becomes, at=notification.created_at)
    return notification.status


told_by_firetext = st.tuples(st.sampled_from(["0", "1", "2", "9"]), st.sampled_from([None, "101", "102", "789"]))
texts = st.fixed_dictionaries(
    {
        "status": st.sampled_from([Status.CREATED, Status.SENDING, Status.SENT, Status.PENDING, Status.CANCELLED]),
        "international": st.booleans(),
        "country_prefix": st.sampled_from(["7", "1"]),
        "key_type": st.sampled_from([KeyType.NORMAL, KeyType.TEST]),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts, st.lists(st.tuples(told_by_firetext, st.booleans()), max_size=6))
@pytest.mark.parametrize("kept_in", ["memory", "postgres"])
def test_a_text_ends_where_the_machine_says(
    request: pytest.FixtureRequest, kept_in: str, facts: dict[str, Any], script: list[tuple[Told, bool]]
) -> None:
    """Whatever the order, and whichever of the receipts were only stored when their process was killed."""
    clock = FixedClock()
    new_id = ids_of(clock)
    database = database_in(request, kept_in, clock)
    message = message_of(new_id(), clock, new_id, **facts)
    with database.statement() as work:
        work.notifications.accept(message, entry_for(message.notification.id, message, new_id()))
    record = RecordSmsReceipt(Stumbling(database, [stumbles for _, stumbles in script]), clock, new_id)
    for (status, code), _ in script:
        clock.advance(timedelta(seconds=1))
        reference = str(message.notification.id)
        record(SmsReceipt(provider=ProviderName.FIRETEXT, reference=reference, status=status, code=code))
    clock.advance(timedelta(minutes=1))
    ApplyWaitingReceipts(database, clock)()
    expected = by_the_machine(message.notification, ProviderName.FIRETEXT, [told for told, _ in script])
    assert status_of(database, message.notification) is expected


def database_in(request: pytest.FixtureRequest, kept_in: str, clock: FixedClock) -> Database:
    if kept_in == "memory":
        return MemoryDatabase(clock)
    engine: Engine = request.getfixturevalue("postgres_engine")
    with engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM waiting_receipts")
    return PostgresDatabase(engine, CIPHER, clock)


ENDS = [Status.DELIVERED, Status.PERMANENT_FAILURE, Status.TEMPORARY_FAILURE]


@frozen
class Report:
    status: Status
    names_us: bool
    stumbles: bool


reports = st.builds(Report, st.sampled_from(ENDS), st.booleans(), st.booleans())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(reports, max_size=3), st.lists(reports, max_size=3), st.booleans())
@pytest.mark.parametrize("kept_in", ["memory", "postgres"])
def test_an_email_ends_as_its_first_receipt_said(
    request: pytest.FixtureRequest, kept_in: str, early: list[Report], late: list[Report], recorded: bool
) -> None:
    """Receipts before and after our own commit of the reference, which may never come."""
    clock = FixedClock()
    new_id = ids_of(clock)
    database = database_in(request, kept_in, clock)
    message = message_of(new_id(), clock, new_id, channel=Channel.EMAIL)
    notification = message.notification
    reference = f"ses-{notification.id}"
    with database.statement() as work:
        work.notifications.accept(message, entry_for(notification.id, message, new_id()))
    stumbling = Stumbling(database, [report.stumbles for report in (*early, *late)])
    record = RecordEmailReceipt(stumbling, clock, new_id)

    def hear(some: list[Report]) -> None:
        for report in some:
            clock.advance(timedelta(seconds=1))
            ours = notification.id if report.names_us else None
            record(SesEvent(reference=reference, status=report.status, occurred_at=None, notification_id=ours))

    hear(early)
    if recorded:
        outcome = Attempted(
            notification_id=notification.id,
            status=Status.SENDING,
            at=clock(),
            sent_by=ProviderName.SES,
            reference=reference,
        )
        with database.statement() as work:
            work.notifications.record([outcome])
        apply_waiting(database, ProviderName.SES, [reference], clock)
    hear(late)
    clock.advance(timedelta(minutes=1))
    ApplyWaitingReceipts(database, clock)()
    ended = facts_of(database, notification)
    everything = [*early, *late]
    if not recorded and not any(report.names_us for report in everything):
        assert ended == notification, "nobody knows yet that it is ours"
        return
    if not everything:
        assert ended.status is Status.SENDING
        return
    assert ended.reference == reference
    assert ended.sent_by is ProviderName.SES
    assert ended.sent_at is not None
    # The first decides, unless it named nobody, and was overtaken by the first that did.
    assert ended.status in {everything[0].status, *[report.status for report in everything if report.names_us][:1]}


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_one_poisonous_receipt_holds_up_no_other(
    database: Database, accept: Accept, clock: FixedClock, new_id: NewId, heard: Heard
) -> None:
    bad, good, same = accept(channel=Channel.EMAIL), accept(), accept(channel=Channel.EMAIL)
    poison = SesEvent(reference="p", status=None, occurred_at=None, notification_id=bad.notification.id)
    email = RecordEmailReceipt(Stumbling(database, [True] * 3), clock, new_id)
    email(poison)
    email(SesEvent(reference="s", status=Status.DELIVERED, occurred_at=None, notification_id=same.notification.id))
    text = RecordSmsReceipt(Stumbling(database, [True]), clock, new_id)
    text(SmsReceipt(provider=ProviderName.MMG, reference=str(good.notification.id), status="3"))
    spoil(database, clock)
    sweep = ApplyWaitingReceipts(database, clock, heard)
    assert sweep() == Swept(applied=0, left=0, dropped=0), "just stored: left to whoever stored it"
    clock.advance(timedelta(minutes=1))
    swept = sweep()
    assert (swept.applied, swept.left, swept.dropped) == (2, 1, 0)
    assert heard.waiting == [(ProviderName.SES, "p", "ValueError")]
    assert status_of(database, bad.notification) is Status.CREATED
    assert status_of(database, good.notification) is Status.DELIVERED
    assert status_of(database, same.notification) is Status.DELIVERED
    clock.advance(timedelta(days=7))
    assert sweep().dropped == 1
    assert heard.dropped_counts == [{ProviderName.SES: 1}]


def spoil(database: Database, clock: FixedClock) -> None:
    """Turn the receipt known as "p" into one of a status that no version of ours has ever stored."""
    with database.statement() as work:
        (spoilt,) = [
            receipt
            for receipt in work.receipts.try_again(now=clock(), tried_before=clock() + timedelta(1), limit=10)
            if receipt.reference == "p"
        ]
        work.receipts.take(spoilt.id)
        work.receipts.keep_waiting(evolve(spoilt, status="lost-in-the-post"))


def test_a_complaint_waits_until_its_email_is_known(
    database: Database, accept: Accept, clock: FixedClock, new_id: NewId, heard: Heard
) -> None:
    email = accept(channel=Channel.EMAIL).notification
    record = RecordEmailReceipt(database, clock, new_id, heard)
    complaint = SesEvent(reference="r", status=None, occurred_at=clock(), feedback_id="f", complaint_type="abuse")
    assert record(complaint) is None
    assert heard.unknown == [(ProviderName.SES, "r")]
    with database.statement() as work:
        work.notifications.save(evolve(email, status=Status.SENDING, sent_by=ProviderName.SES, reference="r"))
    (found,) = apply_waiting(database, ProviderName.SES, ["r", "of nobody"], clock)
    assert found.id == email.id
    assert status_of(database, email) is Status.SENDING
    assert record(complaint) is not None
    with database.statement() as work:
        assert not work.receipts.waiting_among(ProviderName.SES, ["r"])


def test_a_receipt_of_a_text_that_never_was_is_not_kept(
    database: Database, clock: FixedClock, new_id: NewId, heard: Heard
) -> None:
    """Anybody may post such receipts where no password is set: they must not fill the database."""
    stranger = str(new_id())
    receipt = SmsReceipt(provider=ProviderName.MMG, reference=stranger, status="3")
    assert RecordSmsReceipt(database, clock, new_id, heard)(receipt) is None
    assert heard.unknown == [(ProviderName.MMG, stranger)]
    with database.statement() as work:
        assert not work.receipts.waiting_among(ProviderName.MMG, [stranger])


@pytest.mark.parametrize("text", ["3\0", "\ud800", "3" * 100_000], ids=["NUL", "half a character", "long"])
def test_what_makes_no_sense_can_still_be_stored(
    database: Database, accept: Accept, clock: FixedClock, new_id: NewId, text: str
) -> None:
    notification = accept().notification
    receipt = SmsReceipt(provider=ProviderName.MMG, reference=str(notification.id), status=text, code=text)
    assert RecordSmsReceipt(database, clock, new_id)(receipt) is not None
    assert status_of(database, notification) is Status.TECHNICAL_FAILURE


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.LETTER])
def test_a_provider_of_texts_has_no_say_in_other_messages(
    database: Database, accept: Accept, clock: FixedClock, new_id: NewId, channel: Channel
) -> None:
    other = accept(channel=channel, status=Status.SENDING).notification
    receipt = SmsReceipt(provider=ProviderName.MMG, reference=str(other.id), status="3")
    assert RecordSmsReceipt(database, clock, new_id)(receipt) is None
    assert status_of(database, other) is Status.SENDING


def test_ses_has_no_say_in_texts(database: Database, accept: Accept, clock: FixedClock, new_id: NewId) -> None:
    text = accept(status=Status.SENDING).notification
    event = SesEvent(reference="r", status=Status.DELIVERED, occurred_at=None, notification_id=text.id)
    assert RecordEmailReceipt(database, clock, new_id)(event) is None
    assert status_of(database, text) is Status.SENDING
