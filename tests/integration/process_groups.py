"""Which process groups have anybody in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def running_groups() -> Iterator[int]:
    """Yield the group of each process that runs, those that have ended and were not waited for apart."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it ended while we looked
        if state != "Z":
            yield int(group)
