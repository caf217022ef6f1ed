"""The events of messages' timelines in memory."""

from __future__ import annotations

from uuid import UUID

from notify_adapters.memory.table import Table
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.notifications.model import Message
from notify_core.notifications.timeline import Event

Events = tuple[Event, ...]


class MemoryTimelines:
    """What happened to each message, while its contents last."""

    def __init__(self, table: Table[UUID, Events], messages: Table[UUID, Message], clock: Clock) -> None:
        self._table = table
        self._messages = messages
        self._clock = clock

    def add(self, notification_id: UUID, event: Event) -> None:
        """Add an event, if the message is known and its contents have not expired."""
        message = self._messages.get(notification_id)
        if message is not None and message.notification.expires_on > london_date(self._clock()):
            self._table.put(notification_id, (*self.of(notification_id), event))

    def of(self, notification_id: UUID) -> Events:
        """Return the message's events in the order in which they were added."""
        return self._table.get(notification_id) or ()
