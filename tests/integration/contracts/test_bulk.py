"""What every database does with bulks: rows set apart, and rows of a job listed and cancelled."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.bulk.model import Problem, RowApart
from notify_core.calendar import london_date
from notify_core.errors import Conflict
from notify_core.identifiers import NewId
from notify_core.jobs.model import Job, JobSource, JobStatus
from notify_core.notifications.model import CancelledRows, Message
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel
from tests.integration.contracts.conftest import LEASE, MakeMessage, entry_for

TOMORROW = date(2026, 11, 22)
REFUSED = RowApart(
    row=3,
    recipient="Zoë 🐈",
    reference="r3",
    problems=(Problem("ValidationError", "phone_number Not enough digits"), Problem("E", "…")),
)
SIMULATED = RowApart(row=5, recipient="07700 900000", notification_id=UUID(int=5))
NOTHING_KNOWN = RowApart(row=0, problems=(Problem("ValidationError", "x"),))


def test_rows_set_apart_are_listed_in_order_as_they_were(database: Database, new_id: NewId) -> None:
    bulk, other = new_id(), new_id()
    with database.begin() as work:
        work.bulk.set_apart(bulk, [SIMULATED, NOTHING_KNOWN, REFUSED], expires_on=TOMORROW)
        work.bulk.set_apart(other, [evolve(REFUSED, row=4)], expires_on=TOMORROW)
        work.bulk.set_apart(bulk, [], expires_on=TOMORROW)
        work.commit()
    with database.statement() as work:
        assert work.bulk.list_apart(bulk, first_row=0, row_count=6) == [NOTHING_KNOWN, REFUSED, SIMULATED]
        assert work.bulk.list_apart(bulk, first_row=1, row_count=4) == [REFUSED]
        assert work.bulk.list_apart(bulk, first_row=6, row_count=100) == []


def test_rows_set_apart_expire(database: Database, new_id: NewId, clock: FixedClock) -> None:
    bulk = new_id()
    with database.statement() as work:
        work.bulk.set_apart(bulk, [REFUSED], expires_on=TOMORROW)
        clock.advance(timedelta(hours=11, minutes=59))
        assert work.bulk.list_apart(bulk, first_row=0, row_count=9) == [REFUSED]
        clock.advance(timedelta(minutes=1))
        assert work.bulk.list_apart(bulk, first_row=0, row_count=9) == []


def test_a_row_is_set_apart_once(database: Database, new_id: NewId) -> None:
    bulk = new_id()
    with database.statement() as work:
        work.bulk.set_apart(bulk, [REFUSED], expires_on=TOMORROW)
        with pytest.raises(Conflict):
            work.bulk.set_apart(bulk, [NOTHING_KNOWN, REFUSED], expires_on=TOMORROW)
        assert work.bulk.list_apart(bulk, first_row=0, row_count=9) == [REFUSED]


@pytest.fixture
def job(new_id: NewId, make_message: MakeMessage, clock: FixedClock) -> Job:
    facts = make_message().notification
    return Job(
        id=new_id(),
        service_id=facts.service_id,
        template_id=facts.template_id,
        template_version=facts.template_version,
        channel=Channel.SMS,
        original_file_name="x",
        notification_count=0,
        created_at=clock(),
        status=JobStatus.FINISHED_ALL_CREATED,
        source=JobSource.API,
    )


def stored(database: Database, job: Job, make_message: MakeMessage, new_id: NewId, rows: list[int]) -> list[Message]:
    """Store these rows of the job, of which those from the fifth on are for abroad."""
    messages = [
        make_message(
            id=job.row_id(row),
            service_id=job.service_id,
            job_id=job.id,
            job_row_number=row,
            country_prefix="33" if row >= 5 else "44",
        )
        for row in rows
    ]
    with database.statement() as work:
        due = [entry_for(message.notification.id, message, new_id()) for message in messages]
        work.notifications.accept_many(messages, due)
    return messages


def test_rows_of_a_job_are_listed_in_their_order(
    database: Database, job: Job, make_message: MakeMessage, new_id: NewId, clock: FixedClock
) -> None:
    other = evolve(job, id=new_id())
    first, second, third = stored(database, job, make_message, new_id, [1, 4, 6])
    stored(database, other, make_message, new_id, [1, 2])
    with database.statement() as work:
        assert work.notifications.list_rows(job, first_row=0, row_count=7) == [first, second, third]
        assert work.notifications.list_rows(job, first_row=2, row_count=3) == [second]
        assert work.notifications.list_rows(job, first_row=2, row_count=0) == []
        clock.advance(timedelta(days=8))
        assert work.notifications.list_rows(job, first_row=0, row_count=7) == []


def test_what_nobody_has_begun_to_deliver_is_cancelled_and_counted_once(
    database: Database, job: Job, make_message: MakeMessage, new_id: NewId, clock: FixedClock
) -> None:
    messages = stored(database, job, make_message, new_id, [0, 1, 5, 6])
    others = stored(database, evolve(job, id=new_id()), make_message, new_id, [0])
    begun = [messages[1].notification.id, messages[3].notification.id]
    with database.statement() as work:
        work.notifications.claim(begun, now=clock(), until=clock() + LEASE)
        clock.advance(timedelta(seconds=1))
        assert work.notifications.cancel_rows(job, now=clock()) == CancelledRows(messages=2, abroad=1)
        assert work.notifications.cancel_rows(job, now=clock()) == CancelledRows(messages=0, abroad=0)
        assert work.jobs.count_by_status(job) == {Status.CANCELLED: 2, Status.CREATED: 2}
        first = work.notifications.find(job.service_id, messages[0].notification.id)
        other = work.notifications.find(job.service_id, others[0].notification.id)
    assert first is not None
    assert (first.notification.status, first.notification.updated_at) == (Status.CANCELLED, clock())
    assert first.notification.leased_until is None
    assert other == others[0]


def test_what_has_expired_is_not_cancelled(
    database: Database, job: Job, make_message: MakeMessage, new_id: NewId, clock: FixedClock
) -> None:
    [message] = stored(database, job, make_message, new_id, [0])
    clock.advance(timedelta(days=8))
    assert message.notification.expires_on <= london_date(clock())
    with database.statement() as work:
        assert work.notifications.cancel_rows(job, now=clock()) == CancelledRows(messages=0, abroad=0)
