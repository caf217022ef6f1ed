"""What the archive needs: of the database, of files, and of wherever files are kept for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import IO, Protocol

from attrs import frozen

from notify_core.archive.model import ArchivedHour, ArchivedMonth, Removal, Span, Tally


class FactArchive(Protocol):
    """Facts that are to go into the archive, by the month of their ids; and what is known of the files there.

    Of a month whose facts were removed, meanwhile perhaps, nothing is unverified, and nothing can be removed.
    """

    def months_before(self, moment: datetime) -> list[date]:
        """Return the months that ended before that moment and whose facts are still there, the oldest first.

        Only those that can be removed whole.
        """
        ...

    def span(self, month: date) -> Span:
        """Return the hours in which messages of the month were accepted: those of the month, and any beyond them."""
        ...

    def watch(self, month: date) -> bool:
        """Have changes of the month's facts noticed from now on. What was verified unwatched is so no more.

        Inside a transaction, which has to be rolled back when it is False: others are using the table, and would have
        had to wait. Safe to repeat.
        """
        ...

    def unverified(self, month: date) -> list[datetime]:
        """Return the hours of the month that are not verified, or whose facts changed since; the oldest first."""
        ...

    def skip_empty(self, hours: Sequence[ArchivedHour], *, at: datetime) -> list[ArchivedHour]:
        """Store of those hours that have no facts that they are done, and return the others.

        What is known of them before everything else is the month, which is the same for all, the hour and the key. An
        hour that has a file, or at which somebody is, is among the others.
        """
        ...

    def claim(self, hour: ArchivedHour, *, now: datetime, until: datetime) -> ArchivedHour | None:
        """Take the right to work on the hour until then, and return what is known of it.

        What is known before everything else is its month, its hour and its key. None when somebody else has the
        right, or the hour is verified.
        """
        ...

    def export(self, month: date, hour: datetime) -> Iterator[bytes]:
        """Yield the facts of the hour as lines of CSV (columns.py), whole lines of at most 50,000 rows at a time.

        They are as they were at one moment. No more of them is held than that.
        """
        ...

    def tally(self, month: date, hour: datetime) -> Tally:
        """Count the facts of the hour as they are now, and sum their checksums."""
        ...

    def save(self, hour: ArchivedHour) -> bool:
        """Store what has become of a claimed hour, and end the claim.

        False, with nothing stored, when its facts have changed since, or the claim is somebody else's.
        """
        ...

    def redo(self, hour: ArchivedHour) -> None:
        """Have the hour archived anew: its file cannot be relied upon. Ends this claim of it, and nobody else's."""
        ...

    def count_uploaded(self, since: datetime) -> int:
        """Return how many files were uploaded at that moment or later."""
        ...

    def remove(self, month: date, *, at: datetime) -> Removal:
        """Remove the month's facts, all or none: only if each is in a verified file and has not changed since.

        Inside a transaction, which has to be rolled back unless they were removed. Changes are kept away meanwhile.
        """
        ...

    def months(self) -> list[ArchivedMonth]:
        """Return the months of which anything is in the archive, the oldest first."""
        ...

    def hours(self, month: date) -> list[ArchivedHour]:
        """Return what is known of the month's hours, the oldest first."""
        ...

    def find(self, key: str) -> ArchivedHour | None:
        """Return what is known of the file of that name, or None."""
        ...

    def untagged(self) -> list[ArchivedHour]:
        """Return the files of removed months that have not been told so, the oldest first."""
        ...

    def tagged(self, hours: Sequence[ArchivedHour], *, at: datetime) -> None:
        """Store that these files have been told that they are all there is."""
        ...

    def facts_complete_since(self) -> date | None:
        """Return the first London day since which no fact has been removed, or None when none ever was.

        What is counted about earlier days must not be counted again: their facts may be in the archive alone.
        """
        ...


class FactFiles(Protocol):
    """How facts are written to a file, and read from it. Nothing but a piece of them is ever held."""

    def write(self, file: IO[bytes], lines: Iterable[bytes]) -> Tally:
        """Write lines of CSV (columns.py) to the empty file, and tell what was written."""
        ...

    def read(self, file: IO[bytes]) -> Tally:
        """Read the file from its start to its end, and tell what is in it. Raises UnreadableFile."""
        ...

    def sample(self, file: IO[bytes], limit: int) -> list[Mapping[str, object]]:
        """Return the first rows, by the names of the columns, with ids, moments and days as Python knows them.

        Raises UnreadableFile.
        """
        ...


class ArchiveBucket(Protocol):
    """Where files are kept for good. All methods may raise FilesUnavailable."""

    def upload(self, key: str, file: IO[bytes]) -> str:
        """Store the file, from its start, over any of that name. Return its fingerprint.

        It is tagged `contents_deleted=false`: what it holds is elsewhere, too.
        """
        ...

    def download(self, key: str, file: IO[bytes]) -> bool:
        """Write what is stored under that name to the empty file. False when nothing is."""
        ...

    def fingerprint(self, key: str) -> str | None:
        """Return the fingerprint of what is stored under that name, None when nothing is.

        It differs when the content differs.
        """
        ...

    def mark_deleted(self, key: str, at: datetime) -> bool:
        """Tag the file `contents_deleted=true`, with `contents_deleted_at`. False when there is none of that name."""
        ...

    def tags(self, key: str) -> Mapping[str, str] | None:
        """Return the file's tags, None when there is none of that name."""
        ...


class Scratch(Protocol):
    """Where files are put together."""

    def __call__(self) -> AbstractContextManager[IO[bytes]]:
        """Lend an empty file that can be written, read and sought, and is gone afterwards."""
        ...


@frozen(kw_only=True)
class ArchiveStorage:
    """Where the archive is, in which format, and where its files are put together."""

    bucket: ArchiveBucket
    formats: FactFiles
    scratch: Scratch
