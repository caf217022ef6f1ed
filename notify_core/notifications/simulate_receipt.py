"""What becomes of a test key's message: the recipient decides, no provider is involved."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from attrs import field, frozen

from notify_core.callbacks.announce import Announcer
from notify_core.clock import Clock
from notify_core.notifications.model import Message, apply_receipt
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import received
from notify_core.unit_of_work import Database
from notify_core.vocabulary import KeyType

_BY_ENDING = (
    ("7700900003", Status.TEMPORARY_FAILURE),
    ("7700900002", Status.PERMANENT_FAILURE),
    ("temp-fail@simulator.notify", Status.TEMPORARY_FAILURE),
    ("perm-fail@simulator.notify", Status.PERMANENT_FAILURE),
)


def simulated_outcome(normalised_recipient: str) -> Status:
    """Say what becomes of a test message to this recipient.

    >>> str(simulated_outcome("447700900002")), str(simulated_outcome("447700900123"))
    ('permanent-failure', 'delivered')
    """
    for ending, status in _BY_ENDING:
        if normalised_recipient.endswith(ending):
            return status
    return Status.DELIVERED


@frozen
class SimulateReceipts:
    """Finish test keys' messages the way their recipients ask for."""

    database: Database
    clock: Clock
    announcer: Announcer = field(factory=Announcer)

    def __call__(self, ids: Sequence[UUID]) -> None:
        """Apply the simulated receipt of each message. Safe to repeat; ids that need nothing are ignored."""
        for notification_id in ids:
            self._finish(notification_id)

    def _finish(self, notification_id: UUID) -> None:
        with self.database.begin() as work:
            before = work.notifications.find_for_receipt(notification_id=notification_id)
            if before is None or before.key_type is not KeyType.TEST:
                return
            message: Message | None = work.notifications.find(before.service_id, notification_id)
            if message is None:
                return
            status = simulated_outcome(message.contents.normalised_recipient)
            now = self.clock()
            after = apply_receipt(before, status, at=now)
            if after != before:
                event = received(status, at=now, provider=before.sent_by, detail="simulated: sent with a test key")
                work.notifications.save(after, event)
                self.announcer.ended(work, after)
            work.commit()
