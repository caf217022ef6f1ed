"""Whatever happens, and whenever nights run: what is billed is what counting one message after the other gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock, MemoryDatabase
from notify_adapters.postgres import PostgresDatabase
from notify_core.billing.assign import SetAllowance
from notify_core.billing.build import BuildBilling, CreateNightlyBilling, UpdateBillingForToday
from notify_core.billing.change_rates import AddRate
from notify_core.billing.defaults import DEFAULT_TARIFF
from notify_core.billing.rates import SmsRate
from notify_core.billing.show import ShowUsage, Usage
from notify_core.identifiers import NewId
from notify_core.jobs.model import Job, JobStatus
from notify_core.notifications.model import Notification
from notify_core.notifications.status import Status
from notify_core.services.model import Service
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType, Postage, ProviderName
from tests.integration.contracts.conftest import ADDED_RATES, CIPHER, empty, ids_of, message_of

LONDON = ZoneInfo("Europe/London")
COUNTED = {
    "sms": ["sending", "sent", "delivered", "pending", "temporary-failure", "permanent-failure"],
    "email": ["sending", "delivered", "temporary-failure", "permanent-failure"],
    "letter": ["sending", "delivered", "returned-letter"],
}
FREE = 7


@frozen
class Scene:
    """Two services of one platform, with jobs that were made days ago, and every message that was ever accepted."""

    database: Database
    clock: FixedClock
    new_id: NewId
    services: tuple[UUID, UUID]
    jobs: tuple[Job, ...]
    messages: dict[UUID, Notification] = field(factory=dict)
    rates: list[SmsRate] = field(factory=lambda: list(DEFAULT_TARIFF.texts))


Step = Callable[[Scene], Any]
Figures = dict[Any, Any]


@frozen(kw_only=True)
class Send:
    """A message is accepted; with `job`, as the next row of that one."""

    facts: dict[str, Any]
    service: int
    job: int | None

    def __call__(self, scene: Scene) -> None:
        more = dict(self.facts)
        if more["channel"] is not Channel.LETTER:
            more["postage"] = None
        service_id = scene.services[self.service]
        job = None if self.job is None else scene.jobs[self.job]
        if job is not None:
            row = sum(one.job_id == job.id for one in scene.messages.values())
            more |= {"id": job.row_id(row), "job_id": job.id, "job_row_number": row}
            service_id = job.service_id
        message = message_of(service_id, scene.clock, scene.new_id, **more)
        with scene.database.begin() as work:
            work.notifications.accept_many([message], [])
            if job is not None and self.job == 1:
                # The other ones are not said to be complete, however long ago their last row came.
                complete = evolve(job, status=JobStatus.FINISHED_ALL_CREATED, updated_at=scene.clock())
                work.jobs.save(complete)
            work.commit()
        scene.messages[message.notification.id] = message.notification


@frozen
class Change:
    """A message becomes something else, as receipts and timeouts have it."""

    number: int
    changes: dict[str, Any]

    def __call__(self, scene: Scene) -> None:
        known = list(scene.messages.values())
        if known:
            changed = evolve(known[self.number % len(known)], **self.changes)
            scene.messages[changed.id] = changed
            with scene.database.statement() as work:
                work.notifications.save(changed)


@frozen
class Wait:
    minutes: int

    def __call__(self, scene: Scene) -> None:
        scene.clock.advance(timedelta(minutes=self.minutes))


@frozen
class Night:
    """The nightly task, and what it promises."""

    days: int = 10

    def __call__(self, scene: Scene) -> None:
        for day in CreateNightlyBilling(scene.database, scene.clock, scene.new_id)(days=self.days):
            BuildBilling(scene.database)(day)


def hour(scene: Scene) -> None:
    UpdateBillingForToday(BuildBilling(scene.database), scene.clock)()


@frozen
class Correct:
    """Somebody says what texts cost from a day near today on."""

    days: int
    pounds: Decimal

    def __call__(self, scene: Scene) -> None:
        rate = SmsRate(valid_from=london_day(scene.clock()) + timedelta(days=self.days), pounds=self.pounds)
        AddRate(scene.database, scene.clock)(rate, correct=True)
        scene.rates[:] = [one for one in scene.rates if one.valid_from != rate.valid_from] + [rate]


def london_day(moment: datetime) -> date:
    return moment.astimezone(LONDON).date()


def one_by_one(scene: Scene, service_id: UUID, year: int) -> tuple[Figures, Figures]:
    """Return what the service's lines for the year, and for its months, are to add up to.

    Each is kept as (line, figure) -> number. It knows nothing of facts, days' totals or the code that is tested.
    """
    yearly: Figures = defaultdict(int)
    monthly: Figures = defaultdict(int)
    free = FREE
    for message in sorted(scene.messages.values(), key=lambda one: one.created_at):
        day = london_day(message.created_at)
        if message.service_id != service_id or not date(year, 4, 1) <= day <= date(year + 1, 3, 31):
            continue
        if message.key_type == "test" or message.status not in COUNTED[message.channel]:
            continue
        rate, units, used = Decimal(0), 0, 0
        if message.channel is Channel.SMS:
            rate = max((one for one in scene.rates if one.valid_from <= day), key=lambda one: one.valid_from).pounds
            units = message.billable_units * (1 if message.rate_multiplier is None else message.rate_multiplier)
            used = min(free, units)
            free -= used
        if message.channel is Channel.LETTER:
            units = 1
            rate = DEFAULT_TARIFF.of_letter(day, message.postage, message.billable_units)
        figures: Figures = {
            "sent": 1,
            "units": units,
            "free": used,
            "charged": units - used,
            "cost": (units - used) * rate,
        }
        for name, value in figures.items():
            yearly[message.channel, rate, name] += value
            if message.channel is not Channel.EMAIL:
                monthly[day.strftime("%B"), message.channel, rate, message.postage, name] += value
    return without_nothing(yearly), without_nothing(monthly)


def told(usage: Usage) -> tuple[Figures, Figures]:
    yearly: Figures = {}
    monthly: Figures = {}
    for lines, counter, named in (
        (usage.yearly, yearly, lambda line: (line.channel, line.rate)),
        (usage.monthly, monthly, lambda line: (f"{line.day:%B}", line.channel, line.rate, line.postage)),
    ):
        for line in lines:
            figures: Figures = {
                "sent": line.notifications_sent,
                "units": line.chargeable_units,
                "free": line.free_allowance_used,
                "charged": line.charged_units,
                "cost": line.cost,
            }
            for name, value in figures.items():
                assert (*named(line), name) not in counter, "each line is told once"
                counter[*named(line), name] = value
    return without_nothing(yearly), without_nothing(monthly)


def without_nothing(figures: Figures) -> Figures:
    return {line: figure for line, figure in figures.items() if figure}


statuses = st.sampled_from(Status)
likely = st.sampled_from([Status.DELIVERED, Status.SENDING, Status.TEMPORARY_FAILURE])
message_facts = st.fixed_dictionaries(
    {
        "channel": st.sampled_from([Channel.SMS, Channel.SMS, Channel.EMAIL, Channel.LETTER]),
        "key_type": st.sampled_from([KeyType.NORMAL, KeyType.NORMAL, KeyType.TEAM, KeyType.TEST]),
        "status": st.one_of(likely, statuses),
        "template_id": st.integers(1, 2).map(lambda number: UUID(int=number)),
        "billable_units": st.integers(0, 5),
        "rate_multiplier": st.sampled_from([None, 0, 1, 1, 2, 12]),
        "international": st.booleans(),
        "sent_by": st.sampled_from([None, ProviderName.MMG, ProviderName.FIRETEXT]),
        "postage": st.sampled_from(Postage),
    }
)
changes = st.one_of(
    statuses.map(lambda status: {"status": status}),
    st.integers(0, 5).map(lambda units: {"billable_units": units}),
    st.sampled_from([ProviderName.MMG, ProviderName.FIRETEXT]).map(lambda name: {"sent_by": name}),
)
sends = st.builds(
    Send,
    facts=message_facts,
    service=st.integers(0, 1),
    job=st.sampled_from([None, None, None, 0, 1]),
)
waits = st.builds(Wait, st.sampled_from([1, 29, 30, 60, 60, 600, 1439, 1440, 3000]))
steps: st.SearchStrategy[Step] = st.one_of(
    sends,
    sends,
    waits,
    st.builds(Change, st.integers(0, 30), changes),
    st.builds(Night),
    st.just(hour),
    st.builds(Correct, st.integers(-1, 1), st.sampled_from([Decimal("0.03"), Decimal("0.0301")])),
)
# An hour and a half before midnight UTC: before both changes of the clock, and before a financial year's end.
evenings = st.sampled_from(
    [
        datetime(2026, 10, 24, 22, 30, tzinfo=UTC),
        datetime(2026, 11, 20, 22, 30, tzinfo=UTC),
        datetime(2027, 3, 27, 22, 30, tzinfo=UTC),
        datetime(2027, 3, 31, 21, 30, tzinfo=UTC),
    ]
)


def open_scene(database: Database, clock: FixedClock) -> Scene:
    new_id = ids_of(clock)
    services = tuple(
        Service(id=service_id, name=f"Service {service_id}", created_at=clock())
        for service_id in (new_id(), new_id())
    )
    template = Template(
        id=new_id(),
        service_id=services[0].id,
        name="Text",
        channel=Channel.SMS,
        content="Hi",
        created_at=clock(),
    )
    jobs = tuple(
        Job(
            id=new_id(),
            service_id=services[0].id,
            template_id=template.id,
            template_version=1,
            channel=Channel.SMS,
            original_file_name="people.csv",
            notification_count=100,
            created_at=clock() - timedelta(days=made),
            scheduled_for=None if due is None else clock() - timedelta(minutes=due),
            status=JobStatus.FINISHED,
        )
        for made, due in ((1, None), (6, 5))
    )
    with database.begin() as work:
        for service in services:
            work.services.add(service)
        work.templates.save(template)
        for job in jobs:
            work.jobs.add(job)
        work.commit()
    for service in services:
        SetAllowance(database, clock)(service.id, FREE)
    return Scene(database, clock, new_id, (services[0].id, services[1].id), jobs)


def play(database: Database, clock: FixedClock, script: Sequence[Step]) -> None:
    """Play, and compare what is billed with what there is: by day, and by year as it is shown just then."""
    scene = open_scene(database, clock)
    for step in script:
        step(scene)
    Night(days=40)(scene)
    shown = [ShowUsage(database, clock)(service_id) for service_id in scene.services]
    for usage in shown:
        assert told(usage) == expected(scene, usage)
    days = {london_day(message.created_at) for message in scene.messages.values()}
    facts = [facts_of(scene, day) for day in sorted(days)]
    Night(days=40)(scene)
    hour(scene)
    assert [facts_of(scene, day) for day in sorted(days) if day < london_day(clock())] == [
        one for day, one in zip(sorted(days), facts, strict=True) if day < london_day(clock())
    ], "counting twice is counting once"
    clock.advance(timedelta(days=1))
    Night(days=1)(scene)
    for before, service_id in zip(shown, scene.services, strict=True):
        usage = ShowUsage(database, clock)(service_id, before.year)
        assert told(usage) == expected(scene, usage), "what was counted live is what the night counts"


def expected(scene: Scene, usage: Usage) -> tuple[Figures, Figures]:
    assert usage.allowance.fragments == FREE
    return one_by_one(scene, usage.service_id, usage.year)


def facts_of(scene: Scene, day: date) -> list[Any]:
    with scene.database.statement() as work:
        return [work.billing.list_facts(service_id, day) for service_id in scene.services]


@settings(max_examples=150, deadline=None)
@given(evenings, st.lists(steps, max_size=30))
def test_bills_are_what_there_is(evening: datetime, script: list[Step]) -> None:
    clock = FixedClock(evening)
    play(MemoryDatabase(clock), clock, script)


@pytest.mark.usefixtures("postgres_url")
@settings(max_examples=20, deadline=None)
@given(evening=evenings, script=st.lists(steps, max_size=30))
def test_bills_are_what_there_is_in_postgresql(
    postgres_engine: Engine, evening: datetime, script: list[Step]
) -> None:
    empty(postgres_engine)
    clock = FixedClock(evening)
    try:
        play(PostgresDatabase(postgres_engine, CIPHER, clock), clock, script)
    finally:
        with postgres_engine.connect() as connection:
            connection.exec_driver_sql(f"DELETE FROM rates WHERE {ADDED_RATES}")  # noqa: S608 - a constant
