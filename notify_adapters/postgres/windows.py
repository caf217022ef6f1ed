"""How the messages of a window are found: what counting a day has in common, whatever is counted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from notify_core.notifications.window import Window
from notify_core.vocabulary import KeyType

# Until the transaction ends: what a day comes to is held in memory, and so is which pages to read for it. With less,
# the planner would read a month to find a day of few messages, and sort a day of many on disk.
ROOM = "set_config('work_mem', '64MB', true)"


def accepted_in(window: Window) -> str:
    """Return the condition of a window of all services, with its bounds written out. It holds only ids and times.

    A plan for any bounds would expect little between any two of them. One that is made for these asks the index of
    times which pages to read.
    """
    return (
        f"id >= '{window.first_id}' AND id < '{window.end_id}'"
        f" AND created_at >= '{window.start.isoformat()}' AND created_at < '{window.end.isoformat()}'"
    )


# What has been accepted since the window began, and the rows of files whose ids are of an earlier time. Of each file
# these are one range of ids, of a time before that, so none is counted twice. Key types are taken one by one, and
# something is added to the times: so the index by service, key type and id promises to be the shortest way, and not
# those of ids or times, which lead to everybody's messages of the day.
OF_SERVICE = """
    SELECT row.*
    FROM (
        SELECT %(from)s::uuid AS first, %(before)s::uuid AS before
        UNION ALL
        SELECT * FROM unnest(%(firsts)s::uuid[], %(befores)s::uuid[])
    ) AS ids, unnest(%(key_types)s::text[]) AS kind (key_type), LATERAL (
        SELECT * FROM notifications
        WHERE service_id = %(service_id)s AND key_type = kind.key_type AND id >= ids.first AND id < ids.before
            AND created_at + interval '0 seconds' >= %(start)s AND created_at + interval '0 seconds' < %(end)s
        OFFSET 0
    ) AS row
"""


def of_service(window: Window, key_types: Collection[KeyType]) -> dict[str, Any]:
    """Return the parameters of OF_SERVICE: those of a window of one service, and which types of keys count."""
    return {
        "from": window.first_id,
        "before": window.end_id,
        "start": window.start,
        "end": window.end,
        "service_id": window.service_id,
        "key_types": sorted(key_type.value for key_type in key_types),
        "firsts": [ids.first for ids in window.earlier],
        "befores": [UUID(int=ids.last.int + 1) for ids in window.earlier],
    }
