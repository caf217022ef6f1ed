"""Remove the PDFs of letters whose contents are gone: of exactly these, and again each night until it is done.

Which they are was written down by the transaction that removed the contents, so that none is forgotten whatever
happens to files or to us.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from attrs import frozen

from notify_core.clock import Clock
from notify_core.files.ports import FileStore, FilesUnavailable
from notify_core.identifiers import NewId, first_id_at
from notify_core.letters.files import LetterBucket, bucket_of, name_prefix
from notify_core.outbox.model import Queue, Task
from notify_core.outbox.rest import promise_rest
from notify_core.providers.ports import InFlight
from notify_core.retention.model import LetterGone
from notify_core.retention.ports import RetentionLog
from notify_core.unit_of_work import Database

# About as many as are looked for at the same time. A store that does not answer may hold each up for many seconds, so
# no round is begun late.
_ROUND = 50
_AT_A_TIME = timedelta(seconds=5)


@frozen
class RemoveLetterFiles:
    """Remove the PDFs of letters that have expired. A bucket that is not in `buckets` has none."""

    database: Database
    buckets: Mapping[LetterBucket, FileStore]
    in_flight: InFlight
    clock: Clock
    new_id: NewId
    log: RetentionLog
    at_a_time: timedelta = _AT_A_TIME

    def __call__(self, _began: Sequence[UUID] = ()) -> int:
        """Return of how many letters the files are gone now; the rest is promised.

        What cannot be removed does not stop the others; it is told, and left to the next night. Safe to repeat.
        """
        start = self.clock()
        done = 0
        failed: list[tuple[LetterGone, str]] = []
        last: UUID | None = None
        while letters := self._next(last):
            last = letters[-1].id
            gone = self._remove(letters, failed)
            with self.database.statement() as work:
                work.retention.forget_letters(gone)
            done += len(gone)
            if not gone or self.clock() - start >= self.at_a_time:
                break
        if failed:
            self.log.files_failed(failed[0][1], len(failed))
        elif letters:
            self._promise()
        return done

    def _next(self, last: UUID | None) -> list[LetterGone]:
        with self.database.statement() as work:
            return work.retention.letters_gone(after=last, limit=_ROUND)

    def _remove(self, letters: Sequence[LetterGone], failed: list[tuple[LetterGone, str]]) -> list[UUID]:
        """Remove the files of these letters and return whose are gone, bucket by bucket."""
        gone: list[UUID] = []
        for bucket in LetterBucket:
            ours = [letter for letter in letters if bucket_of(letter.key_type, letter.status) is bucket]
            files = self.buckets.get(bucket)
            if files is None:
                gone += [letter.id for letter in ours]
            elif ours:
                gone += self._remove_from(files, bucket, ours, failed)
        return gone

    def _remove_from(
        self,
        files: FileStore,
        bucket: LetterBucket,
        letters: Sequence[LetterGone],
        failed: list[tuple[LetterGone, str]],
    ) -> list[UUID]:
        def names_of(letter: LetterGone) -> list[str] | FilesUnavailable:
            try:
                return list(files.names(name_prefix(bucket, letter.reference, letter.created_at)))
            except FilesUnavailable as error:
                return error

        found: list[LetterGone] = []
        whose: dict[str, LetterGone] = {}
        for letter, result in zip(letters, self.in_flight(names_of, letters), strict=True):
            if isinstance(result, FilesUnavailable):
                failed.append((letter, str(result)))
            else:
                found.append(letter)
                whose.update(dict.fromkeys(result, letter))
        try:
            kept = {whose[name].id for name in files.remove_many(list(whose))}
        except FilesUnavailable as error:
            failed += [(letter, str(error)) for letter in found]
            return []
        failed += [(letter, "the file could not be removed") for letter in found if letter.id in kept]
        return [letter.id for letter in found if letter.id not in kept]

    def _promise(self) -> None:
        now = self.clock()
        task, queue = Task.REMOVE_LETTER_FILES, Queue.REPORTING
        promise_rest(self.database, self.new_id, task, queue, place=first_id_at(now), at=now)
