"""The events of messages' timelines: how they are written beside a change, and read back.

A row is written only while the message's contents last: their partition, and that of the events, may be gone after
that, and nothing would ever remove the row from the default partition.
"""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from datetime import date
from typing import Any

from notify_adapters.postgres.session import Row
from notify_adapters.postgres.tables import columns_of, notification_events
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Event, EventKind
from notify_core.vocabulary import ProviderName

INSERT = f"INSERT INTO notification_events ({columns_of(notification_events)})"

# What `parameters_of` gives, in the order of the columns.
EVENT = (
    "%(event_at)s::timestamptz, %(event_kind)s::text, %(event_attempt)s::integer, %(event_provider)s::text,"
    " %(event_status)s::text, %(event_detail)s::text"
)

# What `event_of` reads, from a row of the table called `events`.
READ = """events.at AS event_at, events.kind AS event_kind, events.attempt AS event_attempt,
    events.provider AS event_provider, events.status AS event_status, events.detail AS event_detail"""

# The day is given with the message, so that one partition is looked into.
ADD = f"""
{INSERT}
SELECT %(id)s, %(expires_on)s, {EVENT}
WHERE %(expires_on)s > %(today)s::date AND %(at_most)s > (
    SELECT count(*) FROM notification_events
    WHERE notification_id = %(id)s AND expires_on = %(expires_on)s AND kind = %(event_kind)s
)
"""


def parameters_of(event: Event, today: date) -> dict[str, Any]:
    """Return what a statement with `EVENT` in it needs. `today` is London's."""
    return {
        "event_at": event.at,
        "event_kind": event.kind.value,
        "event_attempt": event.attempt,
        "event_provider": None if event.provider is None else event.provider.value,
        "event_status": None if event.status is None else event.status.value,
        "event_detail": event.detail,
        "today": today,
    }


def event_of(row: Row) -> Event:
    """Return the event that a row with `READ` in it holds."""
    return Event(
        at=row.event_at,
        kind=EventKind(row.event_kind),
        attempt=row.event_attempt,
        provider=None if row.event_provider is None else ProviderName(row.event_provider),
        status=None if row.event_status is None else Status(row.event_status),
        detail=row.event_detail,
    )
