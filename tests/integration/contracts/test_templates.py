from __future__ import annotations

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.errors import Conflict
from notify_core.identifiers import NewId
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.users.model import NOTIFY_USER_EMAIL_ADDRESS, NOTIFY_USER_ID
from notify_core.vocabulary import Channel
from tests.integration.contracts.conftest import MakeTemplate


def test_a_template_comes_back(database: Database, make_template: MakeTemplate, clock: FixedClock) -> None:
    template = make_template(
        channel=Channel.EMAIL, subject="Re: ((thing))", has_unsubscribe_link=True, updated_at=clock()
    )
    with database.statement() as work:
        work.templates.save(template)
        assert work.templates.find(template.id) == template
        assert work.templates.find(template.id, 1) == template


def test_every_version_is_kept(database: Database, make_template: MakeTemplate) -> None:
    first = make_template()
    second = evolve(first, version=2, content="Hello ((name))", archived=True)
    with database.statement() as work:
        work.templates.save(first)
        work.templates.save(second)
        assert work.templates.find(first.id) == second
        assert work.templates.find(first.id, 1) == first
        assert work.templates.find(first.id, 2) == second
        assert work.templates.find(first.id, 3) is None


def test_there_is_no_unknown_template(database: Database, new_id: NewId) -> None:
    with database.statement() as work:
        assert work.templates.find(new_id()) is None
        assert work.templates.find(new_id(), 1) is None
        assert work.templates.list_for(new_id()) == []


@pytest.mark.parametrize("version", [1, 2])
def test_who_saves_a_version_second_is_told(database: Database, make_template: MakeTemplate, version: int) -> None:
    first = make_template()
    mine, theirs = evolve(first, version=2, content="mine"), evolve(first, version=version, content="theirs")
    with database.begin() as work:
        work.templates.save(first)
        work.templates.save(mine)
        with pytest.raises(Conflict) as refusal:
            work.templates.save(theirs)
        work.commit()
    assert str(refusal.value) == f"version: {version} of this template was saved by somebody else"
    with database.statement() as work:
        assert work.templates.find(first.id) == mine
        assert work.templates.find(first.id, 1) == first


def test_the_list_is_by_name_then_channel_without_archived_and_hidden(
    database: Database, make_template: MakeTemplate, stored_service: Service
) -> None:
    shown = [
        make_template(name="A", channel=Channel.SMS),
        make_template(name="A", channel=Channel.EMAIL),
        make_template(name="A", channel=Channel.EMAIL),
        make_template(name="A", channel=Channel.LETTER),
        make_template(name="a", channel=Channel.SMS),
    ]
    gone = make_template(name="B")
    with database.statement() as work:
        for template in (*reversed(shown), make_template(hidden=True), gone):
            work.templates.save(template)
        work.templates.save(evolve(gone, version=2, archived=True))
        assert work.templates.list_for(stored_service.id) == shown


def test_who_saved_a_template_has_an_address(database: Database, make_template: MakeTemplate, new_id: NewId) -> None:
    template = make_template()
    with database.statement() as work:
        work.templates.save(template)
        assert work.templates.authors([template.created_by_id, new_id()]) == {
            NOTIFY_USER_ID: NOTIFY_USER_EMAIL_ADDRESS
        }
        assert work.templates.authors([]) == {}


def test_versions_are_listed_in_order_and_all_templates_when_asked_for(
    database: Database, make_template: MakeTemplate, stored_service: Service, new_id: NewId
) -> None:
    versions = [make_template(name="B")]
    for number in range(2, 12):
        versions.append(evolve(versions[0], version=number, content=f"Content {number}", archived=number > 10))
    hidden = make_template(name="A", hidden=True)
    with database.statement() as work:
        for template in (*versions, hidden):
            work.templates.save(template)
        assert work.templates.list_versions(versions[0].id) == versions
        assert work.templates.list_versions(new_id()) == []
        assert work.templates.list_all_for(stored_service.id) == [hidden, versions[-1]]
        assert work.templates.list_for(stored_service.id) == []
        assert work.templates.list_all_for(new_id()) == []
