"""Contact lists in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from attrs import evolve

from notify_adapters.memory.table import Table
from notify_core.contact_lists.model import ContactList, Uses
from notify_core.errors import Conflict
from notify_core.jobs.model import Job, nameless
from notify_core.vocabulary import Channel


class MemoryContactLists:
    """Implements `ContactListRepository`."""

    def __init__(self, table: Table[UUID, ContactList], jobs: Table[UUID, Job]) -> None:
        self._table = table
        self._jobs = jobs

    def add(self, contact_list: ContactList) -> None:
        """Store a new list."""
        if contact_list.id in self._table:
            raise Conflict("service_contact_lists: there is one of that identity already")
        self._table.put(contact_list.id, contact_list)

    def find(self, service_id: UUID, list_id: UUID) -> ContactList | None:
        """Return the service's list, or None."""
        found = self._table.get(list_id)
        return found if found is not None and found.service_id == service_id and not found.archived_at else None

    def list_for(self, service_id: UUID) -> list[ContactList]:
        """Return the service's lists, newest first."""
        own = [one for one in self._table.rows() if one.service_id == service_id and not one.archived_at]
        return sorted(own, key=lambda one: (one.created_at, one.id), reverse=True)

    def archive(self, service_id: UUID, list_id: UUID, *, now: datetime) -> ContactList | None:
        """Archive the service's list."""
        found = self.find(service_id, list_id)
        if found is None:
            return None
        archived = evolve(found, archived_at=now, original_file_name=nameless(list_id))
        self._table.put(list_id, archived)
        return archived

    def uses(self, service_id: UUID, *, recent_since: Mapping[Channel, datetime]) -> Mapping[UUID, Uses]:
        """Return how often each of the service's lists was made a job of."""
        counts: dict[UUID, Uses] = {}
        for job in self._jobs.rows():
            used = self._table.get(job.contact_list_id) if job.contact_list_id else None
            if used is None or used.service_id != service_id:
                continue
            recent = (job.scheduled_for or job.created_at) >= recent_since[used.channel]
            before = counts.get(used.id, Uses())
            counts[used.id] = Uses(ever=before.ever + 1, recently=before.recently + recent)
        return counts
