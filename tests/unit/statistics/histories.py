"""Random histories of a platform, and the plainest way to count what became of its messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import Factory, define, evolve, frozen
from hypothesis import strategies as st

from notify_adapters.memory import FixedClock, SequentialIds
from notify_core.identifiers import uuid7
from notify_core.jobs.model import Job, JobStatus
from notify_core.notifications.model import Contents, Message, Notification, expiry_date
from notify_core.notifications.status import Status
from notify_core.outbox.model import Task
from notify_core.services.model import Service
from notify_core.statistics.build_facts import (
    CHANNELS_OF_TASK,
    BuildPromisedFacts,
    BuildStatusFacts,
    CreateNightlyStatus,
)
from notify_core.statistics.count import CountStatistics
from notify_core.statistics.model import By, Period
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel, KeyType

SERVICES = (UUID(int=1), UUID(int=2))
TEMPLATES = (UUID(int=11), UUID(int=12))
#: Until when a message of a channel may still change.
CHANGES_FOR = {
    Channel.SMS: timedelta(hours=72),
    Channel.EMAIL: timedelta(hours=72),
    Channel.LETTER: timedelta(days=9),
}
#: After so long a night still makes up for all that were missed.
MADE_UP_FOR = timedelta(days=14)
#: Clocks go forward on 29 March and back on 25 October.
STARTS = tuple(
    datetime(2026, month, day, hour, minute, tzinfo=UTC)
    for month, day, hour, minute in ((3, 27, 22, 30), (10, 23, 22, 30), (6, 10, 12, 0), (11, 28, 23, 59))
)

Count = tuple[date, UUID, UUID, Channel, Status]


@define
class Past:
    """A platform's past: `messages` are as they are now, `night` was the last one on which something was done."""

    database: Database
    clock: FixedClock
    night: datetime
    messages: list[Notification] = Factory(list)
    numbers: Iterable[int] = Factory(count)

    def accept(self, facts: Notification) -> None:
        """Store a message."""
        contents = Contents(recipient="07700 900123", normalised_recipient="447700900123")
        with self.database.statement() as work:
            work.notifications.accept_many([Message(notification=facts, contents=contents)], [])
        self.messages.append(facts)


@frozen
class Wait:
    """Let time pass, but never so much that more nights are missed than can be made up for."""

    minutes: int

    def __call__(self, past: Past) -> None:
        past.clock.now = min(past.clock.now + timedelta(minutes=self.minutes), past.night + MADE_UP_FOR)


@frozen
class Accept:
    """Accept a message: as a row of a file that was due some hours ago, or, with None, by itself."""

    service: int
    template: int
    channel: Channel
    key_type: KeyType
    due_hours_ago: int | None

    def __call__(self, past: Past) -> None:
        now = past.clock.now
        number = next(iter(past.numbers))
        facts = Notification(
            id=uuid7(now, number),
            service_id=SERVICES[self.service],
            template_id=TEMPLATES[self.template],
            template_version=1,
            channel=self.channel,
            key_type=self.key_type,
            api_key_id=None,
            created_at=now,
            expires_on=expiry_date(now, 7),
        )
        if self.due_hours_ago is not None:
            job = self._job(number, now - timedelta(hours=self.due_hours_ago), now)
            with past.database.statement() as work:
                work.jobs.add(job)
            facts = evolve(facts, id=job.row_id(0), job_id=job.id, job_row_number=0)
        past.accept(facts)

    def _job(self, number: int, made_at: datetime, now: datetime) -> Job:
        return Job(
            id=UUID(int=1000 + number),
            service_id=SERVICES[self.service],
            template_id=TEMPLATES[self.template],
            template_version=1,
            channel=self.channel,
            original_file_name="people.csv",
            notification_count=1,
            created_at=made_at,
            created_by_id=NOTIFY_USER_ID,
            status=JobStatus.FINISHED if number % 2 else JobStatus.FINISHED_ALL_CREATED,
            updated_at=now,
        )


@frozen
class Change:
    """Change the status of one of those messages that may still change."""

    which: int
    status: Status

    def __call__(self, past: Past) -> None:
        changing = [
            index
            for index, facts in enumerate(past.messages)
            if past.clock.now - facts.created_at <= CHANGES_FOR[facts.channel]
        ]
        if changing:
            index = changing[self.which % len(changing)]
            past.messages[index] = evolve(past.messages[index], status=self.status)
            with past.database.statement() as work:
                work.notifications.save(past.messages[index])


@frozen
class Night:
    """Do what nights do, so many times, at whatever time it is. Whether a night is missed is up to the history."""

    times: int = 1

    def __call__(self, past: Past) -> None:
        past.night = past.clock.now
        new_id = SequentialIds(past.clock)
        build = BuildStatusFacts(past.database, past.clock)
        for _ in range(self.times):
            CreateNightlyStatus(past.database, past.clock, new_id)()
            now = past.clock.now
            with past.database.begin() as work:
                promised = work.outbox.take(limit=1000, due_before=now + timedelta(1), now=now, until=now)
                work.outbox.remove([entry.id for entry in promised], queued_at=now)
                work.commit()
            for entry in promised:
                BuildPromisedFacts(build, CHANNELS_OF_TASK[Task(entry.task)])([entry.subject_id])


Step = Wait | Accept | Change | Night

steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Wait, st.sampled_from([1, 29, 60, 600, 24 * 60, 3 * 24 * 60])),
    st.builds(
        Accept,
        st.integers(0, 1),
        st.integers(0, 1),
        st.sampled_from(Channel),
        st.sampled_from(KeyType),
        st.sampled_from([None, None, 0, 1, 30, 9 * 24, 30 * 24]),
    ),
    st.builds(Change, st.integers(0, 50), st.sampled_from(Status)),
    st.builds(Night, st.integers(1, 2)),
)
histories = st.tuples(st.sampled_from(STARTS), st.lists(steps, max_size=40))


def live_through(database: Database, start: datetime, script: list[Step], clock: FixedClock) -> Past:
    """Take the steps in an empty database, and return what there was in the end."""
    clock.now = start
    past = Past(database, clock, night=start)
    with database.statement() as work:
        for number, service_id in enumerate(SERVICES):
            work.services.add(Service(id=service_id, name=f"Service {number}", created_at=start))
        for number, template_id in enumerate(TEMPLATES):
            work.templates.save(
                Template(
                    id=template_id,
                    service_id=SERVICES[0],
                    name=f"Template {number}",
                    channel=Channel.SMS,
                    content="Hello",
                    created_at=start,
                )
            )
    for step in script:
        step(past)
    return past


def told(past: Past, start: datetime, service_id: UUID | None) -> Counter[Count]:
    """Return what the platform tells of all days since then."""
    period = Period(london_day(start), london_day(past.clock.now))
    by = By.DAY | By.SERVICE | By.TEMPLATE
    counts: Counter[Count] = Counter()
    for one in CountStatistics(past.database, past.clock)(period, service_id, by=by).counts:
        assert one.day is not None
        assert one.service_id is not None
        assert one.template_id is not None
        counts[one.day, one.service_id, one.template_id, one.channel, one.status] += one.messages
    return counts


def counted_plainly(past: Past, service_id: UUID | None) -> Counter[Count]:
    """Count all messages one by one, as they are now."""
    return Counter(
        (london_day(facts.created_at), facts.service_id, facts.template_id, facts.channel, facts.status)
        for facts in past.messages
        if facts.key_type is not KeyType.TEST and service_id in (None, facts.service_id)
    )


def london_day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo("Europe/London")).date()
