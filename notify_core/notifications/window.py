"""Which messages were accepted in a while: found by their ids, and counted by when they were accepted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from attrs import frozen

from notify_core.calendar import london_midnight
from notify_core.identifiers import first_id_at
from notify_core.jobs.rows import STORED_WITHIN, Ids
from notify_core.notifications.model import Notification

#: An id is made a moment before or after the message is accepted, perhaps by another machine's clock.
ID_SLACK = timedelta(minutes=5)
_DAY = timedelta(days=1)


@frozen(kw_only=True)
class Window:
    """Which messages to count as they are now: those accepted from `start` on and before `end` (UTC).

    With a service, only its messages, and of those whose ids are of an earlier time only those in `earlier`.
    """

    start: datetime
    end: datetime
    service_id: UUID | None = None
    earlier: Sequence[Ids] = ()

    @classmethod
    def of_day(cls, day: date, service_id: UUID | None = None) -> Window:
        """Return the window of a London day."""
        return cls(start=london_midnight(day), end=london_midnight(day + _DAY), service_id=service_id)

    @property
    def first_id(self) -> UUID:
        """The smallest id that is looked at, apart from `earlier`."""
        return first_id_at(self.start - (STORED_WITHIN if self.service_id is None else ID_SLACK))

    @property
    def end_id(self) -> UUID:
        """The id before which all are that are looked at."""
        return first_id_at(self.end + ID_SLACK)

    def holds(self, facts: Notification) -> bool:
        """Whether a message is of this window, found by its id as a database finds it."""
        if not self.start <= facts.created_at < self.end or self.service_id not in (None, facts.service_id):
            return False
        return self.first_id <= facts.id < self.end_id or any(
            ids.first <= facts.id <= ids.last for ids in self.earlier
        )
