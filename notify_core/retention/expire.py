"""Drop the days that have begun: what is personal is gone for good, in moments, however much it is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from attrs import evolve, frozen

from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.retention.model import Applied, ExpiredDay, Kind
from notify_core.unit_of_work import Database

_BATCH = 1000


@frozen
class ExpireDays:
    """Remove what has expired. Each day of each kind is a transaction of its own."""

    database: Database
    clock: Clock

    def __call__(self, kinds: Collection[Kind], until: datetime) -> Applied:
        """Drop expired days of these kinds, and what lies beside them; stop soon after `until`. Safe to repeat."""
        today = london_date(self.clock())
        with self.database.statement() as work:
            expired = work.retention.expired_days(kinds, today=today)
        dropped: list[ExpiredDay] = []
        held: list[ExpiredDay] = []
        for day in expired:
            if self.clock() >= until:
                return Applied(dropped=tuple(dropped), held=tuple(held), unfinished=True)
            # Whoever waits for a table holds everybody else up: once is enough.
            is_busy = any(other.kind is day.kind for other in held)
            (held if is_busy or not self._drop(day) else dropped).append(day)
        found = Applied(dropped=tuple(dropped), held=tuple(held), unfinished=bool(held))
        return self._sweep(kinds, until, found)

    def _drop(self, day: ExpiredDay) -> bool:
        with self.database.begin() as work:
            is_gone = work.retention.drop(day)
            if is_gone:
                work.commit()
        return is_gone

    def _sweep(self, kinds: Collection[Kind], until: datetime, found: Applied) -> Applied:
        """Remove what came while its day had no partition, and so went elsewhere."""
        today = london_date(self.clock())
        swept: dict[Kind, int] = {}
        for kind in kinds:
            removed = _BATCH
            while removed == _BATCH:
                if self.clock() >= until:
                    return evolve(found, swept=swept, unfinished=True)
                with self.database.statement() as work:
                    removed = work.retention.sweep(kind, today=today, limit=_BATCH)
                if removed:
                    swept[kind] = swept.get(kind, 0) + removed
        return evolve(found, swept=swept)
