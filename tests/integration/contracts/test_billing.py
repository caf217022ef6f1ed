"""Rates, allowances and the days' facts: what is counted, as what, and what becomes of it when counted again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_core.billing.allowance import Allowance, Grounds
from notify_core.billing.build import BuildBilling, CreateNightlyBilling
from notify_core.billing.defaults import DEFAULT_ALLOWANCES, DEFAULT_TARIFF
from notify_core.billing.model import DayUsage, Fact
from notify_core.billing.rates import LetterRate, SmsRate
from notify_core.identifiers import NewId, first_id_at
from notify_core.jobs.model import Job, JobStatus
from notify_core.notifications.model import Notification
from notify_core.notifications.of_day import window_of_day
from notify_core.notifications.status import BILLABLE, Status
from notify_core.notifications.window import Window
from notify_core.outbox.days import day_of_id
from notify_core.outbox.model import Queue, Task
from notify_core.services.model import OrganisationType, Service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType, Postage, ProviderName
from tests.integration.contracts.conftest import CIPHER, MakeTemplate, empty, ids_of, message_of

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OTHER_SERVICE = UUID(int=9)
Store = Callable[..., Notification]


@pytest.fixture
def store(database: Database, stored_service: Service, clock: FixedClock, new_id: NewId) -> Store:
    """Store a text that was delivered at noon of DAY, with the facts in `more`."""

    def store(**more: Any) -> Notification:
        clock.now = more.pop("at", NOON)
        values: dict[str, Any] = {
            "status": Status.DELIVERED,
            "sent_by": ProviderName.MMG,
            "billable_units": 1,
        } | more
        message = message_of(values.pop("service_id", stored_service.id), clock, new_id, **values)
        with database.statement() as work:
            work.notifications.accept_many([message], [])
        return message.notification

    return store


def text(service: Service, **more: Any) -> Fact:
    values: dict[str, Any] = {
        "day": DAY,
        "service_id": service.id,
        "template_id": UUID(int=7),
        "channel": Channel.SMS,
        "provider": "mmg",
        "rate_multiplier": 1,
        "international": False,
        "postage": None,
        "sheets": 0,
        "billable_units": 1,
        "notifications_sent": 1,
    }
    return Fact(**values | more)


def built(database: Database, service: Service, day: date = DAY) -> list[Fact]:
    BuildBilling(database)(day)
    with database.statement() as work:
        return work.billing.list_facts(service.id, day)


def used(database: Database, service: Service, day: date = DAY) -> list[DayUsage]:
    with database.statement() as work:
        return work.billing.list_usage(service.id, first=day, last=day)


def counted(database: Database, service: Service, day: date = DAY) -> list[DayUsage]:
    with database.statement() as work:
        return work.billing.count_live(Window.of_day(day, service.id))


def test_a_platform_begins_with_these_rates(database: Database) -> None:
    with database.statement() as work:
        tariff = work.billing.tariff()
    assert tariff.texts == DEFAULT_TARIFF.texts
    assert sorted(tariff.letters, key=repr) == sorted(DEFAULT_TARIFF.letters, key=repr)


def test_rates_are_added_and_replaced(database: Database) -> None:
    texts = [SmsRate(valid_from=date(2027, 4, 1), pounds=Decimal(pounds)) for pounds in ("0.025", "0.02512")]
    letter = LetterRate(postage=Postage.EUROPE, sheets=3, valid_from=date(2027, 4, 1), pounds=Decimal("2.015"))
    with database.begin() as work:
        for rate in texts:
            work.billing.put_rate(rate)
        for _ in range(2):
            work.billing.put_rate(letter)
        tariff = work.billing.tariff()
    assert tariff.texts == (*DEFAULT_TARIFF.texts, texts[1])
    assert tariff.letters.count(letter) == 1
    assert len(tariff.letters) == len(DEFAULT_TARIFF.letters) + 1
    in_order = sorted(tariff.letters, key=lambda rate: (rate.postage, rate.sheets, rate.valid_from))
    assert list(tariff.letters) == in_order
    with database.statement() as work:
        assert work.billing.tariff().texts == DEFAULT_TARIFF.texts


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("channel", Channel)
def test_only_what_is_charged_for_is_counted(
    database: Database, stored_service: Service, store: Store, channel: Channel, status: Status
) -> None:
    store(channel=channel, status=status, postage=Postage.FIRST if channel is Channel.LETTER else None)
    assert len(built(database, stored_service)) == (status in BILLABLE[channel])


@pytest.mark.parametrize("key_type", KeyType)
def test_test_keys_are_not_counted(
    database: Database, stored_service: Service, store: Store, key_type: KeyType
) -> None:
    store(key_type=key_type)
    assert len(built(database, stored_service)) == (key_type is not KeyType.TEST)
    assert len(counted(database, stored_service)) == (key_type is not KeyType.TEST)


def test_texts_are_told_apart_by_what_they_cost_and_who_carried_them(
    database: Database, stored_service: Service, store: Store
) -> None:
    for units in (1, 2, 3):
        store(billable_units=units)
    store(sent_by=None)
    store(sent_by=ProviderName.FIRETEXT, rate_multiplier=None)
    store(rate_multiplier=2, international=True, billable_units=2)
    store(rate_multiplier=2, billable_units=2)
    store(template_id=UUID(int=8))
    assert built(database, stored_service) == [
        text(stored_service, provider="firetext"),
        text(stored_service, billable_units=6, notifications_sent=3),
        text(stored_service, rate_multiplier=2, billable_units=2),
        text(stored_service, rate_multiplier=2, international=True, billable_units=2),
        text(stored_service, provider="unknown"),
        text(stored_service, template_id=UUID(int=8)),
    ]
    [day] = used(database, stored_service)
    assert (day.chargeable_units, day.notifications_sent) == (6 + 1 + 1 + 4 + 4 + 1, 8)
    assert counted(database, stored_service) == [day]


def test_emails_are_told_apart_by_template_alone(database: Database, stored_service: Service, store: Store) -> None:
    for more in ({"billable_units": 3}, {"rate_multiplier": 2}, {"international": True}, {"sent_by": None}):
        store(channel=Channel.EMAIL, **more)
    email = text(
        stored_service,
        channel=Channel.EMAIL,
        provider="ses",
        rate_multiplier=0,
        billable_units=0,
        notifications_sent=4,
    )
    assert built(database, stored_service) == [email]
    [day] = used(database, stored_service)
    assert (day.channel, day.chargeable_units, day.notifications_sent) == (Channel.EMAIL, 0, 4)
    assert counted(database, stored_service) == [day]


def test_letters_are_told_apart_by_postage_and_sheets(
    database: Database, stored_service: Service, store: Store
) -> None:
    letter: dict[str, Any] = {"channel": Channel.LETTER, "sent_by": ProviderName.DVLA, "rate_multiplier": None}
    store(**letter, postage=Postage.FIRST, billable_units=1)
    store(**letter, postage=Postage.FIRST, billable_units=2)
    store(**letter, postage=Postage.FIRST, billable_units=2)
    store(**letter, postage=Postage.EUROPE, billable_units=2, international=True)
    store(**letter, postage=None, billable_units=1)
    of_letters = {"channel": Channel.LETTER, "provider": "dvla"}
    assert built(database, stored_service) == [
        text(stored_service, **of_letters, postage=Postage.FIRST, sheets=1),
        text(
            stored_service,
            **of_letters,
            postage=Postage.FIRST,
            sheets=2,
            billable_units=4,
            notifications_sent=2,
        ),
        text(stored_service, **of_letters, sheets=1),
        text(
            stored_service,
            **of_letters,
            international=True,
            postage=Postage.EUROPE,
            sheets=2,
            billable_units=2,
        ),
    ]
    days = used(database, stored_service)
    assert [(day.postage, day.sheets, day.chargeable_units, day.notifications_sent) for day in days] == [
        (Postage.EUROPE, 2, 1, 1),
        (Postage.FIRST, 1, 1, 1),
        (Postage.FIRST, 2, 2, 2),
        (None, 1, 1, 1),
    ]
    assert counted(database, stored_service) == days


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-10-24T22:59:59.999999", "2026-10-24"),
        ("2026-10-24T23:00:00", "2026-10-25"),
        ("2026-10-25T23:59:59.999999", "2026-10-25"),
        ("2026-10-26T00:00:00", "2026-10-26"),
        ("2027-03-27T23:59:59", "2027-03-27"),
        ("2027-03-28T00:00:00", "2027-03-28"),
        ("2027-03-28T22:59:59.999999", "2027-03-28"),
        ("2027-03-28T23:00:00", "2027-03-29"),
        ("2027-03-31T22:59:59", "2027-03-31"),
        ("2027-03-31T23:00:00", "2027-04-01"),
    ],
)
def test_a_message_belongs_to_the_london_day_on_which_it_was_accepted(
    database: Database, stored_service: Service, store: Store, moment: str, day: str
) -> None:
    store(at=datetime.fromisoformat(moment).replace(tzinfo=UTC))
    for offset in (-1, 0, 1):
        near = date.fromisoformat(day) + timedelta(days=offset)
        assert len(built(database, stored_service, near)) == (offset == 0)
        assert len(counted(database, stored_service, near)) == (offset == 0)


@pytest.mark.parametrize("apart", [timedelta(milliseconds=-3), timedelta(milliseconds=3)])
def test_an_id_may_be_of_the_day_beside(
    database: Database, stored_service: Service, store: Store, apart: timedelta
) -> None:
    """Its milliseconds are taken a little before or after the moment at which the message is accepted."""
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    moment = midnight if apart < timedelta(0) else midnight + timedelta(days=1) - timedelta(milliseconds=1)
    store(at=moment, id=UUID(int=first_id_at(moment + apart).int + stored_service.id.int % 2**60))
    assert len(built(database, stored_service)) == 1
    assert used(database, stored_service) == counted(database, stored_service)


def test_what_is_not_charged_for_any_more_goes(database: Database, stored_service: Service, store: Store) -> None:
    stays, goes, alone = store(), store(), store(template_id=UUID(int=8))
    assert len(built(database, stored_service)) == 2
    with database.statement() as work:
        for message in (goes, alone):
            work.notifications.save(evolve(message, status=Status.TECHNICAL_FAILURE))
    assert built(database, stored_service) == [text(stored_service)]
    with database.statement() as work:
        work.notifications.save(evolve(stays, status=Status.TECHNICAL_FAILURE))
    assert built(database, stored_service) == []


def test_counting_again_changes_nothing(database: Database, stored_service: Service, store: Store) -> None:
    store()
    store(service_id=OTHER_SERVICE)
    before = built(database, stored_service)
    assert BuildBilling(database)(DAY) == 2
    assert built(database, stored_service) == before
    assert built(database, stored_service, DAY + timedelta(days=1)) == []
    with database.statement() as work:
        assert work.billing.list_facts(stored_service.id, DAY) == before


def test_usage_is_of_the_days_asked_for(database: Database, stored_service: Service, store: Store) -> None:
    days = [DAY + timedelta(days=number) for number in range(4)]
    for number, day in enumerate(days):
        store(at=NOON + timedelta(days=number))
        BuildBilling(database)(day)
    with database.statement() as work:
        found = work.billing.list_usage(stored_service.id, first=days[1], last=days[2])
        assert work.billing.list_usage(OTHER_SERVICE, first=days[0], last=days[3]) == []
    assert [one.day for one in found] == days[1:3]


def test_a_night_promises_ten_days_apart(database: Database, clock: FixedClock, new_id: NewId) -> None:
    clock.now = datetime(2026, 10, 26, 0, 15, tzinfo=UTC)
    days = CreateNightlyBilling(database, clock, new_id)()
    assert days == [date(2026, 10, 25) - timedelta(days=back) for back in range(10)]
    later = clock.now + timedelta(hours=1)
    with database.begin() as work:
        promised = work.outbox.take(limit=100, due_before=later, now=later, until=later)
    assert [day_of_id(entry.subject_id) for entry in promised] == days
    assert {(entry.task, entry.queue) for entry in promised} == {(Task.BUILD_BILLING, Queue.REPORTING)}
    assert [entry.available_at - clock.now for entry in promised] == [timedelta(seconds=30 * n) for n in range(10)]


def job_of(service: Service, template_id: UUID, job_id: UUID, made: datetime, **more: Any) -> Job:
    values: dict[str, Any] = {"status": JobStatus.FINISHED} | more
    return Job(
        id=job_id,
        service_id=service.id,
        template_id=template_id,
        template_version=1,
        channel=Channel.SMS,
        original_file_name="people.csv",
        notification_count=3,
        created_at=made,
        **values,
    )


def test_rows_of_jobs_made_before_count_where_they_were_accepted(
    database: Database, stored_service: Service, store: Store, make_template: MakeTemplate, new_id: NewId
) -> None:
    template = make_template()
    complete = {"status": JobStatus.FINISHED_ALL_CREATED, "updated_at": NOON}
    jobs = [
        job_of(stored_service, template.id, new_id(), NOON - timedelta(days=30), **complete),
        job_of(
            stored_service, template.id, new_id(), NOON - timedelta(days=8), scheduled_for=NOON - timedelta(days=1)
        ),
        # Its ids are of the very day, so that they are looked at anyway.
        job_of(stored_service, template.id, new_id(), NOON - timedelta(days=1), scheduled_for=NOON),
    ]
    with database.begin() as work:
        work.templates.save(template)
        for job in jobs:
            work.jobs.add(job)
        work.commit()
    for job in jobs[:2]:
        store(id=job.row_id(0), job_id=job.id, job_row_number=0, at=NOON - timedelta(days=1))
    for job in jobs:
        for row in (1, 2):
            store(id=job.row_id(row), job_id=job.id, job_row_number=row)
    store()
    [fact] = built(database, stored_service)
    assert fact.notifications_sent == 7
    with database.statement() as work:
        assert work.billing.count_live(window_of_day(work, DAY, stored_service.id)) == work.billing.list_usage(
            stored_service.id, first=DAY, last=DAY
        )
        day_before = Window.of_day(DAY - timedelta(days=1), stored_service.id)
        [before] = work.billing.count_live(evolve(day_before, earlier=[jobs[0].ids]))
    assert before.notifications_sent == 2


@pytest.mark.parametrize("kind", [None, *OrganisationType])
def test_a_platform_begins_with_these_allowances(
    database: Database, service: Service, kind: OrganisationType | None
) -> None:
    defaults = DEFAULT_ALLOWANCES[kind]
    with database.statement() as work:
        work.services.add(evolve(service, organisation_type=kind))
        for year in range(2016, 2030):
            expected = defaults[max(since for since in defaults if since <= year)]
            assert work.billing.allowance_grounds(year, service.id) == [
                Grounds(service_id=service.id, year=year, default=expected)
            ]


def test_what_was_decided_and_sent_in_the_year_before(
    database: Database, stored_service: Service, store: Store
) -> None:
    for moment in ("2026-03-31T22:59:59", "2026-03-31T23:00:00", "2027-03-31T22:59:59", "2027-03-31T23:00:00"):
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        store(at=at, billable_units=10, rate_multiplier=3)
        store(at=at, channel=Channel.EMAIL)
        store(at=at, service_id=OTHER_SERVICE, billable_units=7)
        built(database, stored_service, (at + timedelta(hours=1)).date())
    before = Allowance(service_id=stored_service.id, year=2026, fragments=11)
    for custom in (False, True):
        with database.statement() as work:
            work.billing.put_allowances([evolve(before, custom=custom)], replace=True)
            assert work.billing.allowance_grounds(2027, stored_service.id) == [
                Grounds(
                    service_id=stored_service.id,
                    year=2027,
                    default=5_000,
                    custom_before=11 if custom else None,
                    sent_before=60,
                )
            ]


def test_allowances_are_found_kept_and_replaced(database: Database, stored_service: Service) -> None:
    first = Allowance(service_id=stored_service.id, year=2026, fragments=5, custom=True, high_volume=True)
    second = evolve(first, fragments=6, custom=False, high_volume=False)
    with database.statement() as work:
        assert work.billing.find_allowance(stored_service.id, 2026) is None
        assert work.billing.put_allowances([], replace=False) == 0
        assert work.billing.put_allowances([first], replace=False) == 1
        assert work.billing.put_allowances([second], replace=False) == 0
        assert work.billing.find_allowance(stored_service.id, 2026) == first
        assert work.billing.put_allowances([second], replace=True) == 1
        assert work.billing.find_allowance(stored_service.id, 2026) == second
        assert work.billing.find_allowance(stored_service.id, 2027) is None


def test_active_services_without_an_allowance_are_found(database: Database, service: Service, new_id: NewId) -> None:
    services = [
        evolve(service, id=new_id(), name=name, active=name != "Gone", organisation_type=OrganisationType.LOCAL)
        for name in ("Due", "Also due", "Gone", "Has one")
    ]
    with database.statement() as work:
        for one in services:
            work.services.add(one)
        has_one = Allowance(service_id=services[3].id, year=2026, fragments=5)
        work.billing.put_allowances([has_one], replace=False)
        due = work.billing.allowance_grounds(2026)
        assert work.billing.allowance_grounds(2026, new_id()) == []
    assert due == [Grounds(service_id=services[n].id, year=2026, default=10_000) for n in (1, 0)]


def test_many_counting_the_same_day_end_with_the_day(postgres_engine: Engine, clock: FixedClock) -> None:
    empty(postgres_engine)
    database, new_id = PostgresDatabase(postgres_engine, CIPHER, clock), ids_of(clock)
    clock.now = NOON
    service_id = new_id()
    for round_ in range(5):
        messages = [
            message_of(
                service_id, clock, new_id, status=Status.SENDING, template_id=UUID(int=number), billable_units=1
            )
            for number in range(50)
        ]
        with database.statement() as work:
            work.notifications.accept_many(messages, [])
        with ThreadPoolExecutor(4) as threads:
            assert set(threads.map(BuildBilling(database), [DAY] * 8)) == {50}
        with database.statement() as work:
            [day] = work.billing.list_usage(service_id, first=DAY, last=DAY)
        assert day.notifications_sent == 50 * (round_ + 1)


def test_facts_that_stay_as_they_are_are_not_written_again(postgres_engine: Engine, clock: FixedClock) -> None:
    empty(postgres_engine)
    database, new_id = PostgresDatabase(postgres_engine, CIPHER, clock), ids_of(clock)
    clock.now = NOON
    service_id = new_id()

    def versions() -> dict[int, str]:
        with postgres_engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT template_id, xmin::text FROM ft_billing")
            return {template.int: version for template, version in rows}

    with database.statement() as work:
        for number in (1, 2):
            message = message_of(service_id, clock, new_id, status=Status.SENDING, template_id=UUID(int=number))
            work.notifications.accept_many([message], [])
    BuildBilling(database)(DAY)
    before = versions()
    with database.statement() as work:
        message = message_of(service_id, clock, new_id, status=Status.SENDING, template_id=UUID(int=2))
        work.notifications.accept_many([message], [])
    BuildBilling(database)(DAY)
    after = versions()
    assert before[1] == after[1]
    assert before[2] != after[2]
