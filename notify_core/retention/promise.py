"""The promise that what a service has is moved to the days of its new setting, made in the setting's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from notify_core.identifiers import NewId
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.retention.model import Redating
from notify_core.unit_of_work import UnitOfWork

#: How long the old setting may still be used, and more: processes remember services for two seconds, requests and
#: tasks go on with what they have read for up to half a minute.
UNTIL_NOBODY_REMEMBERS = timedelta(seconds=60)


def promise_redating(work: UnitOfWork, service_id: UUID, *, now: datetime, new_id: NewId) -> None:
    """Promise it as part of a transaction. What an earlier setting began begins anew."""
    work.redating.begin(Redating(service_id=service_id, change_id=new_id()))
    work.outbox.add([redating_due(service_id, entry_id=new_id(), at=now + UNTIL_NOBODY_REMEMBERS)])


def redating_due(service_id: UUID, *, entry_id: UUID, at: datetime) -> OutboxEntry:
    """Return the promise that the service's re-dating goes on at `at`."""
    return OutboxEntry(
        id=entry_id,
        task=Task.REDATE_CONTENTS,
        queue=Queue.REPORTING,
        subject_id=service_id,
        available_at=at,
        group=service_id,
    )
