"""List the texts that a service received, a page at a time, newest first."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.inbound.model import PageOfTexts, ReceivedText
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

PAGE_SIZE = 250


@frozen
class ListReceivedTexts:
    """The texts of a service that have not expired. A service that may no longer receive any still has those."""

    database: Database

    def __call__(self, service: Service, older_than: UUID | None = None) -> list[ReceivedText]:
        """Return up to PAGE_SIZE texts, newest first: those after `older_than`, if that is given."""
        page = PageOfTexts(
            service_id=service.id,
            days_kept=service.days_kept(Channel.SMS),
            limit=PAGE_SIZE,
            older_than=older_than,
        )
        with self.database.statement() as work:
            return work.inbound.list_page(page)
