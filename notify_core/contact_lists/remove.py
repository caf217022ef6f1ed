"""Remove a contact list, and its file with it."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.contact_lists.find import existing_list
from notify_core.contact_lists.model import ContactList
from notify_core.errors import NotFound
from notify_core.files.ports import FileStore
from notify_core.jobs.model import file_name
from notify_core.unit_of_work import Database


@frozen
class RemoveContactList:
    """Archive a list. The jobs that were made of it stay, and keep their own files."""

    database: Database
    files: FileStore
    clock: Clock

    def __call__(self, service_id: UUID, list_id: UUID) -> ContactList:
        """Return the list as it was, with the name that it had.

        The file goes first: should anything fail, the list is still there to be removed again, and nobody's data is
        left behind that no list leads to. Raises NotFound or FilesUnavailable.
        """
        with self.database.statement() as work:
            found = existing_list(work, service_id, list_id)
        self.files.remove(file_name(service_id, list_id))
        with self.database.statement() as work:
            archived = work.contact_lists.archive(service_id, list_id, now=self.clock())
        if archived is None:
            raise NotFound(f"There is no contact list with id {list_id}")
        return evolve(archived, original_file_name=found.original_file_name)
