"""See what is in the archive, what is to come, and what a file holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from attrs import frozen

from notify_core.archive.model import (
    HOUR,
    ArchivedHour,
    ArchivedMonth,
    NotArchived,
    Tally,
    UnreadableFile,
)
from notify_core.archive.ports import ArchiveStorage
from notify_core.archive.steps import ArchiveInSteps
from notify_core.files.ports import FilesUnavailable
from notify_core.unit_of_work import Database


@frozen(kw_only=True)
class MonthDue:
    """A month whose facts are old enough: how many hours it has, and how many are not archived yet."""

    month: date
    hours: int
    hours_left: int


@frozen
class PlanArchive:
    """Tell what is to be archived, without doing it."""

    database: Database
    steps: ArchiveInSteps

    def __call__(self, until: date | None = None) -> list[MonthDue]:
        """Return the months that are due, the oldest first; none after that of `until`."""
        months = self.steps.due(until)
        with self.database.statement() as work:
            return [
                MonthDue(
                    month=month,
                    hours=(span.end - span.start) // HOUR,
                    hours_left=len(work.archive.unverified(month)),
                )
                for month in months
                for span in [work.archive.span(month)]
            ]


@frozen
class ListArchive:
    """List the months of which anything is archived."""

    database: Database

    def __call__(self) -> list[ArchivedMonth]:
        """Return them, the oldest first."""
        with self.database.statement() as work:
            return work.archive.months()


@frozen
class ShowArchivedMonth:
    """List the files of a month."""

    database: Database

    def __call__(self, month: date) -> list[ArchivedHour]:
        """Return them, the oldest first. Raises NotArchived when nothing of the month is in the archive."""
        with self.database.statement() as work:
            hours = work.archive.hours(month.replace(day=1))
        if not hours:
            raise NotArchived(f"Nothing of {month:%Y-%m} is in the archive; `notify archive list` shows what is")
        return [hour for hour in hours if hour.fingerprint is not None]


@frozen(kw_only=True)
class ReadFile:
    """What a file of the archive holds: all of it counted, and the first rows. `problem` is what is wrong with it."""

    hour: ArchivedHour
    tags: Mapping[str, str]
    problem: str | None
    tally: Tally | None
    sample: Sequence[Mapping[str, object]] = ()


@frozen
class ReadArchivedFile:
    """Read a file of the archive back, and compare it with what was written."""

    database: Database
    storage: ArchiveStorage | None

    def __call__(self, key: str, *, rows: int = 10) -> ReadFile:
        """Return what it holds, with its first `rows`. Raises NotArchived, FilesUnavailable."""
        storage = self.storage
        if storage is None:
            raise FilesUnavailable("the archive has no bucket")
        with self.database.statement() as work:
            hour = work.archive.find(key)
        if hour is None:
            raise NotArchived(
                f"{key}: no file of that name is in the archive; `notify archive show MONTH` lists them"
            )
        tags = storage.bucket.tags(key) or {}
        with storage.scratch() as file:
            if not storage.bucket.download(key, file):
                return ReadFile(hour=hour, tags=tags, problem="it is not there", tally=None)
            try:
                tally = storage.formats.read(file)
                sample = storage.formats.sample(file, rows)
            except UnreadableFile as error:
                return ReadFile(hour=hour, tags=tags, problem=f"it cannot be read ({error})", tally=None)
        problem = None if tally == hour.tally else "its rows are not those that were written"
        return ReadFile(hour=hour, tags=tags, problem=problem, tally=tally, sample=sample)
