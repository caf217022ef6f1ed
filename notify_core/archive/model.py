"""The archive of facts: an hour is a file, and a month of hours goes from the database together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto
from uuid import UUID, uuid5

from attrs import frozen

from notify_core.errors import NotFound, NotifyError

HOUR = timedelta(hours=1)
# Any namespace of our own will do: names of files are made from it for good.
_FILES = UUID("6f0f7d0c-9a55-5d0e-b6a4-5c1a1a0a7e4e")


class ArchiveDamaged(NotifyError):
    """A file of the archive is not what was written. Nothing was removed because of it."""

    code = "archive-damaged"


class NotArchived(NotFound):
    """Nothing of that name is in the archive."""


class UnreadableFile(Exception):
    """The file cannot be read as facts: it is cut off, or something else."""


@frozen
class Tally:
    """How many rows there are, and the sum of their checksums, in whatever order they come."""

    rows: int = 0
    checksum: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.rows + other.rows, self.checksum + other.checksum)


@frozen(kw_only=True)
class ArchivePolicy:
    """What an operator decides about the archive.

    Facts may go once they are `min_age` old. A run archives the facts of at most `hours_per_run` hours. `prefix`
    comes before every file's name. Without `removes`, facts are archived and stay where they are, too.
    """

    min_age: timedelta = timedelta(days=365)
    hours_per_run: int = 240
    prefix: str = ""
    removes: bool = True

    def cutoff(self, now: datetime) -> datetime:
        """Return the moment before which facts were accepted that may go: the start of an hour."""
        return start_of_hour(now - self.min_age)


@frozen
class Span:
    """The hours from `start` to `end`, which is the first hour that does not belong to it. UTC."""

    start: datetime
    end: datetime


@frozen(kw_only=True)
class ArchivedHour:
    """What is known of the file with the facts of an hour, of one month.

    `month` is the first day of the month (UTC) in which the messages' ids were made, `hour` the start of the hour
    (UTC) in which they were accepted: of a spreadsheet's rows that may be weeks later. `tally` is of what was
    written. `changes` counts how often a fact of the hour has changed since it was first looked at. `fingerprint` is
    the file's, as the bucket knows it, None where the hour had no facts and so has no file. Until `leased_until`
    somebody is at work on it.

    Without `uploaded_at` the file is still to be written; with `verified_at` it was read back, and held exactly the
    facts that the database has. `contents_deleted_at` is when the file was told that it is all there is.
    """

    month: date
    hour: datetime
    key: str
    tally: Tally = Tally()
    changes: int = 0
    fingerprint: str | None = None
    leased_until: datetime | None = None
    uploaded_at: datetime | None = None
    verified_at: datetime | None = None
    contents_deleted_at: datetime | None = None


@frozen(kw_only=True)
class ArchivedMonth:
    """How far a month is: how many hours were looked at, and how many of them are verified; `files` and their rows.

    `removed_at` is when its facts went from the database, `untagged` how many files have not been told so yet.
    """

    month: date
    hours: int
    verified: int
    files: int
    rows: int
    removed_at: datetime | None = None
    untagged: int = 0


class Removal(Enum):
    """What came of removing a month's facts."""

    REMOVED = auto()
    #: Not all of them are in verified files: some changed, or came, since.
    UNVERIFIED = auto()
    #: Others are using the table, and would have had to wait.
    BUSY = auto()


def start_of_hour(moment: datetime) -> datetime:
    """Return the start of an aware moment's hour, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def month_of(moment: datetime) -> date:
    """Return the first day of an aware moment's month, in UTC."""
    return moment.astimezone(UTC).date().replace(day=1)


def start_of_month(month: date) -> datetime:
    """Return the moment at which the month begins, in UTC."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def end_of_month(month: date) -> datetime:
    """Return the moment at which the next month begins, in UTC."""
    return start_of_month((month.replace(day=28) + timedelta(days=4)).replace(day=1))


def name_of_file(prefix: str, month: date, hour: datetime) -> str:
    """Return the name of the file with the facts of that hour whose ids were made in that month: always the same.

    Whoever writes it again writes over it, so that nothing is ever archived under two names.

    >>> name_of_file("old/", date(2025, 10, 1), datetime(2025, 11, 2, 3, tzinfo=UTC))
    'old/created_at_date_hour=2025-11-02T03/303d7a00-92ad-5469-ba1a-af6c07498b3a.orc'
    """
    return f"{prefix}created_at_date_hour={hour:%Y-%m-%dT%H}/{uuid5(_FILES, f'{month:%Y-%m} {hour:%Y-%m-%dT%H}')}.orc"
