from __future__ import annotations

from contextlib import suppress

import pytest

from notify_core.errors import Conflict
from notify_core.identifiers import NewId
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from tests.integration.contracts.conftest import MakeMessage, entry_for


def test_what_was_not_committed_has_not_happened(database: Database, service: Service) -> None:
    with database.begin() as work:
        work.services.add(service)
        assert work.services.find(service.id) == service
    with database.begin() as work:
        assert work.services.find(service.id) is None


def test_an_error_rolls_everything_back(
    database: Database, service: Service, make_message: MakeMessage, new_id: NewId
) -> None:
    message = make_message()
    with suppress(ZeroDivisionError), database.begin() as work:
        work.services.add(service)
        work.notifications.accept(message, entry_for(message.notification.id, message, new_id()))
        raise ZeroDivisionError
    with database.statement() as work:
        assert work.services.find(service.id) is None
        assert work.notifications.find(service.id, message.notification.id) is None
        assert work.outbox.count() == 0


def test_what_was_committed_stays_and_what_came_after_does_not(
    database: Database, make_message: MakeMessage, new_id: NewId
) -> None:
    before, after = make_message(), make_message()
    with database.begin() as work:
        work.notifications.accept(before, entry_for(before.notification.id, before, new_id()))
        work.commit()
        work.notifications.accept(after, entry_for(after.notification.id, after, new_id()))
    with database.statement() as work:
        assert work.notifications.find_for_receipt(notification_id=before.notification.id) is not None
        assert work.notifications.find_for_receipt(notification_id=after.notification.id) is None
        assert work.outbox.count() == 1


def test_each_statement_counts_at_once(database: Database, service: Service) -> None:
    with suppress(ZeroDivisionError), database.statement() as work:
        work.services.add(service)
        raise ZeroDivisionError
    with database.statement() as work:
        assert work.services.find(service.id) == service
        work.commit()


def test_a_refused_statement_leaves_nothing_half_done(
    database: Database, make_message: MakeMessage, new_id: NewId
) -> None:
    message = make_message()
    with database.statement() as work:
        work.notifications.accept(message, entry_for(message.notification.id, message, new_id()))
        with pytest.raises(Conflict):
            work.notifications.accept(message, entry_for(message.notification.id, message, new_id()))
        assert work.outbox.count() == 1


def test_committing_nothing_is_fine(database: Database) -> None:
    with database.begin() as work:
        work.commit()
        work.commit()
