"""Take a message back, as long as that can be done truthfully."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.clock import Clock
from notify_core.errors import Conflict, NotFound
from notify_core.limits.admit import Admit
from notify_core.notifications.model import Notification
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database


class TooLateToCancel(Conflict):
    """The message is on its way, or has arrived, or failed. `status` is where it is."""

    code = "too-late-to-cancel"

    def __init__(self, status: Status) -> None:
        self.status = status
        where = "its delivery has begun" if status is Status.CREATED else f"it is {status}"
        super().__init__(f"Too late to cancel this message: {where}")


@frozen
class CancelNotification:
    """Cancel a message that nobody has begun to deliver."""

    database: Database
    admit: Admit
    clock: Clock

    def __call__(self, service_id: UUID, notification_id: UUID) -> Notification:
        """Return the message as it now stands: cancelled, and it will never be sent. Safe to repeat.

        Its place in today's count is given back. If the process dies just before, the place stays taken.
        Raises NotFound when there is none, or its contents have expired; TooLateToCancel when a provider may have
        it already, which is so from the first attempt on.
        """
        now = self.clock()
        with self.database.statement() as work:
            cancelled = work.notifications.cancel(service_id, notification_id, now=now)
            message = None if cancelled else work.notifications.find(service_id, notification_id)
        if cancelled is not None:
            self.admit.give_back(cancelled)
            return cancelled
        if message is None:
            raise NotFound("No result found")
        if message.notification.status is Status.CANCELLED:
            return message.notification
        raise TooLateToCancel(message.notification.status)
