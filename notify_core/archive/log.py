"""Where it is told what becomes of old facts."""

from __future__ import annotations

from datetime import date

from notify_core.archive.model import ArchivedHour


class ArchiveLog:
    """Where the archive's affairs are told. This one keeps silent; a shell brings one that writes."""

    def archived(self, hour: ArchivedHour) -> None:
        """Hear that the facts of an hour are in a file that was verified."""

    def changed(self, hour: ArchivedHour) -> None:
        """Hear that facts changed while they were archived: it is done anew."""

    def damaged(self, hour: ArchivedHour, problem: str) -> None:
        """Hear that a file is not what was written. It is written anew; nothing was removed."""

    def removed(self, month: date) -> None:
        """Hear that a month's facts are in the archive alone."""

    def busy(self, month: date) -> None:
        """Hear that others were using a month's table when it was to be watched, or to go."""

    def missing(self, hour: ArchivedHour) -> None:
        """Hear that a file is gone that held the only copy of facts."""
