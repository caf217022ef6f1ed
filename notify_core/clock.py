"""Time as a port: the core is told what time it is, it never looks."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is now."""

    def __call__(self) -> datetime:
        """Return the present moment: aware, in UTC. Successive calls never go back."""
        ...
