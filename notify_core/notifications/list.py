"""List a service's messages, a page at a time, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from attrs import frozen

from notify_core.api_keys.model import ApiKey
from notify_core.directory import Directory
from notify_core.errors import NotFound
from notify_core.notifications.find import Found, PresentMessages
from notify_core.notifications.model import PageOfMessages
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

PAGE_SIZE = 250

# What clients may ask for beside the statuses themselves. `accepted` and `received` are words of letters that
# find other messages too, as they always have.
GROUPS: Mapping[str, frozenset[Status]] = {
    "failed": frozenset(
        {
            Status.FAILED,
            Status.TECHNICAL_FAILURE,
            Status.TEMPORARY_FAILURE,
            Status.PERMANENT_FAILURE,
            Status.VALIDATION_FAILED,
            Status.VIRUS_SCAN_FAILED,
            Status.RETURNED_LETTER,
        }
    ),
    "accepted": frozenset({Status.CREATED, Status.SENDING}),
    "received": frozenset({Status.DELIVERED}),
}


@frozen(kw_only=True)
class ListRequest:
    """Which messages are asked for, with a key: those sent with keys of its type.

    `statuses` are statuses or names of GROUPS. What is empty or None does not narrow the list. Messages that were
    sent from files are in it with `include_jobs`.
    """

    key: ApiKey
    statuses: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    reference: str | None = None
    older_than: UUID | None = None
    include_jobs: bool = False


@frozen
class ListNotifications:
    """The messages of a service whose contents have not expired."""

    database: Database
    directory: Directory
    present: PresentMessages

    def __call__(self, asked: ListRequest) -> list[Found]:
        """Return up to PAGE_SIZE messages, rendered, newest first. Raises NotFound for an unknown service.

        Those after `older_than`, if that is given; none when it is no message of the service.
        """
        service = self.directory.service(asked.key.service_id)
        if service is None:
            raise NotFound(f"There is no service with id {asked.key.service_id}")
        page = PageOfMessages(
            service_id=service.id,
            key_type=asked.key.key_type,
            days_kept=max(map(service.days_kept, Channel)),
            limit=PAGE_SIZE,
            statuses=statuses_of(asked.statuses) or None,
            channels=frozenset(asked.channels) or None,
            reference=asked.reference,
            older_than=asked.older_than,
            include_jobs=asked.include_jobs,
        )
        with self.database.statement() as work:
            messages = work.notifications.list_page(page)
        return list(self.present(messages))


def statuses_of(words: tuple[str, ...]) -> frozenset[Status]:
    """Return the statuses that these words stand for.

    >>> sorted(statuses_of(("accepted", "delivered")))
    [<Status.CREATED: 'created'>, <Status.DELIVERED: 'delivered'>, <Status.SENDING: 'sending'>]
    """
    return frozenset().union(*(GROUPS.get(word) or {Status(word)} for word in words))
