"""Take a list in whose file is kept already: the website puts it there itself."""

from __future__ import annotations

from uuid import UUID

from attrs import field, frozen

from notify_core.clock import Clock
from notify_core.contact_lists.find import ShowContactLists
from notify_core.contact_lists.model import ContactList, ShownContactList
from notify_core.errors import NotFound
from notify_core.services.find import existing_service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel


class UnknownAuthor(NotFound):
    """Whoever is said to have stored the list is not a user."""

    code = "unknown-author"


@frozen(kw_only=True)
class NewContactList:
    """A list as it is told of. `id` is also its file's, `created_by_id` a user's."""

    id: UUID
    service_id: UUID
    original_file_name: str = field(repr=False)
    row_count: int
    channel: Channel
    created_by_id: UUID


@frozen
class AddContactList:
    """Keep a list that a service can make jobs of from now on."""

    database: Database
    clock: Clock
    shown: ShowContactLists

    def __call__(self, new: NewContactList) -> ShownContactList:
        """Return the list.

        Raises NotFound for a service, and UnknownAuthor for a user, that there is not, InvalidContactList, and
        Conflict when there is a list of that id, or there was.
        """
        added = ContactList(
            id=new.id,
            service_id=new.service_id,
            original_file_name=new.original_file_name,
            row_count=new.row_count,
            channel=new.channel,
            created_by_id=new.created_by_id,
            created_at=self.clock(),
        )
        with self.database.begin() as work:
            service = existing_service(work, new.service_id)
            if work.users.find(new.created_by_id) is None:
                raise UnknownAuthor(f"There is no user with id {new.created_by_id}")
            work.contact_lists.add(added)
            [shown] = self.shown(work, service, [added])
            work.commit()
        return shown
