from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_core.identifiers import NewId, uuid7
from notify_core.inbound.model import InboundNumber
from notify_core.jobs.model import Job, JobSource, JobStatus
from notify_core.notifications.model import Contents, Message
from notify_core.notifications.status import Status
from notify_core.notifications.window import Window
from notify_core.services.model import Service
from notify_core.statistics.model import (
    TEXTS_AND_EMAILS,
    By,
    Period,
    ProcessingTime,
    ServiceMonth,
    StatusCount,
    TextsOfService,
)
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.contracts.conftest import CIPHER, MakeMessage, empty, ids_of, message_of

TODAY = date(2026, 11, 21)
YESTERDAY = date(2026, 11, 20)
REAL = frozenset({KeyType.NORMAL, KeyType.TEAM})
SMS, EMAIL, LETTER = Channel.SMS, Channel.EMAIL, Channel.LETTER
NORMAL, TEAM, TEST = KeyType.NORMAL, KeyType.TEAM, KeyType.TEST

Happened = Callable[..., Message]


@pytest.fixture
def happened(database: Database, make_message: MakeMessage, new_id: NewId, clock: FixedClock) -> Happened:
    """Store a message that was accepted then, or a day ago."""

    def happen(at: datetime | None = None, **more: Any) -> Message:
        now, clock.now = clock.now, at or clock.now - timedelta(days=1)
        message = make_message(**more)
        clock.now = now
        with database.statement() as work:
            work.notifications.accept_many([message], [])
        return message

    return happen


def replace(database: Database, day: date = YESTERDAY, channels: frozenset[Channel] = frozenset(Channel)) -> int:
    with database.begin() as work:
        built = work.statistics.replace_facts(day, channels)
        work.commit()
    return built


def facts(database: Database, by: By = By.NOTHING, period: Period | None = None, **more: Any) -> set[StatusCount]:
    with database.statement() as work:
        found = work.statistics.count_facts(period or Period(YESTERDAY, YESTERDAY), by, **more)
    assert len(found) == len(set(found))
    return set(found)


def live(
    database: Database, window: Window, by: By = By.NOTHING, keys: frozenset[KeyType] = REAL
) -> set[StatusCount]:
    with database.statement() as work:
        found = work.statistics.count_live(window, by, key_types=keys)
    assert len(found) == len(set(found))
    return set(found)


def another_service(number: int, **more: Any) -> Service:
    return Service(id=UUID(int=number), name=f"Service {number}", created_at=datetime(2026, 1, 1, tzinfo=UTC), **more)


def count(channel: Channel, key_type: KeyType, status: Status, messages: int, **more: Any) -> StatusCount:
    return StatusCount(channel=channel, key_type=key_type, status=status, messages=messages, **more)


def test_a_day_is_counted_by_all_that_matters(database: Database, happened: Happened) -> None:
    for _ in range(3):
        happened()
    happened(status=Status.DELIVERED)
    happened(key_type=TEAM)
    happened(key_type=TEST)
    happened(channel=EMAIL)
    happened(job_id=UUID(int=9), job_row_number=0)
    happened(template_id=UUID(int=8))
    other = happened(service_id=UUID(int=6)).notification
    assert replace(database) == 7
    created = count(SMS, NORMAL, Status.CREATED, 6)
    rest = {
        count(SMS, NORMAL, Status.DELIVERED, 1),
        count(SMS, TEAM, Status.CREATED, 1),
        count(EMAIL, NORMAL, Status.CREATED, 1),
    }
    assert facts(database) == {created, *rest}
    assert facts(database, service_id=other.service_id) == {evolve(created, messages=1)}
    assert facts(database, By.SERVICE) >= {evolve(created, messages=1, service_id=other.service_id)}
    apart = facts(database, By.TEMPLATE | By.DAY)
    assert evolve(created, messages=1, template_id=UUID(int=8), day=YESTERDAY) in apart
    assert evolve(created, messages=5, template_id=UUID(int=7), day=YESTERDAY) in apart
    assert facts(database, By.MONTH, service_id=other.service_id) == {
        evolve(created, messages=1, day=date(2026, 11, 1))
    }


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 6, 30, 22, 59, 59, 999_999, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 6, 30, 23, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 22, 59, 59, 999_999, tzinfo=UTC), date(2026, 7, 1)),
        # The days on which clocks change have 23 and 25 hours.
        (datetime(2026, 3, 29, 0, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 59, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 23, tzinfo=UTC), date(2026, 3, 30)),
        (datetime(2026, 10, 24, 23, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 59, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 26, 0, tzinfo=UTC), date(2026, 10, 26)),
    ],
)
def test_a_day_is_londons(database: Database, happened: Happened, at: datetime, day: date) -> None:
    happened(at)
    around = [day + timedelta(days=number) for number in (-1, 0, 1)]
    assert [replace(database, one) for one in around] == [0, 1, 0]
    assert [len(live(database, Window.of_day(one))) for one in around] == [0, 1, 0]
    with database.statement() as work:
        assert [work.statistics.measure_processing(one).total for one in around] == [0, 1, 0]


def test_a_message_counts_when_it_was_accepted_whatever_its_id_says(
    database: Database, happened: Happened, clock: FixedClock, service: Service
) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    happened(midnight, id=uuid7(midnight - timedelta(days=30), 1), job_id=UUID(int=9), job_row_number=0)
    happened(midnight, id=uuid7(midnight - timedelta(seconds=1), 2))
    happened(midnight + timedelta(hours=24, microseconds=-1), id=uuid7(midnight + timedelta(hours=24), 3))
    happened(midnight - timedelta(microseconds=1), id=uuid7(midnight, 4))
    assert replace(database) == 2
    assert sum(one.messages for one in facts(database)) == 3
    assert sum(one.messages for one in live(database, Window.of_day(YESTERDAY))) == 3
    of_service = Window.of_day(YESTERDAY, service.id)
    assert sum(one.messages for one in live(database, of_service)) == 2


def test_counting_a_day_again_replaces_what_was_counted(database: Database, happened: Happened) -> None:
    text, email = happened(), happened(channel=EMAIL)
    assert replace(database) == replace(database) == 2
    with database.statement() as work:
        for message in (text, email):
            work.notifications.save(evolve(message.notification, status=Status.DELIVERED))
    assert replace(database, channels=frozenset({SMS})) == 1
    assert facts(database) == {count(SMS, NORMAL, Status.DELIVERED, 1), count(EMAIL, NORMAL, Status.CREATED, 1)}
    assert replace(database, date(2026, 11, 19)) == 0
    assert len(facts(database)) == 2


def test_what_is_rolled_back_leaves_the_facts_as_they_were(database: Database, happened: Happened) -> None:
    happened()
    replace(database)
    happened()
    with database.begin() as work:
        work.statistics.replace_facts(YESTERDAY, frozenset(Channel))
    assert facts(database) == {count(SMS, NORMAL, Status.CREATED, 1)}


def test_many_may_count_one_day_at_once(database: Database, happened: Happened) -> None:
    for number in range(20):
        happened(template_id=UUID(int=number))
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda _: replace(database), range(12))) == [20] * 12
    assert facts(database) == {count(SMS, NORMAL, Status.CREATED, 20)}


def test_facts_are_added_up_over_days_and_months(database: Database, happened: Happened) -> None:
    days = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)]
    for day in days:
        happened(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        replace(database, day)
    period = Period(days[0], days[2])
    each = count(SMS, NORMAL, Status.CREATED, 1)
    assert facts(database, period=period) == {evolve(each, messages=3)}
    assert facts(database, period=period, without=[days[1]]) == {evolve(each, messages=2)}
    assert facts(database, By.DAY, period) == {evolve(each, day=day) for day in days[:3]}
    assert facts(database, By.MONTH, period) == {
        evolve(each, day=date(2026, 9, 1)),
        evolve(each, day=date(2026, 10, 1), messages=2),
    }
    with database.statement() as work:
        assert work.statistics.days_with_facts([*days, TODAY]) == set(days)
        assert work.statistics.days_with_facts([]) == set()
        assert work.statistics.last_fact(UUID(int=7), since=days[0]) == days[3]
        assert work.statistics.last_fact(UUID(int=7), since=TODAY) is None
        assert work.statistics.last_fact(UUID(int=1), since=days[0]) is None


def test_a_day_of_letters_alone_is_no_day_with_facts(database: Database, happened: Happened) -> None:
    happened(channel=LETTER)
    replace(database)
    with database.statement() as work:
        assert work.statistics.days_with_facts([YESTERDAY]) == set()


def test_messages_are_counted_as_they_are_now(
    database: Database, happened: Happened, service: Service, clock: FixedClock
) -> None:
    happened(clock.now)
    happened(clock.now, status=Status.DELIVERED, template_id=UUID(int=8))
    happened(clock.now, key_type=TEST)
    happened(clock.now, service_id=UUID(int=6), channel=EMAIL)
    happened()
    of_all, of_service = Window.of_day(TODAY), Window.of_day(TODAY, service.id)
    created, delivered = count(SMS, NORMAL, Status.CREATED, 1), count(SMS, NORMAL, Status.DELIVERED, 1)
    tried = count(SMS, TEST, Status.CREATED, 1)
    elsewhere = count(EMAIL, NORMAL, Status.CREATED, 1)
    assert live(database, of_all) == {created, delivered, elsewhere}
    assert live(database, of_all, keys=frozenset(KeyType)) == {created, delivered, elsewhere, tried}
    assert live(database, of_all, By.SERVICE | By.DAY) == {
        evolve(created, service_id=service.id),
        evolve(delivered, service_id=service.id),
        evolve(elsewhere, service_id=UUID(int=6)),
    }
    assert live(database, of_service) == {created, delivered}
    assert live(database, of_service, By.TEMPLATE) == {
        evolve(created, template_id=UUID(int=7)),
        evolve(delivered, template_id=UUID(int=8)),
    }
    with database.statement() as work:
        assert work.statistics.last_accepted(UUID(int=8), of_service) == clock.now
        assert work.statistics.last_accepted(UUID(int=8), Window.of_day(YESTERDAY, service.id)) is None
        assert work.statistics.last_accepted(UUID(int=1), of_service) is None


def test_rows_of_earlier_files_are_counted_among_a_services_messages(
    database: Database, happened: Happened, service: Service, clock: FixedClock
) -> None:
    jobs = [job_of(service.id, UUID(int=number), clock.now - timedelta(days=20)) for number in (1, 2)]
    for job in jobs:
        happened(clock.now, id=job.row_id(0), job_id=job.id, job_row_number=0)
        happened(None, id=job.row_id(1), job_id=job.id, job_row_number=1)
        happened(clock.now, id=job.row_id(2), job_id=job.id, job_row_number=2, key_type=TEST)
    happened(clock.now)
    window = Window.of_day(TODAY, service.id)
    [alone] = live(database, window)
    [with_jobs] = live(database, evolve(window, earlier=[job.ids for job in jobs]))
    assert (alone.messages, with_jobs.messages) == (1, 3)
    [of_all] = live(database, Window.of_day(TODAY))
    assert of_all == with_jobs
    with database.statement() as work:
        assert work.statistics.last_accepted(UUID(int=7), evolve(window, earlier=[jobs[0].ids])) == clock.now


def job_of(service_id: UUID, job_id: UUID, made_at: datetime, **more: Any) -> Job:
    values: dict[str, Any] = {
        "id": job_id,
        "service_id": service_id,
        "template_id": UUID(int=7),
        "template_version": 1,
        "channel": SMS,
        "original_file_name": "people.csv",
        "notification_count": 3,
        "created_at": made_at,
    }
    return Job(**values | more)


@pytest.mark.parametrize(
    ("hours_ago", "more", "found"),
    [
        (1, {"status": JobStatus.FINISHED}, True),
        (30 * 24, {"status": JobStatus.FINISHED}, True),
        (33 * 24, {"status": JobStatus.FINISHED}, False),
        (38 * 24, {"status": JobStatus.FINISHED, "scheduled_for": -31 * 24}, True),
        (50, {"status": JobStatus.FINISHED_ALL_CREATED, "updated_at": 0}, True),
        (50, {"status": JobStatus.FINISHED_ALL_CREATED, "updated_at": -24}, True),
        (50, {"status": JobStatus.FINISHED_ALL_CREATED, "updated_at": -25}, False),
        (50, {"status": JobStatus.CANCELLED, "updated_at": 0}, True),
        (50, {"status": JobStatus.CANCELLED, "updated_at": -25}, False),
        (50, {"status": JobStatus.ERROR, "updated_at": 0}, True),
        (50, {"status": JobStatus.IN_PROGRESS}, False),
        (50, {"status": JobStatus.SCHEDULED, "scheduled_for": 5}, False),
        (50, {"status": JobStatus.FINISHED, "source": JobSource.API}, False),
    ],
)
def test_jobs_whose_rows_may_have_been_stored_since(
    database: Database,
    stored_service: Service,
    make_template: Callable[..., Template],
    clock: FixedClock,
    hours_ago: int,
    more: dict[str, Any],
    found: bool,
) -> None:
    template = make_template()
    values = {
        name: clock.now + timedelta(hours=value) if isinstance(value, int) else value for name, value in more.items()
    }
    job = job_of(
        stored_service.id,
        UUID(int=1),
        clock.now - timedelta(hours=hours_ago),
        template_id=template.id,
        created_by_id=NOTIFY_USER_ID,
        **values,
    )
    with database.statement() as work:
        work.templates.save(template)
        work.jobs.add(job)
        assert work.jobs.list_storing(stored_service.id, since=clock.now - timedelta(days=1)) == [job] * found
        assert work.jobs.list_storing(UUID(int=1), since=clock.now - timedelta(days=1)) == []


def test_live_services_are_reported_by_month(database: Database, happened: Happened, stored_service: Service) -> None:
    with database.statement() as work:
        work.services.add(another_service(1, restricted=True))
        work.services.add(another_service(2, active=False))
    for status in Status:
        happened(status=status)
        happened(status=status, service_id=UUID(int=1))
        happened(status=status, service_id=UUID(int=2))
    happened(channel=EMAIL, status=Status.CANCELLED)
    happened(channel=LETTER, status=Status.CREATED)
    before = datetime(2026, 10, 31, 12, tzinfo=UTC)
    happened(before, status=Status.PENDING)
    for day in (YESTERDAY, before.date()):
        replace(database, day)
    line = ServiceMonth(
        month=date(2026, 11, 1), service_id=stored_service.id, service_name=stored_service.name, channel=EMAIL
    )
    texts = evolve(
        line,
        channel=SMS,
        sending=2,
        delivered=1,
        technical_failure=2,
        temporary_failure=1,
        permanent_failure=1,
        sent=1,
    )
    first = evolve(line, month=date(2026, 10, 1), channel=SMS, sending=1)
    with database.statement() as work:
        assert work.statistics.count_by_service(Period(date(2026, 10, 31), YESTERDAY)) == [first, line, texts]
        assert work.statistics.count_by_service(Period(TODAY, TODAY)) == []


def test_what_programs_ask_for_is_timed(database: Database, happened: Happened, clock: FixedClock) -> None:
    accepted = clock.now - timedelta(days=1)
    for seconds in (0, 10, 10.001, 3600):
        happened(sent_at=accepted + timedelta(seconds=seconds))
    happened(channel=EMAIL, key_type=TEAM)
    later = accepted + timedelta(hours=3)
    happened(scheduled_for=later, sent_at=later + timedelta(seconds=10))
    happened(scheduled_for=later, sent_at=later + timedelta(seconds=11))
    for more in ({"api_key_id": None}, {"key_type": TEST}, {"channel": LETTER}):
        happened(sent_at=accepted, **more)
    with database.statement() as work:
        measured = work.statistics.measure_processing(YESTERDAY)
        assert measured == ProcessingTime(day=YESTERDAY, total=7, within_10_seconds=3)
        nothing = work.statistics.measure_processing(TODAY)
        assert (nothing.total, nothing.percentage) == (0, 100)
        for figures in (evolve(measured, total=9), nothing, measured):
            work.statistics.save_processing_time(figures)
        assert work.statistics.list_processing_times(Period(YESTERDAY, TODAY)) == [measured, nothing]
        assert work.statistics.list_processing_times(Period(TODAY, TODAY)) == [nothing]


def test_texts_are_counted_by_live_service(
    database: Database, stored_service: Service, happened: Happened, clock: FixedClock, new_id: NewId
) -> None:
    since = clock.now - timedelta(hours=24)
    with database.statement() as work:
        for service in (another_service(1, restricted=True), another_service(2, active=False), another_service(3)):
            work.services.add(service)
        other = Contents(recipient="07123 456789", normalised_recipient="447123456789")
        clock.advance(timedelta(minutes=-1))
        elsewhere = evolve(message_of(stored_service.id, clock, new_id), contents=other)
        clock.advance(timedelta(minutes=1))
        work.notifications.accept_many([elsewhere], [])
    for service_id in (stored_service.id, UUID(int=1), UUID(int=2), UUID(int=3)):
        happened(since, service_id=service_id)
        happened(clock.now - timedelta(minutes=1), service_id=service_id, status=Status.PERMANENT_FAILURE)
        happened(since - timedelta(milliseconds=1), service_id=service_id)
        happened(clock.now, service_id=service_id)
        happened(since, service_id=service_id, key_type=TEST)
        happened(since, service_id=service_id, channel=EMAIL)
    mine = TextsOfService(
        service_id=stored_service.id, service_name=stored_service.name, texts=3, permanent_failures=1
    )
    third = TextsOfService(service_id=UUID(int=3), service_name="Service 3", texts=2, permanent_failures=1)
    with database.statement() as work:
        count_texts, count_tv = work.statistics.texts_of_services, work.statistics.texts_to_tv_numbers
        assert count_texts(since=since, now=clock.now, at_least=2) == [mine, third]
        assert count_texts(since=since, now=clock.now, at_least=3) == [mine]
        assert count_texts(since=since, now=clock.now, at_least=4) == []
        to_tv = [third, evolve(mine, texts=2)]
        assert count_tv(since=since, now=clock.now, more_than=1) == to_tv
        assert count_tv(since=since, now=clock.now, more_than=2) == []


def test_numbers_that_services_can_be_given_are_counted(database: Database, stored_service: Service) -> None:
    with database.statement() as work:
        assert work.inbound.count_available() == 0
        numbers: list[dict[str, Any]] = [{}, {}, {"active": False}, {"service_id": stored_service.id}]
        for number, more in enumerate(numbers):
            work.inbound.add_number(
                InboundNumber(id=UUID(int=number), number=f"0770090000{number}", provider=ProviderName.MMG, **more)
            )
        assert work.inbound.count_available() == 2


def test_the_second_of_two_who_count_a_day_waits_for_the_first(postgres_engine: Engine, clock: FixedClock) -> None:
    empty(postgres_engine)
    database = PostgresDatabase(postgres_engine, CIPHER, clock)
    yesterday = FixedClock(clock.now - timedelta(days=1))
    message = message_of(UUID(int=5), yesterday, ids_of(yesterday))
    with ThreadPoolExecutor(2) as threads:
        with database.begin() as work:
            work.statistics.replace_facts(YESTERDAY, TEXTS_AND_EMAILS)
            second = threads.submit(replace, database)
            other_day = threads.submit(replace, database, TODAY)
            assert other_day.result(10) == 0
            assert not second.done()
            with database.statement() as outside:
                outside.notifications.accept_many([message], [])
            work.commit()
        assert second.result(10) == 1
