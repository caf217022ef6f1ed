"""Hold a key while what takes long is done, so that nobody does the same beside us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from notify_core.clock import Clock
from notify_core.idempotency.model import RequestKey
from notify_core.notifications.model import expiry_date
from notify_core.unit_of_work import Database


@contextmanager
def reserving(database: Database, clock: Clock, key: RequestKey, duration: timedelta) -> Iterator[datetime]:
    """Hold the key for the length of the block, and yield until when it is held.

    Raises KeyTaken on entry. When the block fails the key is free again; after a crash, when `duration` is over.
    """
    now = clock()
    until = now + duration
    with database.statement() as work:
        work.answers.reserve(key, now=now, until=until, expires_on=expiry_date(until, 0))
    try:
        yield until
    except BaseException:
        with database.statement() as work:
            work.answers.release(key, reserved_until=until)
        raise
