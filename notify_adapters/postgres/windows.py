"""How the messages of a window are found: what counting a day has in common, whatever is counted."""

from __future__ import annotations

from notify_core.notifications.window import Window

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
