"""How much processor time processes have used: the one figure that a busy machine does not spoil. Linux only."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """Return what a process, its children and theirs have used so far, those that have ended included."""
    children: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        one = int(status.parent.name)
        children.setdefault(int(fields[1]), []).append(one)
        used[one] = sum(int(value) for value in fields[11:15])
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        total += used.get(one, 0)
        waiting += children.get(one, [])
    return total / _TICKS
