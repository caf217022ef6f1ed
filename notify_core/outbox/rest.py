"""The promise of the rest: a task that has no time for all of its work puts itself on its queue again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from notify_core.identifiers import NewId
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.unit_of_work import Database


def promise_rest(database: Database, new_id: NewId, task: Task, queue: Queue, *, place: UUID, at: datetime) -> None:
    """Promise `task` at `at` (UTC), in a transaction of its own. `place` tells it where to go on."""
    rest = OutboxEntry(id=new_id(), task=task, queue=queue, subject_id=place, available_at=at)
    with database.statement() as work:
        work.outbox.add([rest])
