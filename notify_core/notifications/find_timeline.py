"""Look up what happened to a message, as its sender sees it."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.errors import NotFound
from notify_core.notifications.timeline import Event
from notify_core.unit_of_work import Database


@frozen
class FindTimeline:
    """What happened to one message of a service, while its contents last."""

    database: Database

    def __call__(self, service_id: UUID, notification_id: UUID) -> list[Event]:
        """Return the message's events, oldest first; the first is always that it was accepted. Raises NotFound."""
        with self.database.statement() as work:
            timeline = work.notifications.find_timeline(service_id, notification_id)
        if timeline is None:
            raise NotFound("No result found")
        return timeline.events()
