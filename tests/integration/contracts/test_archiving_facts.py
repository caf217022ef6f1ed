"""Old facts go into the archive: each exactly once, whatever is killed; and nothing goes that is not there."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any, cast
from uuid import UUID, uuid4

import boto3
import pytest
from attrs import define, evolve, field, frozen
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock, MemoryDatabase
from notify_adapters.memory.archive import MemoryArchiveBucket, PlainFactFiles, memory_scratch
from notify_adapters.memory.platform import one_after_the_other
from notify_adapters.orc import OrcFactFiles
from notify_adapters.postgres import PostgresDatabase
from notify_adapters.s3 import S3ArchiveBucket
from notify_adapters.system import scratch_file
from notify_core.archive.columns import COLUMNS, values_of
from notify_core.archive.find import ListArchive, PlanArchive, ReadArchivedFile, ShowArchivedMonth
from notify_core.archive.log import ArchiveLog
from notify_core.archive.model import HOUR, ArchiveDamaged, ArchivedHour, ArchivePolicy, NotArchived
from notify_core.archive.ports import ArchiveBucket, ArchiveStorage
from notify_core.archive.run import ArchiveFacts
from notify_core.archive.steps import LEASE, ArchiveInSteps, Did
from notify_core.identifiers import NewId, first_id_at, uuid7
from notify_core.notifications.model import Notification
from notify_core.notifications.status import Status
from notify_core.outbox.model import Queue, Task
from notify_core.unit_of_work import Database, UnitOfWork
from tests.integration.contracts.conftest import Accept, ids_of, put_partitions_back

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
IN_OCTOBER = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
A_YEAR_LATER = datetime(2027, 12, 26, 1, 35, tzinfo=UTC)
FILES = 4


class Killed(BaseException):
    """This process is no more."""


@define
class KilledBucket:
    """A bucket in whose method `at` the process is killed, before it or after it, the first time only."""

    bucket: ArchiveBucket
    at: str = ""
    after: bool = False
    seen: Counter[str] = field(factory=Counter)

    def _do(self, name: str, *arguments: Any) -> Any:
        is_it = name == self.at
        self.seen[name] += 1
        if is_it and not self.after:
            self.at = ""
            raise Killed
        result = getattr(self.bucket, name)(*arguments)
        if is_it:
            self.at = ""
            raise Killed
        return result

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self._do(name, *arguments)


@define
class KilledDatabase:
    """A database in which the process is killed when a removal is committed: before it, or after it, once."""

    database: Database
    at: str = ""
    after: bool = False

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        with self.database.begin() as work:
            yield cast("UnitOfWork", _KilledWork(self, work, work.archive.months_before(A_YEAR_LATER)))

    @contextmanager
    def statement(self) -> Iterator[UnitOfWork]:
        with self.database.statement() as work:
            yield work


@frozen
class _KilledWork:
    on: KilledDatabase
    work: UnitOfWork
    months: list[date]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.work, name)

    def commit(self) -> None:
        removes = self.work.archive.months_before(A_YEAR_LATER) != self.months
        is_it = self.on.at == "commit" and removes
        if is_it and not self.on.after:
            self.on.at = ""
            raise Killed
        self.work.commit()
        if is_it:
            self.on.at = ""
            raise Killed


@define
class HeardLog(ArchiveLog):
    """Remembers what it was told."""

    heard: list[tuple[str, str]] = field(factory=list)

    def damaged(self, hour: ArchivedHour, problem: str) -> None:
        self.heard.append((hour.key, problem))

    def missing(self, hour: ArchivedHour) -> None:
        self.heard.append((hour.key, "missing"))


@define
class World:
    """A database with facts of a year ago, and where they are to go."""

    database: Database
    storage: ArchiveStorage
    clock: FixedClock
    new_id: NewId
    policy: ArchivePolicy
    log: HeardLog = field(factory=HeardLog)

    def steps(self, **more: Any) -> ArchiveInSteps:
        values: dict[str, Any] = {
            "database": self.database,
            "storage": self.storage,
            "in_flight": one_after_the_other,
            "clock": self.clock,
            "policy": self.policy,
            "log": self.log,
        }
        return ArchiveInSteps(**values | more)

    def run(self, **more: Any) -> Counter[Did]:
        """Archive all that is due."""
        return Counter(step.did for step in self.steps()(**more))

    def nightly(self, **more: Any) -> ArchiveFacts:
        return ArchiveFacts(steps=self.steps(**more), database=self.database, clock=self.clock, new_id=self.new_id)

    @property
    def bucket(self) -> ArchiveBucket:
        return self.storage.bucket

    def hours(self) -> list[ArchivedHour]:
        with self.database.statement() as work:
            return [hour for month in work.archive.months() for hour in work.archive.hours(month.month)]

    def files(self) -> list[ArchivedHour]:
        return [hour for hour in self.hours() if hour.fingerprint is not None]

    def archived(self) -> list[dict[str, object]]:
        """Return every row of every file, in the order of ids."""
        rows = [row for hour in self.files() for row in self.rows_of(hour.key)]
        return sorted(rows, key=lambda row: cast("UUID", row["id"]))

    def rows_of(self, key: str) -> list[dict[str, object]]:
        with self.storage.scratch() as file:
            assert self.bucket.download(key, file)
            return [dict(row) for row in self.storage.formats.sample(file, 1000)]

    def is_there(self, facts: Notification) -> bool:
        with self.database.statement() as work:
            return work.notifications.find_for_receipt(notification_id=facts.id) is not None

    def keys(self) -> set[str]:
        """Return the names of all files in the bucket, known or not."""
        if isinstance(self.bucket, MemoryArchiveBucket):
            return set(self.bucket.files)
        assert isinstance(self.bucket, S3ArchiveBucket)
        client = boto3.client("s3", endpoint_url=self.bucket.endpoint_url, region_name="eu-west-1")
        found = client.list_objects_v2(Bucket=self.bucket.bucket, Prefix=self.policy.prefix)
        return {one["Key"] for one in found.get("Contents", [])}


@pytest.fixture(scope="session")
def s3_bucket(archive_s3_url: str) -> S3ArchiveBucket:
    boto3.client("s3", endpoint_url=archive_s3_url, region_name="eu-west-1").create_bucket(
        Bucket="deep-history", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return S3ArchiveBucket("deep-history", "eu-west-1", archive_s3_url)


@pytest.fixture
def world(request: pytest.FixtureRequest, database: Database, clock: FixedClock) -> Iterator[World]:
    """A world in memory, or with PostgreSQL, ORC and S3. Nothing in it yet."""
    if isinstance(database, MemoryDatabase):
        storage = ArchiveStorage(bucket=MemoryArchiveBucket(), formats=PlainFactFiles(), scratch=memory_scratch)
    else:
        bucket = request.getfixturevalue("s3_bucket")
        storage = ArchiveStorage(bucket=bucket, formats=OrcFactFiles(), scratch=scratch_file)
    # A bucket is for one test only as far as names go.
    policy = ArchivePolicy(prefix=f"{uuid4()}/")
    yield World(database, storage, clock, ids_of(clock), policy)
    if isinstance(database, PostgresDatabase):
        engine: Engine = request.getfixturevalue("postgres_engine")
        put_partitions_back(engine)


@pytest.fixture
def facts(world: World, accept: Accept, clock: FixedClock) -> list[Notification]:
    """Facts of two months and four hours, one of them of a row that was stored a month after its job was made."""
    made = [
        accept(id=uuid7(IN_OCTOBER, 1), created_at=IN_OCTOBER, status=Status.DELIVERED),
        accept(id=uuid7(IN_OCTOBER, 2), created_at=NOON, job_id=UUID(int=3), job_row_number=1),
        accept(status=Status.DELIVERED, reference="ref"),
        accept(created_at=NOON + HOUR / 2, billable_units=2, api_key_id=None),
        accept(created_at=NOON + HOUR),
    ]
    clock.now = A_YEAR_LATER
    return sorted((message.notification for message in made), key=lambda one: one.id)


def as_rows(facts: list[Notification]) -> list[dict[str, object]]:
    return [
        {column.name: column.read(value) for column, value in zip(COLUMNS, values_of(one), strict=True)}
        for one in facts
    ]


def expect_all_archived(world: World, facts: list[Notification]) -> None:
    """Every fact is in one file, and nowhere else; all files are told so; nothing is left in between."""
    assert world.archived() == as_rows(facts)
    assert world.keys() == {hour.key for hour in world.files()}
    assert len(world.files()) == FILES
    assert not any(world.is_there(one) for one in facts)
    for hour in world.files():
        assert hour.contents_deleted_at is not None
        tags = world.bucket.tags(hour.key)
        assert tags == {"contents_deleted": "true", "contents_deleted_at": hour.contents_deleted_at.isoformat()}
    months = ListArchive(world.database)()
    in_october = sum(one.id < uuid7(NOON, 0) for one in facts)
    assert [(one.month, one.rows, one.files, one.untagged) for one in months] == [
        (OCTOBER, in_october, 2, 0),
        (NOVEMBER, len(facts) - in_october, 2, 0),
    ]
    assert all(month.removed_at is not None for month in months)
    with world.database.statement() as work:
        assert work.archive.facts_complete_since() == date(2026, 11, 22)


def test_old_facts_go_into_the_archive_and_nowhere_else(
    world: World, facts: list[Notification], accept: Accept
) -> None:
    young = accept().notification
    done = world.run()
    assert (done[Did.UPLOADED], done[Did.VERIFIED], done[Did.REMOVED]) == (FILES, FILES, 2)
    expect_all_archived(world, facts)
    assert world.is_there(young)
    assert sum(world.run().values()) == 0, "there is nothing left to do"


KILLS = [
    (method, after)
    for method in ("upload", "download", "fingerprint", "mark_deleted", "commit")
    for after in (False, True)
]


@pytest.mark.parametrize(("method", "after"), KILLS, ids=str)
def test_killed_at_any_point_it_goes_on(world: World, facts: list[Notification], method: str, after: bool) -> None:
    bucket = KilledBucket(world.bucket, at=method, after=after)
    database = KilledDatabase(world.database, at=method, after=after)
    storage = evolve(world.storage, bucket=cast("ArchiveBucket", bucket))
    with pytest.raises(Killed):
        list(world.steps(storage=storage, database=database)())
    # Each fact is somewhere: in the database still, or in a file that was verified.
    archived = [row for hour in world.files() if hour.verified_at is not None for row in world.rows_of(hour.key)]
    assert all(world.is_there(one) or row in archived for one, row in zip(facts, as_rows(facts), strict=True))
    # What was at work is dead, and its lease runs out.
    world.clock.advance(LEASE)
    world.run()
    expect_all_archived(world, facts)


def test_stopped_after_any_step_it_goes_on(world: World, facts: list[Notification]) -> None:
    steps = 0
    while next(iter(world.steps()()), None) is not None:
        steps += 1
    assert steps > 2 * FILES
    expect_all_archived(world, facts)


def replace(world: World, key: str, content: bytes) -> None:
    world.bucket.upload(key, io.BytesIO(content))


def cut(world: World, key: str) -> None:
    with world.storage.scratch() as file:
        assert world.bucket.download(key, file)
        file.seek(0)
        content = file.read()
    replace(world, key, content[: len(content) * 2 // 3])


def exchange(world: World, key: str) -> None:
    """Put a file in its place that can be read, and holds something else."""
    with world.storage.scratch() as file:
        world.storage.formats.write(file, [])
        world.bucket.upload(key, file)


@pytest.mark.parametrize(
    ("meddle", "problem"),
    [
        (lambda world, key: replace(world, key, b"nonsense"), r"it cannot be read|it holds"),
        (cut, r"it cannot be read|it holds|its rows are not"),
        (exchange, r"it holds 0 rows, and 1 were written"),
    ],
)
def test_a_damaged_file_stops_the_removal(world: World, facts: list[Notification], meddle: Any, problem: str) -> None:
    done = []

    def run() -> None:
        for step in world.steps()(until=OCTOBER):
            done.append(step.did)
            if step.hour is not None and step.did is Did.UPLOADED:
                meddle(world, step.hour.key)

    with pytest.raises(ArchiveDamaged, match=problem) as refused:
        run()
    [(key, _)] = world.log.heard
    assert key in str(refused.value)
    assert "Nothing was removed" in str(refused.value)
    assert Did.REMOVED not in done
    assert all(world.is_there(one) for one in facts)
    world.run()
    expect_all_archived(world, facts)


def test_a_file_that_changed_after_it_was_verified_stops_the_removal(world: World, facts: list[Notification]) -> None:
    world.policy = evolve(world.policy, removes=False)
    world.run()
    world.policy = evolve(world.policy, removes=True)
    assert all(world.is_there(one) for one in facts)
    first, second, *_ = world.files()
    exchange(world, first.key)
    with pytest.raises(ArchiveDamaged, match="it is not the one that was verified"):
        world.run()
    assert all(world.is_there(one) for one in facts)
    assert [key for key, _ in world.log.heard] == [first.key]
    assert world.bucket.fingerprint(second.key) == second.fingerprint
    world.run()
    expect_all_archived(world, facts)


@frozen
class WithoutFile:
    """A bucket that has lost a file."""

    bucket: ArchiveBucket
    lost: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bucket, name)

    def fingerprint(self, key: str) -> str | None:
        return None if key == self.lost else self.bucket.fingerprint(key)

    def mark_deleted(self, key: str, at: datetime) -> bool:
        return key != self.lost and self.bucket.mark_deleted(key, at)


def test_a_file_that_is_gone_stops_the_removal(world: World, facts: list[Notification]) -> None:
    world.policy = evolve(world.policy, removes=False)
    world.run()
    world.policy = evolve(world.policy, removes=True)
    lost = cast("ArchiveBucket", WithoutFile(world.bucket, world.files()[0].key))
    with pytest.raises(ArchiveDamaged, match="it is not there"):
        list(world.steps(storage=evolve(world.storage, bucket=lost))())
    assert all(world.is_there(one) for one in facts)


def test_the_loss_of_the_only_copy_is_told_and_holds_nobody_up(world: World, facts: list[Notification]) -> None:
    killed = cast("ArchiveBucket", KilledBucket(world.bucket, at="mark_deleted"))
    with pytest.raises(Killed):
        list(world.steps(storage=evolve(world.storage, bucket=killed))(until=OCTOBER))
    lost = next(hour.key for hour in world.files() if hour.contents_deleted_at is None)
    bucket = cast("ArchiveBucket", WithoutFile(world.bucket, lost))
    done = {step.did for step in world.steps(storage=evolve(world.storage, bucket=bucket))()}
    assert {Did.TAGGED, Did.REMOVED} <= done
    assert set(world.log.heard) == {(lost, "missing")}
    assert [hour.key for hour in world.files() if hour.contents_deleted_at is None] == [lost]


@pytest.mark.parametrize("at", [Did.UPLOADED, Did.VERIFIED])
def test_a_fact_that_changes_meanwhile_is_archived_as_it_is_in_the_end(
    world: World, facts: list[Notification], at: Did
) -> None:
    changed = evolve(facts[0], status=Status.TEMPORARY_FAILURE, updated_at=A_YEAR_LATER)
    for step in world.steps()():
        if step.did is at and world.is_there(changed):
            with world.database.begin() as work:
                before = work.notifications.find_for_receipt(notification_id=changed.id)
                if before != changed:
                    work.notifications.save(changed)
                    work.commit()
    # A change after the last look at its hour leaves the month to the next run.
    world.run()
    expect_all_archived(world, [changed, *facts[1:]])


def test_a_fact_that_changes_all_the_time_stays_and_holds_nobody_up(world: World, facts: list[Notification]) -> None:
    attempts = 0
    for step in world.steps()():
        if step.did is Did.UPLOADED and step.month == OCTOBER:
            attempts += 1
            with world.database.begin() as work:
                work.notifications.save(evolve(facts[0], attempts=attempts))
                work.notifications.save(evolve(facts[1], attempts=attempts))
                work.commit()
    assert attempts < 10
    assert [world.is_there(one) for one in facts] == [True, True, False, False, False]
    world.run()
    with world.database.statement() as work:
        assert work.archive.unverified(OCTOBER) == []
    assert [row["attempts"] for row in world.archived()][:2] == [attempts, attempts]


def test_two_at_once_do_each_hour_once(world: World, facts: list[Notification]) -> None:
    one, other = world.steps()(), world.steps()()
    done: Counter[Did] = Counter()
    for _ in range(200):
        for steps in (one, other):
            step = next(steps, None)
            if step is not None:
                done[step.did] += 1
    assert done[Did.UPLOADED] == FILES
    world.run()
    expect_all_archived(world, facts)


def test_who_was_away_for_too_long_writes_nothing(world: World, facts: list[Notification]) -> None:
    class SlowFiles:
        def write(self, file: IO[bytes], lines: Any) -> Any:
            tally = world.storage.formats.write(file, lines)
            world.clock.advance(LEASE)
            return tally

    bucket = KilledBucket(world.bucket)
    storage = evolve(world.storage, formats=cast("Any", SlowFiles()), bucket=cast("ArchiveBucket", bucket))
    done = Counter(step.did for step in world.steps(storage=storage)(until=OCTOBER))
    assert (done[Did.UPLOADED], bucket.seen["upload"]) == (0, 0)
    assert done[Did.CHANGED] > 0
    world.run()
    expect_all_archived(world, facts)


def test_young_months_stay(world: World, accept: Accept, clock: FixedClock) -> None:
    messages = [accept().notification, accept(created_at=datetime(2027, 1, 2, 3, 4, tzinfo=UTC)).notification]
    clock.now = datetime(2028, 1, 2, 3, 59, tzinfo=UTC)
    assert NOVEMBER not in world.steps().due()
    world.run()
    assert all(world.is_there(one) for one in messages)
    clock.now = datetime(2028, 1, 2, 4, 0, tzinfo=UTC)
    world.run()
    assert not any(world.is_there(one) for one in messages)


def test_a_month_can_be_the_last(world: World, facts: list[Notification]) -> None:
    due = PlanArchive(world.database, world.steps())(date(2026, 10, 31))
    assert (due[-1].month, due[-1].hours) == (OCTOBER, 31 * 24 + 20 * 24 + 13)
    assert due[-1].hours_left == due[-1].hours
    world.run(until=date(2026, 10, 31))
    assert [world.is_there(one) for one in facts] == [False, False, True, True, True]
    assert OCTOBER not in [month.month for month in PlanArchive(world.database, world.steps())()]


def test_no_more_hours_are_written_than_wanted(world: World, facts: list[Notification]) -> None:
    assert world.run(hours=3)[Did.UPLOADED] == 3
    assert [world.is_there(one) for one in facts] == [False, False, True, True, True]
    assert world.run(hours=0)[Did.UPLOADED] == 0
    world.run(hours=1)
    expect_all_archived(world, facts)


def test_a_night_writes_as_many_hours_as_it_may(world: World, facts: list[Notification]) -> None:
    world.policy = evolve(world.policy, hours_per_run=3)
    began = first_id_at(world.clock())
    assert world.nightly()()[Did.UPLOADED] == 3
    assert world.nightly()([began])[Did.UPLOADED] == 0, "a repetition belongs to the same night"
    world.clock.advance(timedelta(days=1))
    assert world.nightly()()[Did.UPLOADED] == 1
    expect_all_archived(world, facts)


def test_what_a_task_has_no_time_for_is_promised(world: World, facts: list[Notification]) -> None:
    class Slow(ArchiveLog):
        def archived(self, hour: ArchivedHour) -> None:
            del hour
            world.clock.advance(timedelta(seconds=11))

    began: tuple[UUID, ...] = ()
    pieces = 0
    while True:
        pieces += 1
        world.nightly(log=Slow())(began)
        now = world.clock()
        with world.database.statement() as work:
            entries = work.outbox.take(
                limit=10, due_before=now + timedelta(seconds=1), now=now, until=now + timedelta(minutes=1)
            )
            due = [entry for entry in entries if entry.task is Task.ARCHIVE_FACTS]
            work.outbox.remove([entry.id for entry in due], queued_at=now)
        if not due:
            break
        assert [(entry.queue, entry.subject_id) for entry in due] == [(Queue.REPORTING, first_id_at(A_YEAR_LATER))]
        began = tuple(entry.subject_id for entry in due)
    assert pieces > FILES
    expect_all_archived(world, facts)


def test_without_a_bucket_nothing_happens(world: World, facts: list[Notification]) -> None:
    assert list(world.steps(storage=None)()) == []
    assert world.hours() == []


def test_a_file_can_be_looked_into(world: World, facts: list[Notification]) -> None:
    world.run()
    read = ReadArchivedFile(world.database, world.storage)
    first, *_ = ShowArchivedMonth(world.database)(date(2026, 10, 17))
    found = read(first.key, rows=1)
    assert (found.problem, found.tally, found.sample) == (None, first.tally, as_rows(facts[:1]))
    assert found.tags["contents_deleted"] == "true"
    exchange(world, first.key)
    assert read(first.key).problem == "its rows are not those that were written"
    replace(world, first.key, b"nonsense")
    assert "it cannot be read" in (read(first.key).problem or "")
    with pytest.raises(NotArchived, match="no file of that name"):
        read("another")
    with pytest.raises(NotArchived, match="Nothing of 2020-01 is in the archive"):
        ShowArchivedMonth(world.database)(date(2020, 1, 1))


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_an_hour_that_lost_its_facts_has_an_empty_file(
    world: World, facts: list[Notification], postgres_engine: Engine
) -> None:
    """Nobody deletes facts. Should somebody have, no file may go on holding them."""
    world.policy = evolve(world.policy, removes=False)
    world.run()
    with postgres_engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM notifications WHERE id = %(id)s", {"id": facts[0].id})
    world.policy = evolve(world.policy, removes=True)
    world.run()
    expect_all_archived(world, facts[1:])
