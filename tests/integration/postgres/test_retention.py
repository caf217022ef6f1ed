"""Retention in a real database: days dropped under load, messages moved while they are being delivered."""

# ruff: noqa: S608 - tables are named by us

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Event as Signal
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase, ensure_partitions_now, list_partitions, make_engine
from notify_adapters.postgres.partitions import ADVISORY_LOCK, rows_astray_now
from notify_adapters.system import SystemIds
from notify_core.calendar import london_date
from notify_core.notifications.model import Contents, Message, Notification, expiry_date
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import EventKind, received
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.retention.apply import ApplyRetention
from notify_core.retention.model import ExpiredDay, Kind, Move
from notify_core.retention.ports import RetentionLog
from notify_core.retention.redate import RedateContents
from notify_core.retention.set import SetRetention
from notify_core.services.model import Service
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.postgres.conftest import CIPHER

SERVICE = UUID("01a1fb67-1800-7000-8000-00000000000a")
DAY = timedelta(days=1)
LEASE = timedelta(seconds=30)


@pytest.fixture
def engine(own_url: str, clock: FixedClock) -> Iterator[Engine]:
    engine = make_engine(own_url, pool_size=12, statement_timeout_ms=10_000, application_name="retention")
    ensure_partitions_now(engine, clock.now)
    yield engine
    engine.dispose()


@pytest.fixture
def database(engine: Engine, clock: FixedClock) -> PostgresDatabase:
    database = PostgresDatabase(engine, CIPHER, clock)
    with database.statement() as work:
        work.services.add(Service(id=SERVICE, name="Bins", created_at=clock()))
    return database


@pytest.fixture
def new_id(clock: FixedClock) -> SystemIds:
    return SystemIds(clock)


@pytest.fixture
def apply_retention(database: PostgresDatabase, clock: FixedClock, new_id: SystemIds) -> ApplyRetention:
    return ApplyRetention(database, clock, new_id, RetentionLog())


def accept(database: PostgresDatabase, now: datetime, message_id: UUID, days: int = 7, **more: Any) -> Notification:
    facts: dict[str, Any] = {
        "id": message_id,
        "service_id": SERVICE,
        "template_id": SERVICE,
        "template_version": 1,
        "channel": Channel.EMAIL,
        "key_type": KeyType.NORMAL,
        "api_key_id": None,
        "created_at": now,
        "expires_on": expiry_date(now, days),
    }
    message = Message(
        notification=Notification(**facts | more),
        contents=Contents(recipient="jo@example.com", normalised_recipient="jo@example.com"),
    )
    entry = OutboxEntry(
        id=message_id,
        task=Task.DELIVER_EMAIL,
        queue=Queue.SEND_EMAIL,
        subject_id=message_id,
        available_at=now,
        group=SERVICE,
    )
    with database.statement() as work:
        work.notifications.accept(message, entry)
    return message.notification


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def is_readable(database: PostgresDatabase, message_id: UUID) -> bool:
    with database.statement() as work:
        return work.notifications.find(SERVICE, message_id) is not None


def test_nights_drop_partitions_and_hours_do_not_make_them_again(
    engine: Engine, database: PostgresDatabase, clock: FixedClock, new_id: SystemIds, apply_retention: ApplyRetention
) -> None:
    messages = [accept(database, clock(), new_id(), days=days) for days in (1, 2, 5)]
    accept(database, clock(), new_id(), days=1, key_type=KeyType.TEST)
    astray = accept(database, clock(), new_id(), expires_on=london_date(clock()) - 3 * DAY)
    assert rows_astray_now(engine) == {"notification_contents": 1}
    clock.advance(3 * DAY)  # the nights between were missed
    applied = apply_retention()
    days = [london_date(clock()) - DAY * ago for ago in (2, 1, 0)]
    assert set(applied.dropped) == {ExpiredDay(day, kind) for day in days for kind in Kind if kind is not Kind.TEXTS}
    assert (applied.held, applied.swept, applied.test_messages) == ((), {Kind.CONTENTS: 1}, 1)
    assert not applied.unfinished
    assert count(engine, "notification_contents") == 1
    assert count(engine, "notifications") == 4
    assert [is_readable(database, one.id) for one in (*messages, astray)] == [False, False, True, False]
    assert rows_astray_now(engine) == {}
    made = ensure_partitions_now(engine, clock())
    assert not [name for name in made if name.endswith(f"{days[-1]:%Y_%m_%d}")]
    assert apply_retention() == evolve(applied, dropped=(), swept={}, test_messages=0)


def test_a_day_that_is_in_use_is_left_after_a_second(
    engine: Engine, database: PostgresDatabase, clock: FixedClock, new_id: SystemIds, apply_retention: ApplyRetention
) -> None:
    accept(database, clock(), new_id(), days=1)
    clock.advance(2 * DAY)
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as reader:
        reader.exec_driver_sql("SELECT count(*) FROM notification_contents")
        start = monotonic()
        applied = apply_retention()
        waited = monotonic() - start
    assert [one.kind for one in applied.held] == [Kind.CONTENTS, Kind.CONTENTS]
    assert {one.kind for one in applied.dropped} == {Kind.EVENTS, Kind.ROWS_APART, Kind.CALLBACKS, Kind.CALLS}
    assert 0.9 < waited < 8, "a second, and not one for each day"
    with database.statement() as work:
        entries = work.outbox.take(limit=9, due_before=clock() + DAY, now=clock(), until=clock() + DAY)
    assert Task.APPLY_RETENTION in {entry.task for entry in entries}
    assert {one.kind for one in apply_retention().dropped} == {Kind.CONTENTS}


def test_one_runner_at_a_time(engine: Engine, database: PostgresDatabase, clock: FixedClock) -> None:
    expired = ExpiredDay(london_date(clock()) + DAY, Kind.CONTENTS)
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as other:
        other.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
        with database.begin() as work:
            assert not work.retention.drop(expired)
        other.rollback()
    with database.begin() as work:
        assert work.retention.drop(expired)
        work.commit()


def at_the_same_time(*workers: Callable[[int], object], while_: Callable[[], object]) -> int:
    """Call the workers over and over in threads while something is done; return how often. Errors are raised."""
    stop = Signal()

    def over_and_over(worker: Callable[[int], object]) -> int:
        rounds = 0
        while not stop.is_set():
            worker(rounds)
            rounds += 1
        return rounds

    with ThreadPoolExecutor(len(workers)) as threads:
        running = [threads.submit(over_and_over, worker) for worker in workers]
        try:
            while_()
        finally:
            stop.set()
        return min(one.result() for one in running)


def test_nobody_notices_days_being_dropped(
    engine: Engine, database: PostgresDatabase, clock: FixedClock, new_id: SystemIds, apply_retention: ApplyRetention
) -> None:
    for ago in range(1, 30):
        for kind in Kind:
            make_day(engine, kind, london_date(clock()) - DAY * ago)
    known: list[UUID] = [accept(database, clock(), new_id()).id]

    def accepting(_: int) -> None:
        known.append(accept(database, clock(), new_id(), days=random.randint(1, 20)).id)

    def reading(round_: int) -> None:
        assert is_readable(database, known[round_ % len(known)])
        with database.statement() as work:
            work.notifications.find_timeline(SERVICE, known[-1])
            work.retention.stuck_letters(through=london_date(clock()), limit=5)

    def delivering(_: int) -> None:
        with database.statement() as work:
            claim = work.notifications.claim(known[-20:], now=clock(), until=clock() + LEASE)
        for message in claim.mine[:3]:
            with database.begin() as work:
                facts = work.notifications.find_for_receipt(notification_id=message.notification.id)
                assert facts is not None
                event = received(Status.DELIVERED, at=clock(), provider=ProviderName.SES)
                work.notifications.save(evolve(facts, status=Status.DELIVERED), event)
                work.commit()

    def dropping() -> None:
        left = 1
        while left:
            apply_retention()
            with database.statement() as work:
                left = len(work.retention.expired_days(tuple(set(Kind) - {Kind.TEXTS}), today=london_date(clock())))

    rounds = at_the_same_time(accepting, accepting, reading, reading, delivering, while_=dropping)
    assert rounds > 3
    assert all(is_readable(database, one) for one in known)


def make_day(engine: Engine, kind: Kind, day: date) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE {kind}_{day:%Y_%m_%d} PARTITION OF {kind} FOR VALUES FROM ('{day}') TO ('{day + DAY}')"
        )


def test_a_claim_that_waits_for_a_message_on_its_way_to_another_day_gets_it_whole(
    database: PostgresDatabase, clock: FixedClock, new_id: SystemIds
) -> None:
    facts = accept(database, clock(), new_id())
    claims: list[Any] = []

    def claim() -> None:
        with database.statement() as work:
            claims.append(work.notifications.claim([facts.id], now=clock(), until=clock() + LEASE))

    after = facts.expires_on + 20 * DAY
    waiting = Thread(target=claim)
    with database.begin() as work:
        moves = [Move(id=facts.id, before=facts.expires_on, after=after)]
        assert work.redating.move_messages(moves, today=london_date(clock())) == {facts.id}
        waiting.start()
        sleep(0.5)
        assert claims == [], "it waits for the facts"
        work.commit()
    waiting.join()
    [message] = claims[0].mine
    assert message.contents.recipient == "jo@example.com"
    assert message.notification.expires_on == after
    with database.statement() as work:
        timeline = work.notifications.find_timeline(SERVICE, facts.id)
    assert timeline is not None
    assert [event.kind for event in timeline.stored] == [EventKind.ATTEMPTED]


def test_what_somebody_is_at_work_on_is_left_out_and_not_waited_for(
    database: PostgresDatabase, clock: FixedClock, new_id: SystemIds
) -> None:
    one, other = (accept(database, clock(), new_id()) for _ in range(2))
    moves = [Move(id=each.id, before=each.expires_on, after=each.expires_on + DAY) for each in (one, other)]
    with database.begin() as receipt:
        assert receipt.notifications.find_for_receipt(notification_id=one.id) is not None
        with database.begin() as work:
            assert work.redating.move_messages(moves, today=london_date(clock())) == {other.id}
            work.commit()
        receipt.notifications.save(one, received(Status.DELIVERED, at=clock(), provider=ProviderName.SES))
        receipt.commit()
    with database.begin() as work:
        assert work.redating.move_messages(moves, today=london_date(clock())) == {one.id, other.id}
        work.commit()
    with database.statement() as work:
        timeline = work.notifications.find_timeline(SERVICE, one.id)
    assert timeline is not None
    assert len(timeline.stored) == 1
    assert timeline.notification.expires_on == one.expires_on + DAY


def test_an_event_that_was_just_being_added_is_gathered(
    engine: Engine, database: PostgresDatabase, clock: FixedClock, new_id: SystemIds
) -> None:
    facts = accept(database, clock(), new_id())
    moves = [Move(id=facts.id, before=facts.expires_on, after=facts.expires_on + DAY)]
    today = london_date(clock())
    with database.begin() as relay:
        # Reads where the message is, and never waits for it.
        relay.outbox.remove([facts.id], queued_at=clock())
        with database.begin() as work:
            work.redating.move_messages(moves, today=today)
            work.commit()
        awaited = Thread(target=lambda: gather(database, moves, today))
        awaited.start()
        sleep(0.3)
        relay.commit()
    awaited.join()
    with database.statement() as work:
        timeline = work.notifications.find_timeline(SERVICE, facts.id)
    assert timeline is not None
    assert [event.kind for event in timeline.stored] == [EventKind.QUEUED]
    assert count(engine, f"notification_events_{facts.expires_on:%Y_%m_%d}") == 0


def gather(database: PostgresDatabase, moves: list[Move], today: date) -> None:
    with database.begin() as work:
        work.redating.await_events()
    with database.begin() as work:
        work.redating.gather_events(moves, today=today)
        work.commit()


def test_a_redating_under_load_loses_nothing_and_disturbs_nobody(
    engine: Engine, database: PostgresDatabase, clock: FixedClock, new_id: SystemIds
) -> None:
    ids = [accept(database, clock(), new_id()).id for _ in range(300)]
    set_retention = SetRetention(database, clock, new_id)
    redate = RedateContents(database, clock, new_id)
    delivered: set[UUID] = set()
    queued: set[UUID] = set()

    def relaying(_: int) -> None:
        with database.begin() as work:
            due = clock() + timedelta(seconds=1)
            taken = work.outbox.take(limit=20, due_before=due, now=clock(), until=clock() + LEASE)
            work.outbox.remove([entry.id for entry in taken], queued_at=clock())
            work.commit()
        queued.update(entry.subject_id for entry in taken if entry.task is Task.DELIVER_EMAIL)

    def delivering(round_: int) -> None:
        some = [ids[(round_ * 7 + place) % len(ids)] for place in range(10)]
        with database.statement() as work:
            claim = work.notifications.claim(some, now=clock(), until=clock() + LEASE)
        for message in claim.mine:
            with database.begin() as work:
                facts = work.notifications.find_for_receipt(notification_id=message.notification.id)
                assert facts is not None
                event = received(Status.DELIVERED, at=clock(), provider=ProviderName.SES)
                work.notifications.save(evolve(facts, status=Status.DELIVERED), event)
                work.commit()
            delivered.add(message.notification.id)

    def reading(round_: int) -> None:
        assert is_readable(database, ids[round_ % len(ids)])

    def redating() -> None:
        for days in (30, 3, 80, 9):
            set_retention(SERVICE, Channel.EMAIL, days)
            redate([SERVICE])
            with database.statement() as work:
                while work.redating.find(SERVICE) is not None:
                    redate([SERVICE])
        until = monotonic() + 20
        while len(delivered & queued) < len(ids) and monotonic() < until:
            sleep(0.1)

    assert at_the_same_time(relaying, delivering, delivering, reading, while_=redating) > 3
    assert delivered == queued == set(ids)
    day = expiry_date(clock(), 9)
    for table in ("notification_contents", "notification_events"):
        assert count(engine, f"{table}_{day:%Y_%m_%d}") == count(engine, table)
    assert count(engine, "notification_contents") == 300
    told: Counter[str] = Counter()
    with database.statement() as work:
        for one in ids:
            timeline = work.notifications.find_timeline(SERVICE, one)
            assert timeline is not None
            told.update(event.kind for event in timeline.stored)
    assert told == {EventKind.QUEUED: 300, EventKind.ATTEMPTED: 300, EventKind.RECEIPT: 300}


STARTS = (datetime(2026, 3, 27, 22, tzinfo=UTC), datetime(2026, 10, 23, 22, tzinfo=UTC))


@pytest.mark.parametrize("start", STARTS, ids=["spring", "autumn"])
def test_a_month_of_nights_settings_and_messages(own_url: str, start: datetime) -> None:
    chance = random.Random(f"{start}")
    clock = FixedClock(start)
    new_id = SystemIds(clock)
    engine = make_engine(own_url, pool_size=3, statement_timeout_ms=10_000, application_name="month")
    ensure_partitions_now(engine, clock())
    database = PostgresDatabase(engine, CIPHER, clock)
    with database.statement() as work:
        work.services.add(Service(id=SERVICE, name="Bins", created_at=clock()))
    apply = ApplyRetention(database, clock, new_id, RetentionLog())
    days, made, goes_on = 7, dict[UUID, datetime](), dict[UUID, date]()
    for _ in range(60):
        match chance.choice(["send", "send", "set", "pass", "night"]):
            case "send":
                facts = accept(database, clock(), new_id(), days=days)
                made[facts.id], goes_on[facts.id] = facts.created_at, facts.expires_on
            case "set":
                days = chance.randint(1, 8)
                SetRetention(database, clock, new_id)(SERVICE, Channel.EMAIL, days)
                RedateContents(database, clock, new_id)([SERVICE])
                today = london_date(clock())
                changed = {key: expiry_date(made[key], days) for key, day in goes_on.items() if day > today}
                goes_on |= changed
            case "pass":
                clock.advance(timedelta(minutes=chance.randint(1, 60 * 24 * 3)))
                ensure_partitions_now(engine, clock())
            case "night":
                apply()
                assert count(engine, "notification_contents") == sum(
                    day > london_date(clock()) for day in goes_on.values()
                )
        for key, day in goes_on.items():
            assert is_readable(database, key) == (day > london_date(clock()))
    engine.dispose()


def test_partitions_are_listed(
    engine: Engine, database: PostgresDatabase, clock: FixedClock, new_id: SystemIds
) -> None:
    accept(database, clock(), new_id(), expires_on=date(2031, 1, 1))
    found = {one.name: one for one in list_partitions(engine)}
    default = found["notification_contents_default"]
    assert (default.table, default.period, default.rows, default.is_default) == (
        "notification_contents",
        None,
        1,
        True,
    )
    assert found["notifications_2026_11"].period == "2026-11"
    tomorrow = found["callback_attempts_2026_11_22"]
    assert (tomorrow.table, tomorrow.period, tomorrow.is_default) == ("callback_attempts", "2026-11-22", False)
    assert tomorrow.size > 0
    assert sum(one.is_default for one in found.values()) == 7
