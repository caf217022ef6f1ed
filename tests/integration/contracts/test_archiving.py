from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.errors import NotFound
from notify_core.identifiers import NewId
from notify_core.services.archive import ArchiveService
from notify_core.services.model import Service
from notify_core.templates.archive import ArchiveTemplate
from notify_core.unit_of_work import Database
from tests.integration.contracts.conftest import MakeKey, MakeTemplate


def test_archiving_a_service_takes_its_templates_and_keys_with_it(
    database: Database,
    stored_service: Service,
    make_template: MakeTemplate,
    make_key: MakeKey,
    clock: FixedClock,
    new_id: NewId,
) -> None:
    live, hidden, gone = make_template(name="a"), make_template(name="b", hidden=True), make_template(name="c")
    gone = evolve(gone, archived=True)
    key, old_key = make_key(), make_key(revoked_at=clock())
    with database.statement() as work:
        for template in (live, hidden, gone):
            work.templates.save(template)
        for one in (key, old_key):
            work.api_keys.add(one)
    clock.advance(timedelta(hours=1))
    then = clock()

    archived = ArchiveService(database, clock)(stored_service.id)

    assert archived == evolve(stored_service, active=False, name=f"_archived_{then:%Y-%m-%d-%H:%M:%S}_Blue Badge")
    with database.statement() as work:
        assert work.services.find(stored_service.id) == archived
        assert work.templates.list_all_for(stored_service.id) == [
            evolve(live, archived=True, version=2, updated_at=then),
            evolve(hidden, archived=True, version=2, updated_at=then),
            gone,
        ]
        assert work.api_keys.list_for(stored_service.id) == [evolve(key, revoked_at=then), old_key]
        work.services.add(Service(id=new_id(), name="Blue Badge", created_at=clock()))


def test_what_is_archived_stays_as_it_is(
    database: Database, stored_service: Service, make_template: MakeTemplate, clock: FixedClock
) -> None:
    template = make_template()
    with database.statement() as work:
        work.templates.save(template)
    first = ArchiveService(database, clock)(stored_service.id), ArchiveTemplate(database, clock)(template.id)
    clock.advance(timedelta(hours=1))
    assert (
        ArchiveService(database, clock)(stored_service.id),
        ArchiveTemplate(database, clock)(template.id),
    ) == first


def test_archiving_a_template_is_a_version_of_its_own(
    database: Database, make_template: MakeTemplate, clock: FixedClock
) -> None:
    template = make_template()
    with database.statement() as work:
        work.templates.save(template)
    archived = ArchiveTemplate(database, clock)(template.id)
    assert archived == evolve(template, archived=True, version=2, updated_at=clock())
    with database.statement() as work:
        assert work.templates.list_versions(template.id) == [template, archived]


def test_what_is_unknown_cannot_be_archived(database: Database, clock: FixedClock, new_id: NewId) -> None:
    with pytest.raises(NotFound, match="There is no service with id"):
        ArchiveService(database, clock)(new_id())
    with pytest.raises(NotFound, match="There is no template with id"):
        ArchiveTemplate(database, clock)(new_id())
