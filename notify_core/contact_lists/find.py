"""Look contact lists up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from attrs import frozen

from notify_core.calendar import london_date, london_midnight
from notify_core.clock import Clock
from notify_core.contact_lists.model import CHANNELS, ContactList, ShownContactList, Uses
from notify_core.errors import NotFound
from notify_core.services.find import existing_service
from notify_core.services.model import Service
from notify_core.unit_of_work import Database, UnitOfWork

_UNUSED = Uses()


@frozen
class ShowContactLists:
    """Puts beside lists what is told of them, as part of a transaction."""

    clock: Clock

    def __call__(self, work: UnitOfWork, service: Service, found: Sequence[ContactList]) -> list[ShownContactList]:
        """Return these lists of the service, in their order, with who stored them and how often they were used."""
        today = london_date(self.clock())
        recent = {
            channel: london_midnight(today - timedelta(days=service.days_kept(channel))) for channel in CHANNELS
        }
        uses = work.contact_lists.uses(service.id, recent_since=recent) if found else {}
        authors = {author: work.users.find(author) for author in {one.created_by_id for one in found}}

        def show(one: ContactList) -> ShownContactList:
            author, used = authors[one.created_by_id], uses.get(one.id, _UNUSED)
            return ShownContactList(
                contact_list=one,
                created_by="" if author is None else author.name,
                has_jobs=used.ever > 0,
                recent_job_count=used.recently,
            )

        return [show(one) for one in found]


@frozen
class FindContactList:
    """One list of a service."""

    database: Database
    show: ShowContactLists

    def __call__(self, service_id: UUID, list_id: UUID) -> ShownContactList:
        """Return the list. Raises NotFound."""
        with self.database.begin() as work:
            found = existing_list(work, service_id, list_id)
            [shown] = self.show(work, existing_service(work, service_id), [found])
        return shown


@frozen
class ListContactLists:
    """All lists of a service."""

    database: Database
    show: ShowContactLists

    def __call__(self, service_id: UUID) -> list[ShownContactList]:
        """Return the service's lists, newest first. A service that there is not has none."""
        with self.database.begin() as work:
            service = work.services.find(service_id)
            return [] if service is None else self.show(work, service, work.contact_lists.list_for(service_id))


def existing_list(work: UnitOfWork, service_id: UUID, list_id: UUID) -> ContactList:
    """Return the service's list. Raises NotFound."""
    found = work.contact_lists.find(service_id, list_id)
    if found is None:
        raise NotFound(f"There is no contact list with id {list_id}")
    return found
