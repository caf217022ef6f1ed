"""Archive old facts, step by step: write an hour's to a file, check the file, and once a month is whole, remove it.

Whatever is killed, at whatever point, the next one goes on where it stopped. Nothing is removed that is not in a file
which was read back, holds exactly the database's rows, and is still in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import groupby

from attrs import Factory, evolve, frozen

from notify_core.archive.log import ArchiveLog
from notify_core.archive.model import (
    ArchiveDamaged,
    ArchivedHour,
    ArchivePolicy,
    Removal,
    Tally,
    UnreadableFile,
    name_of_file,
)
from notify_core.archive.ports import ArchiveStorage
from notify_core.clock import Clock
from notify_core.providers.ports import InFlight
from notify_core.unit_of_work import Database

# Longer than a task may take: who has not let go of an hour by then is dead.
LEASE = timedelta(minutes=2)
# Writing and checking an hour are two; once more, for facts that change just then.
_STEPS_AT_AN_HOUR = 4
_TAGGED_AT_A_TIME = 100


class Did(StrEnum):
    """What a step was."""

    SKIPPED = "skipped"
    UPLOADED = "uploaded"
    VERIFIED = "verified"
    CHANGED = "changed"
    REMOVED = "removed"
    BUSY = "busy"
    TAGGED = "tagged"


@frozen(kw_only=True)
class Step:
    """Something that was done about a `month`, or about one `hour` of it.

    `count` is how many hours were skipped because they have no facts, or how many files were tagged.
    """

    did: Did
    month: date
    hour: ArchivedHour | None = None
    count: int = 0


@frozen(kw_only=True)
class ArchiveInSteps:
    """Archive the oldest facts first, an hour at a time, and remove months that are archived whole.

    Without `storage` there is no archive, and nothing is done.
    """

    database: Database
    storage: ArchiveStorage | None
    in_flight: InFlight
    clock: Clock
    policy: ArchivePolicy = Factory(ArchivePolicy)
    log: ArchiveLog = Factory(ArchiveLog)

    def __call__(self, *, until: date | None = None, hours: int | None = None) -> Iterator[Step]:
        """Do a step each time the next is asked for, and return what it was. Whoever has enough stops asking.

        No month after that of `until` is touched, and the facts of no more than so many `hours` are written. Safe to
        repeat, and to do twice at the same time. Raises ArchiveDamaged when a file is not what was written: it is
        written anew the next time.
        """
        if self.storage is None:
            return
        work = _AtWork(self, self.storage)
        yield from work.tag()
        for month in self.due(until):
            if not self._watch(month):
                self.log.busy(month)
                yield Step(did=Did.BUSY, month=month)
                return
            for day in self._days_left(month):
                some = work.skip_empty(day)
                if len(some) < len(day):
                    yield Step(did=Did.SKIPPED, month=month, count=len(day) - len(some))
                for hour in some:
                    if hours is not None and hours <= 0:
                        return
                    for step in work.archive(hour):
                        yield step
                        if step.did is Did.UPLOADED and hours is not None:
                            hours -= 1
            yield from work.remove(month)

    def due(self, until: date | None = None) -> list[date]:
        """Return the months, the oldest first, all of whose facts are old enough; none after that of `until`."""
        cutoff = self.policy.cutoff(self.clock())
        with self.database.statement() as work:
            months = work.archive.months_before(cutoff)
            old = [month for month in months if work.archive.span(month).end <= cutoff]
        return [month for month in old if until is None or month <= until.replace(day=1)]

    def _watch(self, month: date) -> bool:
        with self.database.begin() as work:
            watched = work.archive.watch(month)
            if watched:
                work.commit()
        return watched

    def _days_left(self, month: date) -> list[list[ArchivedHour]]:
        """Return the hours that are still to be archived, by days."""
        with self.database.statement() as work:
            hours = [
                ArchivedHour(month=month, hour=hour, key=name_of_file(self.policy.prefix, month, hour))
                for hour in work.archive.unverified(month)
            ]
        return [list(day) for _, day in groupby(hours, key=lambda hour: hour.hour.date())]


@frozen
class _AtWork:
    """The steps themselves."""

    on: ArchiveInSteps
    storage: ArchiveStorage

    def skip_empty(self, hours: Sequence[ArchivedHour]) -> list[ArchivedHour]:
        """Have done with the hours that have no facts, and return the others."""
        with self.on.database.statement() as work:
            return work.archive.skip_empty(hours, at=self.on.clock())

    def archive(self, wanted: ArchivedHour) -> Iterator[Step]:
        """Bring an hour to its end, unless somebody else is at it."""
        for _ in range(_STEPS_AT_AN_HOUR):
            now = self.on.clock()
            with self.on.database.statement() as work:
                claimed = work.archive.claim(wanted, now=now, until=now + LEASE)
            if claimed is None:
                return
            after = self._verify(claimed) if claimed.uploaded_at is not None else self._upload(claimed)
            if after is None:
                yield self._changed(claimed)
            elif after.verified_at is None:
                yield Step(did=Did.UPLOADED, month=after.month, hour=after)
            else:
                self.on.log.archived(after)
                yield Step(did=Did.VERIFIED, month=after.month, hour=after)
                return

    def _upload(self, hour: ArchivedHour) -> ArchivedHour | None:
        """Write the hour's facts to its file. None when they changed meanwhile."""
        with self.storage.scratch() as file:
            with self.on.database.statement() as work:
                tally = self.storage.formats.write(file, work.archive.export(hour.month, hour.hour))
            if self._is_late(hour):
                return None
            # An hour without facts needs no file. If one was written while it had some, that must not stay.
            needs_file = tally.rows > 0 or hour.fingerprint is not None
            fingerprint = self.storage.bucket.upload(hour.key, file) if needs_file else None
        now = self.on.clock()
        after = evolve(
            hour,
            tally=tally,
            fingerprint=fingerprint,
            uploaded_at=now,
            verified_at=None if needs_file else now,
        )
        return self._saved(after)

    def _verify(self, hour: ArchivedHour) -> ArchivedHour | None:
        """Compare the hour's file with the facts. None when they are others by now. Raises ArchiveDamaged."""
        found = self._read_back(hour)
        if found != hour.tally:
            raise self._damaged(hour, _difference(hour.tally, found))
        with self.on.database.statement() as work:
            facts = work.archive.tally(hour.month, hour.hour)
        if facts != hour.tally:
            return None
        return self._saved(evolve(hour, verified_at=self.on.clock()))

    def _read_back(self, hour: ArchivedHour) -> Tally | str:
        """Return what is in the hour's file, or in words why that cannot be told."""
        with self.storage.scratch() as file:
            if not self.storage.bucket.download(hour.key, file):
                return "it is not there"
            try:
                return self.storage.formats.read(file)
            except UnreadableFile as error:
                return f"it cannot be read ({error})"

    def remove(self, month: date) -> Iterator[Step]:
        """Remove the month's facts if all are verified and their files are in place. Raises ArchiveDamaged."""
        if not self.on.policy.removes:
            return
        with self.on.database.statement() as work:
            if work.archive.unverified(month):
                return
            hours = [hour for hour in work.archive.hours(month) if hour.fingerprint is not None]
        self._expect_in_place(hours)
        with self.on.database.begin() as work:
            removal = work.archive.remove(month, at=self.on.clock())
            if removal is Removal.REMOVED:
                work.commit()
        if removal is Removal.BUSY:
            self.on.log.busy(month)
            yield Step(did=Did.BUSY, month=month)
        elif removal is Removal.REMOVED:
            self.on.log.removed(month)
            yield Step(did=Did.REMOVED, month=month)
            yield from self.tag()

    def _expect_in_place(self, hours: Sequence[ArchivedHour]) -> None:
        """Raise ArchiveDamaged unless every file is the one that was verified."""
        found = self.on.in_flight(lambda hour: self.storage.bucket.fingerprint(hour.key), hours) if hours else []
        errors = [
            self._damaged(hour, "it is not there" if fingerprint is None else "it is not the one that was verified")
            for hour, fingerprint in zip(hours, found, strict=True)
            if fingerprint != hour.fingerprint
        ]
        if errors:
            raise errors[0]

    def tag(self) -> Iterator[Step]:
        """Tell files that they hold the only copy."""
        with self.on.database.statement() as work:
            untagged = work.archive.untagged()
        for start in range(0, len(untagged), _TAGGED_AT_A_TIME):
            some = untagged[start : start + _TAGGED_AT_A_TIME]
            now = self.on.clock()
            there = self.on.in_flight(partial(self._mark_deleted, now), some)
            told = [hour for hour, is_there in zip(some, there, strict=True) if is_there]
            for hour in some:
                if hour not in told:
                    self.on.log.missing(hour)
            if told:
                with self.on.database.statement() as work:
                    work.archive.tagged(told, at=now)
                yield Step(did=Did.TAGGED, month=told[0].month, count=len(told))

    def _mark_deleted(self, at: datetime, hour: ArchivedHour) -> bool:
        return self.storage.bucket.mark_deleted(hour.key, at)

    def _is_late(self, hour: ArchivedHour) -> bool:
        """Whether somebody else may be at work on the hour by now, whose file we must not write over."""
        return hour.leased_until is None or self.on.clock() >= hour.leased_until

    def _saved(self, hour: ArchivedHour) -> ArchivedHour | None:
        with self.on.database.statement() as work:
            return hour if work.archive.save(hour) else None

    def _changed(self, hour: ArchivedHour) -> Step:
        with self.on.database.statement() as work:
            work.archive.redo(hour)
        self.on.log.changed(hour)
        return Step(did=Did.CHANGED, month=hour.month, hour=hour)

    def _damaged(self, hour: ArchivedHour, problem: str) -> ArchiveDamaged:
        """Have the file written anew, and return what to say about it."""
        with self.on.database.statement() as work:
            work.archive.redo(hour)
        self.on.log.damaged(hour, problem)
        return ArchiveDamaged(
            f"{hour.key}: this file of the archive will not do: {problem}. Nothing was removed, and the next run"
            " writes it anew. If that happens again, find out who changes the files in the bucket."
        )


def _difference(written: Tally, found: Tally | str) -> str:
    if isinstance(found, str):
        return found
    if found.rows != written.rows:
        return f"it holds {found.rows} rows, and {written.rows} were written"
    return "its rows are not those that were written"
