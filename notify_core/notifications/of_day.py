"""Which messages belong to a day, whenever the files were made whose rows they are."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from attrs import evolve

from notify_core.notifications.window import Window
from notify_core.unit_of_work import UnitOfWork


def window_of_day(work: UnitOfWork, day: date, service_id: UUID | None = None) -> Window:
    """Return which messages were accepted on a London day, of one service or of all.

    The rows of a file have ids of the moment at which its job was due, which may be long before they are stored: a
    service's jobs are looked up for that, and for all services the window reaches back far enough.
    """
    window = Window.of_day(day, service_id)
    if service_id is None:
        return window
    jobs = work.jobs.list_storing(service_id, since=window.start)
    return evolve(window, earlier=tuple(job.ids for job in jobs if job.ids.last < window.first_id))
