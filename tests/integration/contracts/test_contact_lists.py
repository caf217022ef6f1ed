"""Contact lists, without their files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.contact_lists.model import ContactList, InvalidContactList, Uses
from notify_core.errors import Conflict
from notify_core.identifiers import NewId
from notify_core.jobs.model import Job
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel
from tests.integration.contracts.conftest import MakeTemplate

MakeList = Callable[..., ContactList]
LONG_AGO = timedelta(days=30)


@pytest.fixture
def make_list(stored_service: Service, clock: FixedClock, new_id: NewId) -> MakeList:
    def make(**more: Any) -> ContactList:
        values: dict[str, Any] = {
            "id": new_id(),
            "service_id": stored_service.id,
            "original_file_name": "Zoë's people.csv",
            "row_count": 100,
            "channel": Channel.SMS,
            "created_by_id": NOTIFY_USER_ID,
            "created_at": clock(),
        }
        return ContactList(**values | more)

    return make


def test_a_list_comes_back_as_it_was(database: Database, make_list: MakeList) -> None:
    sms, email = make_list(), make_list(channel=Channel.EMAIL, row_count=0)
    with database.statement() as work:
        for one in (sms, email):
            work.contact_lists.add(one)
            assert work.contact_lists.find(one.service_id, one.id) == one
            assert work.contact_lists.find(UUID(int=5), one.id) is None
        assert work.contact_lists.find(sms.service_id, UUID(int=5)) is None


def test_the_newest_comes_first_and_archived_ones_not_at_all(
    database: Database, make_list: MakeList, clock: FixedClock
) -> None:
    lists = [make_list(created_at=clock() + timedelta(minutes=minutes)) for minutes in (2, 0, 3, 1)]
    service_id = lists[0].service_id
    with database.statement() as work:
        for one in lists:
            work.contact_lists.add(one)
        expected = [lists[2], lists[0], lists[3], lists[1]]
        assert work.contact_lists.list_for(service_id) == expected
        assert work.contact_lists.list_for(UUID(int=5)) == []
        now = clock() + timedelta(hours=1)
        assert work.contact_lists.archive(UUID(int=5), lists[0].id, now=now) is None
        assert work.contact_lists.archive(service_id, lists[0].id, now=now) == evolve(
            lists[0], archived_at=now, original_file_name=f"{lists[0].id}.csv"
        )
        assert work.contact_lists.archive(service_id, lists[0].id, now=now) is None
        assert work.contact_lists.find(service_id, lists[0].id) is None
        assert work.contact_lists.list_for(service_id) == [one for one in expected if one is not lists[0]]


def test_an_id_is_taken_for_good(database: Database, make_list: MakeList, clock: FixedClock) -> None:
    one = make_list()
    with database.statement() as work:
        work.contact_lists.add(one)
        for _ in range(2):
            with pytest.raises(Conflict):
                work.contact_lists.add(evolve(one, row_count=5))
            work.contact_lists.archive(one.service_id, one.id, now=clock())


def test_jobs_that_were_made_of_lists_are_counted(
    database: Database, make_list: MakeList, make_template: MakeTemplate, clock: FixedClock, new_id: NewId
) -> None:
    template, used, unused, email = make_template(), make_list(), make_list(), make_list(channel=Channel.EMAIL)

    def job(of: ContactList | None, **more: Any) -> Job:
        values: dict[str, Any] = {
            "id": new_id(),
            "service_id": template.service_id,
            "template_id": template.id,
            "template_version": template.version,
            "channel": template.channel,
            "original_file_name": "people.csv",
            "notification_count": 1,
            "created_at": clock(),
            "contact_list_id": None if of is None else of.id,
        }
        return Job(**values | more)

    jobs = [
        job(used),
        job(used, created_at=clock() - LONG_AGO),
        job(used, created_at=clock() - LONG_AGO, scheduled_for=clock() + timedelta(days=1)),
        job(email),
        job(None),
    ]
    since = {Channel.SMS: clock() - timedelta(days=7), Channel.EMAIL: clock() + timedelta(days=1)}
    with database.statement() as work:
        work.templates.save(template)
        for one in (used, unused, email):
            work.contact_lists.add(one)
        for each in jobs:
            work.jobs.add(each)
        uses = work.contact_lists.uses(template.service_id, recent_since=since)
        assert (uses[used.id], uses[email.id]) == (Uses(ever=3, recently=2), Uses(ever=1, recently=0))
        assert uses.get(unused.id, Uses()) == Uses()
        assert work.contact_lists.uses(UUID(int=5), recent_since=since) == {}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"channel": Channel.LETTER}, "channel: letter has no contact lists"),
        ({"original_file_name": ""}, "original_file_name: 0 characters long"),
        ({"original_file_name": "x" * 256}, "original_file_name: 256 characters long"),
        ({"row_count": -1}, "row_count: -1 is negative"),
    ],
)
def test_what_is_no_list_is_not_made(make_list: MakeList, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidContactList, match=problem):
        make_list(**changes)
