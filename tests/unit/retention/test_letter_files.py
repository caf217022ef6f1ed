"""The PDFs of letters that have expired are removed, exactly these, and again each night until they are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock, MemoryFiles
from notify_adapters.memory.platform import one_after_the_other
from notify_core.files.ports import FileStore, FilesUnavailable, StoredFile
from notify_core.letters.files import LetterBucket, name_prefix
from notify_core.notifications.status import Status
from notify_core.outbox.model import Queue, Task
from notify_core.retention.letter_files import RemoveLetterFiles
from notify_core.retention.ports import RetentionLog
from notify_core.vocabulary import Channel, KeyType
from tests.unit.conftest import Town
from tests.unit.retention.test_nights import night


class Unavailable(MemoryFiles):
    """Files, some of which cannot be reached."""

    def __init__(self, broken: str) -> None:
        super().__init__()
        self.broken = broken

    def names(self, prefix: str) -> Iterator[str]:
        """Yield names, unless this one is broken."""
        if self.broken in prefix:
            raise FilesUnavailable("S3 refused: SlowDown")
        return super().names(prefix)


class Unremovable(MemoryFiles):
    """Files that cannot be removed."""

    def remove_many(self, names: Sequence[str]) -> list[str]:
        """Refuse."""
        raise FilesUnavailable(f"S3 did not remove {len(names)} files")


class Heard(RetentionLog):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.failed: list[tuple[str, int]] = []

    def files_failed(self, problem: str, letters: int) -> None:
        """Note it."""
        self.failed.append((problem, letters))


def write(town: Town, files: MemoryFiles, name: str, **more: Any) -> tuple[UUID, str]:
    """Store a letter that was delivered, and its PDF; return its id and the PDF's name."""
    letter = town.mail("guest@example.com").id
    with town.platform.database.begin() as work:
        facts = work.notifications.find_for_receipt(notification_id=letter)
        assert facts is not None
        values: dict[str, Any] = {"channel": Channel.LETTER, "status": Status.DELIVERED, "reference": name}
        stored = evolve(facts, **values | more)
        work.notifications.save(stored)
        work.commit()
    bucket = next(bucket for bucket in LetterBucket if town.platform.letter_files[bucket] is files)
    file_name = f"{name_prefix(bucket, name, stored.created_at)}D.2.C.20261121120000.PDF"
    files.put(file_name, StoredFile(b"%PDF"))
    return letter, file_name


def names_in(files: FileStore) -> list[str]:
    return list(files.names(""))


def due_letters(town: Town) -> list[UUID]:
    with town.platform.database.begin() as work:
        return [letter.id for letter in work.retention.letters_gone(after=None, limit=100)]


def removing(town: Town, buckets: Mapping[LetterBucket, FileStore], log: RetentionLog) -> RemoveLetterFiles:
    notify = town.platform.notify
    return RemoveLetterFiles(
        town.platform.database, buckets, one_after_the_other, town.clock, notify.apply_retention.new_id, log
    )


def test_files_go_with_their_letters_from_their_buckets_and_no_others(town: Town) -> None:
    buckets = town.platform.letter_files
    write(town, buckets[LetterBucket.LETTERS], "aaa1")
    write(town, buckets[LetterBucket.INVALID], "aaa2", status=Status.VALIDATION_FAILED)
    write(town, buckets[LetterBucket.TEST], "aaa3", key_type=KeyType.TEST)
    _, stuck = write(town, buckets[LetterBucket.LETTERS], "aaa4", status=Status.SENDING)
    _, unnamed = write(town, buckets[LetterBucket.LETTERS], "aaa5", reference=None)
    other = f"{name_prefix(LetterBucket.LETTERS, 'aaa', town.clock.now)}11.D.2.C.X.PDF"
    buckets[LetterBucket.LETTERS].put(other, StoredFile(b"somebody else's"))
    town.clock.advance(timedelta(days=4))
    _, young = write(town, buckets[LetterBucket.LETTERS], "bbb1")
    town.clock.advance(timedelta(days=4))
    night(town)
    town.platform.run()
    unnamed = (
        f"{name_prefix(LetterBucket.LETTERS, 'aaa5', town.clock.now - timedelta(days=8))}D.2.C.20261121120000.PDF"
    )
    assert names_in(buckets[LetterBucket.LETTERS]) == sorted([stuck, other, young, unnamed])
    assert names_in(buckets[LetterBucket.INVALID]) == names_in(buckets[LetterBucket.TEST]) == []
    assert due_letters(town) == []


def test_one_that_cannot_be_looked_for_stops_no_other_and_is_tried_the_next_night(town: Town) -> None:
    letters = town.platform.letter_files[LetterBucket.LETTERS]
    broken, _ = write(town, letters, "bad1")
    write(town, letters, "good")
    town.clock.advance(timedelta(days=8))
    night(town)
    assert len(due_letters(town)) == 2
    troubled, log = Unavailable("BAD1"), Heard()
    for name in names_in(letters):
        troubled.put(name, StoredFile(b"%PDF"))
    remove = removing(town, {LetterBucket.LETTERS: troubled}, log)
    assert remove() == 1
    assert due_letters(town) == [broken]
    assert log.failed == [("S3 refused: SlowDown", 1)]
    troubled.broken = "nothing"
    assert remove() == 1
    assert (names_in(troubled), due_letters(town), remove()) == ([], [], 0)


def test_what_cannot_be_removed_is_told_once_and_not_promised_again(town: Town) -> None:
    write(town, town.platform.letter_files[LetterBucket.LETTERS], "aaa1")
    town.clock.advance(timedelta(days=8))
    night(town)
    town.platform.notify.relay_outbox()
    log = Heard()
    assert removing(town, {LetterBucket.LETTERS: Unremovable()}, log)() == 0
    assert len(log.failed) == len(due_letters(town)) == 1
    assert town.platform.notify.relay_outbox().published == 0


def test_without_a_bucket_there_is_nothing_to_remove(town: Town) -> None:
    write(town, town.platform.letter_files[LetterBucket.LETTERS], "aaa1")
    town.clock.advance(timedelta(days=8))
    night(town)
    assert removing(town, {}, Heard())() == 1
    assert due_letters(town) == []


def test_what_there_is_no_time_for_is_promised(town: Town, clock: FixedClock) -> None:
    letters = town.platform.letter_files[LetterBucket.LETTERS]
    for number in range(60):
        write(town, letters, f"a{number}")
    town.clock.advance(timedelta(days=8))
    night(town)
    town.platform.notify.relay_outbox()

    def slowly(work: Any, items: Sequence[Any]) -> list[Any]:
        clock.advance(timedelta(seconds=5))
        return [work(item) for item in items]

    remove = evolve(removing(town, {LetterBucket.LETTERS: letters}, Heard()), in_flight=slowly)
    assert (remove(), len(due_letters(town))) == (50, 10)
    with town.platform.database.begin() as work:
        now = town.clock()
        [entry] = work.outbox.take(limit=9, due_before=now + timedelta(1), now=now, until=now + timedelta(1))
    assert (entry.task, entry.queue) == (Task.REMOVE_LETTER_FILES, Queue.REPORTING)


@pytest.mark.parametrize("again", [False, True])
def test_a_shorter_setting_removes_files_of_letters_as_well(town: Town, again: bool) -> None:
    letters = town.platform.letter_files[LetterBucket.LETTERS]
    write(town, letters, "aaa1")
    town.clock.advance(timedelta(days=3))
    town.platform.notify.set_retention(town.service.id, Channel.LETTER, 1)
    town.clock.advance(timedelta(seconds=61))
    town.platform.run()
    assert len(due_letters(town)) == 1
    for _ in range(1 + again):
        night(town)
        town.platform.run()
    assert names_in(letters) == []
