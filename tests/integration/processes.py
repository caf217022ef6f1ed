"""What runs on this machine, by process groups and by parents. What has ended is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def running_groups() -> Iterator[int]:
    """Yield the process group of each process."""
    return (group for _, _, group in _processes())


def children_of(pid: int) -> list[int]:
    """Return the processes that this one has started."""
    return [child for child, parent, _ in _processes() if parent == pid]


def _processes() -> Iterator[tuple[int, int, int]]:
    """Yield each process with its parent and its group."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it ended while we looked
        if state != "Z":
            yield int(stat.parent.name), int(parent), int(group)
