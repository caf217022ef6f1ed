"""The messages of a job, page by page, in the order of its rows."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.jobs.rows import ids_of, row_id
from notify_core.notifications.model import Message, RowsOfJob
from notify_core.notifications.status import Status
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from tests.integration.contracts.conftest import MakeMessage

JOB, OTHER_JOB = UUID(int=11), UUID(int=12)


@pytest.fixture
def stored(database: Database, make_message: MakeMessage, clock: FixedClock) -> list[Message]:
    """Ten rows of a job without the fourth, beside those of another; every third one is delivered."""

    def row(job: UUID, number: int) -> Message:
        status = Status.CREATED if number % 3 else Status.DELIVERED
        made_id = row_id(job, clock(), number)
        return make_message(id=made_id, job_id=job, job_row_number=number, status=status)

    rows = [row(JOB, number) for number in range(10) if number != 3]
    with database.statement() as work:
        work.notifications.accept_many([*reversed(rows), *(row(OTHER_JOB, number) for number in range(3))], [])
    return rows


@pytest.fixture
def asked(service: Service, clock: FixedClock) -> Any:
    ids = ids_of(JOB, clock())
    return partial(RowsOfJob, service_id=service.id, first=ids.first, last=ids.last)


def test_rows_come_in_their_order_page_by_page(database: Database, stored: list[Message], asked: Any) -> None:
    with database.statement() as work:
        rows, count = work.notifications.page_of_job, work.notifications.count_rows
        assert rows(asked(limit=100)) == stored
        assert [*rows(asked(limit=4)), *rows(asked(limit=4, skip=4)), *rows(asked(limit=4, skip=8))] == stored
        assert rows(asked(limit=4, skip=9)) == []
        after = stored[3].notification.id
        assert rows(asked(limit=2, after=after)) == stored[4:6]
        assert rows(asked(limit=9, after=stored[-1].notification.id)) == []
        assert count(asked(limit=1, skip=5, after=after)) == 9


def test_rows_can_be_narrowed_to_statuses(database: Database, stored: list[Message], asked: Any) -> None:
    delivered = frozenset({Status.DELIVERED, Status.SENDING})
    with database.statement() as work:
        rows, count = work.notifications.page_of_job, work.notifications.count_rows
        found = rows(asked(limit=9, statuses=delivered))
        assert [message.notification.job_row_number for message in found] == [0, 6, 9]
        assert count(asked(limit=1, statuses=delivered)) == 3
        assert rows(asked(limit=1, skip=1, statuses=delivered)) == found[1:2]
        assert rows(asked(limit=9, statuses=frozenset())) == []
        assert count(asked(limit=9, statuses=frozenset())) == 0


def test_nobody_elses_rows_are_shown_and_none_that_expired(
    database: Database, stored: list[Message], asked: Any, clock: FixedClock
) -> None:
    mine = asked(limit=9)
    with database.statement() as work:
        for other in (evolve(mine, service_id=UUID(int=5)), evolve(mine, first=UUID(int=1), last=UUID(int=2))):
            assert work.notifications.page_of_job(other) == []
            assert work.notifications.count_rows(other) == 0
        clock.advance(timedelta(days=8))
        assert work.notifications.page_of_job(mine) == []
        assert work.notifications.count_rows(mine) == 0
