"""The archive of facts, in memory: what is known of it, files in the plainest format, and a bucket."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import IO
from uuid import UUID

from attrs import evolve

from notify_adapters.memory.table import Table
from notify_core.archive.columns import COLUMNS, lines_of, rows_of, tally_of, values_of
from notify_core.archive.model import (
    HOUR,
    ArchivedHour,
    ArchivedMonth,
    Removal,
    Span,
    Tally,
    UnreadableFile,
    end_of_month,
    month_of,
    start_of_hour,
    start_of_month,
)
from notify_core.calendar import london_date
from notify_core.identifiers import moment_of
from notify_core.notifications.model import Message, Notification

_BATCH = 50_000
HourKey = tuple[date, datetime]


class MemoryFactArchive:
    """Implements `FactArchive`. Changes are noticed by comparing: nothing has to watch."""

    def __init__(
        self,
        hours: Table[HourKey, ArchivedHour],
        removed: Table[date, datetime],
        messages: Table[UUID, Message],
    ) -> None:
        self._hours = hours
        self._removed = removed
        self._messages = messages

    def months_before(self, moment: datetime) -> list[date]:
        """Return the months that ended before that moment and whose facts are still there, the oldest first."""
        months = {month_of(moment_of(facts.id)) for facts in self._facts()}
        return sorted(month for month in months if end_of_month(month) <= moment)

    def span(self, month: date) -> Span:
        """Return the hours in which messages of the month were accepted."""
        hours = {start_of_hour(facts.created_at) for facts in self._facts(month)}
        return Span(
            min({start_of_month(month)} | hours),
            max({end_of_month(month)} | {hour + HOUR for hour in hours}),
        )

    def watch(self, month: date) -> bool:  # noqa: ARG002 - every month is looked after
        """Have changes noticed, as they are anyway."""
        return True

    def unverified(self, month: date) -> list[datetime]:
        """Return the hours of the month that are not verified, or whose facts changed since; the oldest first."""
        if month in self._removed:
            return []
        span = self.span(month)
        hours = [span.start + number * HOUR for number in range((span.end - span.start) // HOUR)]
        return [hour for hour in hours if self._verified(month, hour) is None]

    def skip_empty(self, hours: Sequence[ArchivedHour], *, at: datetime) -> list[ArchivedHour]:
        """Store of those hours that have no facts that they are done, and return the others."""
        others = []
        for hour in hours:
            if hour.month in self._removed:
                continue
            known = self._hours.get((hour.month, hour.hour)) or hour
            is_free = known.leased_until is None or known.leased_until <= at
            if is_free and known.fingerprint is None and not self._facts(hour.month, hour.hour):
                self._hours.put((hour.month, hour.hour), evolve(known, tally=Tally(), uploaded_at=at, verified_at=at))
            else:
                others.append(hour)
        return others

    def claim(self, hour: ArchivedHour, *, now: datetime, until: datetime) -> ArchivedHour | None:
        """Take the right to work on the hour until then, and return what is known of it."""
        known = self._hours.get((hour.month, hour.hour)) or hour
        if self._verified(hour.month, hour.hour) is not None:
            return None
        if known.leased_until is not None and known.leased_until > now:
            return None
        if known.verified_at is not None:
            known = evolve(known, uploaded_at=None, verified_at=None)
        claimed = evolve(known, leased_until=until)
        self._hours.put((hour.month, hour.hour), claimed)
        return claimed

    def export(self, month: date, hour: datetime) -> Iterator[bytes]:
        """Yield the facts of the hour as lines of CSV."""
        facts = iter(self._facts(month, hour))
        while some := list(itertools.islice(facts, _BATCH)):
            yield lines_of(values_of(one) for one in some)

    def tally(self, month: date, hour: datetime) -> Tally:
        """Count the facts of the hour as they are now, and sum their checksums."""
        return tally_of(values_of(facts) for facts in self._facts(month, hour))

    def save(self, hour: ArchivedHour) -> bool:
        """Store what has become of a claimed hour, and end the claim."""
        known = self._hours.get((hour.month, hour.hour))
        if (
            known is None
            or known.leased_until != hour.leased_until
            or self.tally(hour.month, hour.hour) != hour.tally
        ):
            return False
        self._hours.put((hour.month, hour.hour), evolve(hour, leased_until=None))
        return True

    def redo(self, hour: ArchivedHour) -> None:
        """Have the hour archived anew."""
        known = self._hours.get((hour.month, hour.hour))
        if known is not None and known.leased_until == hour.leased_until:
            anew = evolve(known, uploaded_at=None, verified_at=None, leased_until=None)
            self._hours.put((hour.month, hour.hour), anew)

    def count_uploaded(self, since: datetime) -> int:
        """Return how many files were uploaded at that moment or later."""
        return sum(
            hour.fingerprint is not None and hour.uploaded_at is not None and hour.uploaded_at >= since
            for hour in self._hours.rows()
        )

    def remove(self, month: date, *, at: datetime) -> Removal:
        """Remove the month's facts, all or none."""
        if self.unverified(month) or month in self._removed:
            return Removal.UNVERIFIED
        for facts in self._facts(month):
            self._messages.remove(facts.id)
        self._removed.put(month, at)
        return Removal.REMOVED

    def months(self) -> list[ArchivedMonth]:
        """Return the months of which anything is in the archive, the oldest first."""
        return [self._month(month) for month in sorted({hour.month for hour in self._hours.rows()})]

    def _month(self, month: date) -> ArchivedMonth:
        hours = self.hours(month)
        files = [hour for hour in hours if hour.fingerprint is not None]
        return ArchivedMonth(
            month=month,
            hours=len(hours),
            verified=sum(hour.verified_at is not None for hour in hours),
            files=len(files),
            rows=sum(hour.tally.rows for hour in files),
            removed_at=self._removed.get(month),
            untagged=sum(hour.contents_deleted_at is None for hour in files) if month in self._removed else 0,
        )

    def hours(self, month: date) -> list[ArchivedHour]:
        """Return what is known of the month's hours, the oldest first."""
        return sorted((hour for hour in self._hours.rows() if hour.month == month), key=lambda hour: hour.hour)

    def find(self, key: str) -> ArchivedHour | None:
        """Return what is known of the file of that name, or None."""
        return next((hour for hour in self._hours.rows() if hour.key == key and hour.fingerprint is not None), None)

    def untagged(self) -> list[ArchivedHour]:
        """Return the files of removed months that have not been told so, the oldest first."""
        found = [
            hour
            for hour in self._hours.rows()
            if hour.month in self._removed and hour.fingerprint is not None and hour.contents_deleted_at is None
        ]
        return sorted(found, key=lambda hour: (hour.month, hour.hour))

    def tagged(self, hours: Sequence[ArchivedHour], *, at: datetime) -> None:
        """Store that these files have been told that they are all there is."""
        for hour in hours:
            known = self._hours.get((hour.month, hour.hour))
            if known is not None:
                self._hours.put((hour.month, hour.hour), evolve(known, contents_deleted_at=at))

    def facts_complete_since(self) -> date | None:
        """Return the first London day since which no fact has been removed, or None when none ever was."""
        ends = [
            hour.hour + HOUR for hour in self._hours.rows() if hour.month in self._removed and hour.tally.rows > 0
        ]
        return london_date(max(ends) - timedelta(microseconds=1)) + timedelta(days=1) if ends else None

    def _verified(self, month: date, hour: datetime) -> ArchivedHour | None:
        known = self._hours.get((month, hour))
        if known is None or known.verified_at is None:
            return None
        return known if month in self._removed or self.tally(month, hour) == known.tally else None

    def _facts(self, month: date | None = None, hour: datetime | None = None) -> list[Notification]:
        return [
            facts
            for facts in (message.notification for message in self._messages.rows())
            if (month is None or month_of(moment_of(facts.id)) == month)
            and (hour is None or start_of_hour(facts.created_at) == hour)
        ]


class PlainFactFiles:
    """Implements `FactFiles`: lines of CSV, as they come."""

    def write(self, file: IO[bytes], lines: Iterable[bytes]) -> Tally:
        """Write lines of CSV to the empty file, and tell what was written."""
        total = Tally()
        for some in lines:
            file.write(some)
            total += tally_of(rows_of(some))
        return total

    def read(self, file: IO[bytes]) -> Tally:
        """Read the file, and tell what is in it. Raises UnreadableFile."""
        return tally_of(self._rows(file))

    def sample(self, file: IO[bytes], limit: int) -> list[Mapping[str, object]]:
        """Return the first rows, by the names of the columns. Raises UnreadableFile."""
        return [
            {column.name: column.read(value) for column, value in zip(COLUMNS, row, strict=True)}
            for row in self._rows(file)[:limit]
        ]

    def _rows(self, file: IO[bytes]) -> list[Sequence[str | None]]:
        file.seek(0)
        try:
            return list(rows_of(file.read()))
        except ValueError as error:
            raise UnreadableFile(str(error)) from None


class MemoryArchiveBucket:
    """Implements `ArchiveBucket`. `files` has what is stored, by name."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def upload(self, key: str, file: IO[bytes]) -> str:
        """Store the file, over any of that name. Return its fingerprint."""
        file.seek(0)
        self.files[key] = file.read()
        self._tags[key] = {"contents_deleted": "false"}
        return _fingerprint(self.files[key])

    def download(self, key: str, file: IO[bytes]) -> bool:
        """Write what is stored under that name to the empty file."""
        if key not in self.files:
            return False
        file.write(self.files[key])
        return True

    def fingerprint(self, key: str) -> str | None:
        """Return the fingerprint of what is stored under that name."""
        return _fingerprint(self.files[key]) if key in self.files else None

    def mark_deleted(self, key: str, at: datetime) -> bool:
        """Tag the file `contents_deleted=true`."""
        if key not in self.files:
            return False
        self._tags[key] = {"contents_deleted": "true", "contents_deleted_at": at.isoformat()}
        return True

    def tags(self, key: str) -> Mapping[str, str] | None:
        """Return the file's tags."""
        return self._tags.get(key)


@contextmanager
def memory_scratch() -> Iterator[IO[bytes]]:
    """Implement `Scratch`."""
    with io.BytesIO() as file:
        yield file


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
