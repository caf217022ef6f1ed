"""Remembering that something is down, so that not everybody waits to find out."""

from __future__ import annotations

from threading import Lock
from time import monotonic


class Circuit:
    """Closed while things go well. Once broken it lets one caller try every `pause` seconds."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._next_try = 0.0
        self._broken = False
        self._lock = Lock()

    def may_try(self) -> bool:
        """Whether this caller should try. Who is told so must report with `worked` or `failed`."""
        if not self._broken:
            return True
        with self._lock:
            if monotonic() < self._next_try:
                return False
            self._next_try = monotonic() + self._pause  # the others wait for how this one fares
            return True

    def worked(self) -> None:
        """Close it again."""
        if self._broken:
            self._broken = False

    def failed(self) -> bool:
        """Break it, or leave it broken. Return whether it was whole before."""
        with self._lock:
            first, self._broken = not self._broken, True
            self._next_try = monotonic() + self._pause
            return first
