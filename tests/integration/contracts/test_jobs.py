from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import attrs
import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.errors import Conflict
from notify_core.identifiers import NewId
from notify_core.jobs.model import (
    Chunk,
    Job,
    JobSource,
    JobStatus,
    PageOfJobs,
    RowError,
    ScheduledJobs,
)
from notify_core.notifications.model import Message
from notify_core.notifications.status import Status
from notify_core.outbox.model import OutboxEntry
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType
from tests.integration.contracts.conftest import MakeKey, MakeMessage, MakeTemplate, entry_for

MINUTE = timedelta(minutes=1)

AddJob = Callable[..., Job]


@pytest.fixture
def add_job(database: Database, make_template: MakeTemplate, clock: FixedClock) -> AddJob:
    template = make_template()
    with database.statement() as work:
        work.templates.save(template)

    def add(**more: Any) -> Job:
        values: dict[str, Any] = {
            "id": uuid4(),
            "service_id": template.service_id,
            "template_id": template.id,
            "template_version": template.version,
            "channel": template.channel,
            "original_file_name": "people.csv",
            "notification_count": 3,
            "created_at": clock(),
        } | more
        job = Job(**values)
        with database.statement() as work:
            work.jobs.add(job)
        return job

    return add


def chunk_of(job: Job, first_row: int, new_id: NewId, **more: Any) -> Chunk:
    values: dict[str, Any] = {
        "row_count": 10,
        "byte_start": 100 * first_row,
        "byte_end": 100 * first_row + 1000,
    } | more
    return Chunk(id=new_id(), job_id=job.id, first_row=first_row, **values)


def rows_of(job: Job, make_message: MakeMessage, rows: range, **more: Any) -> list[Message]:
    return [
        make_message(id=job.row_id(row), job_id=job.id, job_row_number=row, api_key_id=None, **more) for row in rows
    ]


def promises(messages: list[Message], new_id: NewId) -> list[OutboxEntry]:
    return [entry_for(message.notification.id, message, new_id()) for message in messages]


# Jobs


def test_a_job_comes_back_as_it_was_added(
    database: Database, add_job: AddJob, make_key: MakeKey, clock: FixedClock
) -> None:
    key = make_key(key_type=KeyType.TEAM)
    with database.statement() as work:
        work.api_keys.add(key)
    job = add_job(
        status=JobStatus.SCHEDULED,
        source=JobSource.API,
        api_key_id=key.id,
        key_type=KeyType.TEAM,
        client_reference="spring",
        sender_id=uuid4(),
        contact_list_id=uuid4(),
        scheduled_for=clock() + MINUTE,
        processing_started=clock() + 2 * MINUTE,
        processing_finished=clock() + 3 * MINUTE,
        updated_at=clock() + 4 * MINUTE,
        archived=True,
        encoding="cp1252",
        delimiter=";",
        header=("phone number", "Größe", ""),
        rows_checked=7,
        bytes_checked=1 << 33,
        error_count=9,
        errors=(RowError(problem="Missing", row=4, column="name"), RowError(problem="Too long")),
    )
    with database.statement() as work:
        assert work.jobs.find(job.service_id, job.id) == job


def test_only_its_service_finds_a_job(database: Database, add_job: AddJob) -> None:
    job = add_job()
    with database.statement() as work:
        assert work.jobs.find(uuid4(), job.id) is None
        assert work.jobs.find(job.service_id, uuid4()) is None


def test_a_job_is_added_once(database: Database, add_job: AddJob) -> None:
    job = add_job()
    with database.statement() as work, pytest.raises(Conflict):
        work.jobs.add(job)


def test_what_is_saved_is_found_and_what_is_not_committed_is_not(database: Database, add_job: AddJob) -> None:
    job = add_job()
    changed = evolve(job, status=JobStatus.FINISHED, rows_checked=3, header=("a", "b"), encoding="utf-8")
    with database.begin() as work:
        assert work.jobs.lock(job.id) == job
        work.jobs.save(changed)
    with database.begin() as work:
        assert work.jobs.lock(job.id) == job
        work.jobs.save(changed)
        work.commit()
    with database.begin() as work:
        assert work.jobs.read(job.id) == changed
        assert work.jobs.read(uuid4()) is None
        assert work.jobs.lock(uuid4()) is None


def test_lists_begin_with_what_has_not_started(database: Database, add_job: AddJob, clock: FixedClock) -> None:
    made = clock()
    first = add_job(created_at=made, processing_started=made + 9 * MINUTE)
    second = add_job(created_at=made + MINUTE, processing_started=made + 8 * MINUTE)
    waiting = add_job(created_at=made - MINUTE)
    older = add_job(created_at=made - 2 * MINUTE)
    with database.statement() as work:
        page = work.jobs.list_page(PageOfJobs(service_id=first.service_id))
        last = work.jobs.list_page(PageOfJobs(service_id=first.service_id, page=2, page_size=3))
        beyond = work.jobs.list_page(PageOfJobs(service_id=first.service_id, page=9))
    assert (list(page.jobs), page.total) == ([waiting, older, first, second], 4)
    assert (list(last.jobs), last.total) == ([second], 4)
    assert (list(beyond.jobs), beyond.total) == ([], 4)


def test_lists_can_be_narrowed(database: Database, add_job: AddJob, make_key: MakeKey, clock: FixedClock) -> None:
    list_id = uuid4()
    plain = add_job()
    old = add_job(created_at=clock() - timedelta(days=8), status=JobStatus.FINISHED)
    listed = add_job(contact_list_id=list_id, status=JobStatus.CANCELLED)
    of_api = add_job(source=JobSource.API)
    hidden = add_job(original_file_name="Report")

    def found(**more: Any) -> set[UUID]:
        with database.statement() as work:
            return {job.id for job in work.jobs.list_page(PageOfJobs(service_id=plain.service_id, **more)).jobs}

    assert found() == {plain.id, old.id, listed.id}
    assert found(statuses=frozenset({JobStatus.FINISHED, JobStatus.CANCELLED})) == {old.id, listed.id}
    assert found(statuses=frozenset()) == set()
    assert found(since=clock() - timedelta(days=7)) == {plain.id, listed.id}
    assert found(contact_list_id=list_id) == {listed.id}
    assert found(source=JobSource.API) == {of_api.id}
    assert found(source=None, hidden_names=()) == {plain.id, old.id, listed.id, of_api.id, hidden.id}
    with database.statement() as work:
        assert work.jobs.list_page(PageOfJobs(service_id=uuid4())).jobs == ()


def test_scheduled_jobs_are_counted(
    database: Database, add_job: AddJob, stored_service: Service, clock: FixedClock
) -> None:
    add_job()
    with database.statement() as work:
        assert work.jobs.scheduled(stored_service.id) == ScheduledJobs(count=0, soonest=None)
    for minutes in (3, 2, 5):
        add_job(status=JobStatus.SCHEDULED, scheduled_for=clock() + minutes * MINUTE)
    add_job(status=JobStatus.CANCELLED, scheduled_for=clock() + MINUTE)
    with database.statement() as work:
        assert work.jobs.scheduled(stored_service.id) == ScheduledJobs(count=3, soonest=clock() + 2 * MINUTE)
        assert work.jobs.scheduled(uuid4()) == ScheduledJobs(count=0, soonest=None)


def test_due_jobs_are_taken_longest_due_first(database: Database, add_job: AddJob, clock: FixedClock) -> None:
    now = clock()
    late = add_job(status=JobStatus.SCHEDULED, scheduled_for=now - 2 * MINUTE)
    later = add_job(status=JobStatus.SCHEDULED, scheduled_for=now - 3 * MINUTE)
    add_job(status=JobStatus.SCHEDULED, scheduled_for=now)
    add_job(status=JobStatus.CANCELLED, scheduled_for=now - MINUTE)
    add_job(status=JobStatus.SCHEDULED, scheduled_for=now - MINUTE, source=JobSource.API)
    with database.begin() as work:
        assert work.jobs.take_due(now=now, limit=9) == [later, late]
        assert work.jobs.take_due(now=now, limit=1) == [later]


def test_stalled_jobs_are_those_that_nothing_happened_to(
    database: Database, add_job: AddJob, clock: FixedClock
) -> None:
    now = clock()
    long_ago, just_now = now - 31 * MINUTE, now - MINUTE
    forgotten = add_job(created_at=long_ago)
    stuck = add_job(created_at=long_ago - MINUTE, updated_at=long_ago + MINUTE / 2, status=JobStatus.IN_PROGRESS)
    add_job(created_at=long_ago, updated_at=just_now, status=JobStatus.IN_PROGRESS)
    add_job(created_at=just_now)
    add_job(created_at=long_ago, status=JobStatus.FINISHED)
    add_job(created_at=long_ago, source=JobSource.API)
    with database.begin() as work:
        assert work.jobs.take_stalled(idle_since=now - 30 * MINUTE, limit=9) == [forgotten, stuck]
        assert work.jobs.take_stalled(idle_since=now - 30 * MINUTE, limit=1) == [forgotten]


def test_finished_jobs_are_taken_until_all_is_created(database: Database, add_job: AddJob, clock: FixedClock) -> None:
    def ago(minutes: int) -> datetime:
        return clock() - minutes * MINUTE

    second = add_job(status=JobStatus.FINISHED, processing_finished=ago(2))
    first = add_job(status=JobStatus.FINISHED, processing_finished=ago(3))
    add_job(status=JobStatus.FINISHED, processing_finished=ago(0))
    add_job(status=JobStatus.FINISHED_ALL_CREATED, processing_finished=ago(4))
    with database.begin() as work:
        assert work.jobs.take_uncreated(finished_before=ago(1), limit=9) == [first, second]


def test_a_job_that_somebody_works_on_is_passed_over(database: Database, add_job: AddJob, clock: FixedClock) -> None:
    job = add_job(status=JobStatus.SCHEDULED, scheduled_for=clock() - MINUTE)
    with database.begin() as work:
        assert work.jobs.take_due(now=clock(), limit=9) == [job]
        work.jobs.save(evolve(job, status=JobStatus.PENDING))
        work.commit()
    with database.begin() as work:
        assert work.jobs.take_due(now=clock(), limit=9) == []


# Chunks


def test_chunks_come_back_in_the_order_of_rows(database: Database, add_job: AddJob, new_id: NewId) -> None:
    job, other = add_job(), add_job()
    chunks = [chunk_of(job, 10, new_id), chunk_of(job, 0, new_id, byte_start=1 << 33, byte_end=1 << 34)]
    with database.statement() as work:
        work.jobs.add_chunks(chunks)
        work.jobs.add_chunks([chunk_of(other, 0, new_id)])
        work.jobs.add_chunks([])
        assert work.jobs.list_chunks(job.id) == chunks[::-1]
        assert work.jobs.find_chunk(chunks[0].id) == chunks[0]
        assert work.jobs.find_chunk(new_id()) is None


def test_a_chunk_of_the_same_rows_is_kept_once(database: Database, add_job: AddJob, new_id: NewId) -> None:
    job = add_job()
    first, again = chunk_of(job, 0, new_id), chunk_of(job, 0, new_id)
    with database.statement() as work:
        work.jobs.add_chunks([first])
        work.jobs.add_chunks([again, chunk_of(job, 10, new_id)])
        assert work.jobs.list_chunks(job.id)[0].id == first.id
        assert len(work.jobs.list_chunks(job.id)) == 2


def test_a_chunk_is_done_once(database: Database, add_job: AddJob, new_id: NewId, clock: FixedClock) -> None:
    job = add_job()
    chunks = [chunk_of(job, 0, new_id), chunk_of(job, 10, new_id)]
    done = evolve(chunks[0], done_at=clock(), accepted=9, refused=1)
    with database.statement() as work:
        work.jobs.add_chunks(chunks)
        work.jobs.finish_chunk(done)
        work.jobs.finish_chunk(evolve(done, done_at=clock() + MINUTE, accepted=0))
        assert work.jobs.list_chunks(job.id) == [done, chunks[1]]
        assert work.jobs.list_chunks(job.id, undone=True) == [chunks[1]]


def test_removed_chunks_are_gone(database: Database, add_job: AddJob, new_id: NewId) -> None:
    job, other = add_job(), add_job()
    with database.statement() as work:
        work.jobs.add_chunks([chunk_of(job, 0, new_id), chunk_of(other, 0, new_id)])
        work.jobs.remove_chunks(job.id)
        assert work.jobs.list_chunks(job.id) == []
        assert len(work.jobs.list_chunks(other.id)) == 1


# Rows


def test_rows_are_stored_with_their_promises(
    database: Database, add_job: AddJob, make_message: MakeMessage, new_id: NewId, clock: FixedClock
) -> None:
    job = add_job()
    messages = rows_of(job, make_message, range(3))
    due = promises(messages[:2], new_id)
    with database.statement() as work:
        assert work.notifications.accept_many(messages, due) == {job.row_id(row) for row in range(3)}
        assert [work.notifications.find(job.service_id, job.row_id(row)) for row in range(3)] == messages
        taken = work.outbox.take(limit=9, due_before=clock() + MINUTE, now=clock(), until=clock())
    assert taken == due


def test_rows_that_are_stored_again_stay_as_they_were(
    database: Database, add_job: AddJob, make_message: MakeMessage, new_id: NewId
) -> None:
    job = add_job()
    first = rows_of(job, make_message, range(2))
    again = rows_of(job, make_message, range(4), template_version=99)
    with database.statement() as work:
        work.notifications.accept_many(first, promises(first, new_id))
        new = work.notifications.accept_many(again, promises(again, new_id))
        stored = [work.notifications.find(job.service_id, job.row_id(row)) for row in range(4)]
        assert work.outbox.count() == 4
    assert new == {job.row_id(2), job.row_id(3)}
    assert stored == [*first, *again[2:]]


def test_nothing_of_a_batch_is_stored_that_is_not_committed(
    database: Database, add_job: AddJob, make_message: MakeMessage, new_id: NewId
) -> None:
    job = add_job()
    messages = rows_of(job, make_message, range(2))
    with database.begin() as work:
        work.notifications.accept_many(messages, promises(messages, new_id))
    with database.statement() as work:
        assert work.outbox.count() == 0
        assert work.jobs.count_by_status(job) == {}
        assert work.notifications.accept_many([], []) == frozenset()


def test_rows_are_counted_by_status(
    database: Database, add_job: AddJob, make_message: MakeMessage, clock: FixedClock
) -> None:
    job, other = add_job(), add_job(created_at=clock())
    with database.statement() as work:
        work.notifications.accept_many(rows_of(job, make_message, range(3)), [])
        work.notifications.accept_many(rows_of(job, make_message, range(3, 5), status=Status.DELIVERED), [])
        work.notifications.accept_many(rows_of(other, make_message, range(1), status=Status.FAILED), [])
        assert work.jobs.count_by_status(job) == {Status.CREATED: 3, Status.DELIVERED: 2}


def test_stored_rows_are_told_from_missing_ones(
    database: Database, add_job: AddJob, make_message: MakeMessage
) -> None:
    job, other = add_job(), add_job()
    with database.statement() as work:
        work.notifications.accept_many(rows_of(job, make_message, range(0, 10, 3)), [])
        work.notifications.accept_many(rows_of(other, make_message, range(10)), [])
        assert work.jobs.stored_rows(job, first_row=0, row_count=10) == {0, 3, 6, 9}
        assert work.jobs.stored_rows(job, first_row=3, row_count=4) == {3, 6}
        assert work.jobs.stored_rows(job, first_row=3, row_count=0) == frozenset()


# Jobs whose time is over

DAY = timedelta(days=1)
EVERY_CHANNEL = frozenset(Channel)


def expired(database: Database, today: date, **more: Any) -> list[UUID]:
    wanted: dict[str, Any] = {"channels": EVERY_CHANNEL, "after": UUID(int=0), "limit": 99} | more
    with database.statement() as work:
        return [job.id for job in work.jobs.list_expired(wanted.pop("channels"), today=today, **wanted)]


def test_a_jobs_time_is_its_services_days_after_the_london_day_on_which_it_was_due(
    database: Database, service: Service, add_job: AddJob, clock: FixedClock
) -> None:
    # Half past midnight in London, and the day before in UTC.
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    made, scheduled = add_job(created_at=late), add_job(created_at=late, scheduled_for=late + DAY)
    assert expired(database, date(2026, 7, 8)) == []
    assert expired(database, date(2026, 7, 9)) == [made.id]
    assert sorted(expired(database, date(2026, 7, 10))) == sorted([made.id, scheduled.id])
    with database.statement() as work:
        work.services.save(evolve(service, retention_days={made.channel: 3}))
    assert expired(database, date(2026, 7, 4)) == []
    assert expired(database, date(2026, 7, 5)) == [made.id]


def test_jobs_whose_time_is_over_come_in_the_order_of_their_ids_by_channel(
    database: Database, add_job: AddJob, clock: FixedClock
) -> None:
    ids = sorted(add_job(created_at=clock() - 30 * DAY).id for _ in range(4))
    today = clock().date()
    assert expired(database, today) == ids
    assert expired(database, today, limit=2) == ids[:2]
    assert expired(database, today, after=ids[1], limit=2) == ids[2:]
    assert expired(database, today, channels={Channel.SMS}) == ids
    assert expired(database, today, channels={Channel.LETTER, Channel.EMAIL}) == []


def test_an_archived_job_has_nothing_of_its_file_any_more(
    database: Database, add_job: AddJob, clock: FixedClock
) -> None:
    job = add_job(
        status=JobStatus.ERROR,
        original_file_name="Jo Smith.csv",
        client_reference="jo@example.com",
        encoding="utf-8",
        delimiter=",",
        header=("07700 900123", "Jo Smith"),
        error_count=2,
        errors=(RowError(problem="Missing", row=0, column="Jo Smith"),),
    )
    request = add_job(source=JobSource.API, original_file_name="Sent by the API", client_reference="Jo")
    other = add_job()
    clock.advance(MINUTE)
    with database.statement() as work:
        assert work.jobs.archive([job.id, request.id, uuid4()], now=clock()) == 2
        assert work.jobs.archive([job.id], now=clock() + MINUTE) == 0
        assert work.jobs.find(job.service_id, job.id) == job.as_archived(clock())
        assert work.jobs.find(job.service_id, request.id) == request.as_archived(clock())
        assert work.jobs.find(job.service_id, other.id) == other
    kept = repr(attrs.astuple(job.as_archived(clock())) + attrs.astuple(request.as_archived(clock())))
    assert [personal for personal in ("Smith", "jo@", "07700", "'Jo'") if personal in kept] == []
    assert expired(database, clock().date() + 99 * DAY) == [other.id]


def test_rows_of_an_archived_job_are_not_looked_for(database: Database, add_job: AddJob, clock: FixedClock) -> None:
    job = add_job(status=JobStatus.FINISHED, processing_finished=clock() - MINUTE)
    with database.begin() as work:
        assert [one.id for one in work.jobs.take_uncreated(finished_before=clock(), limit=9)] == [job.id]
        work.jobs.archive([job.id], now=clock())
        assert work.jobs.take_uncreated(finished_before=clock(), limit=9) == []
