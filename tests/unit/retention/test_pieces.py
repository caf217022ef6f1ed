"""Retention is done in pieces, each of which promises the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import define, evolve

from notify_adapters.memory import FixedClock
from notify_core.calendar import london_date
from notify_core.errors import NotFound
from notify_core.identifiers import moment_of
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.retention.apply import ApplyRetention
from notify_core.retention.model import Applied, ExpiredDay, Kind
from notify_core.retention.ports import RetentionLog
from notify_core.services.model import InvalidService
from notify_core.vocabulary import Channel
from tests.unit.conftest import Town
from tests.unit.retention.test_nights import is_readable, left_over


@define
class Watched:
    """A database whose clock goes on with every transaction, and whose days somebody may hold on to."""

    inner: Any
    clock: FixedClock
    takes: timedelta = timedelta(0)
    is_held: bool = False

    @contextmanager
    def begin(self) -> Iterator[Any]:
        """Begin a transaction."""
        self.clock.advance(self.takes)
        with self.inner.begin() as work:
            yield self._work(work)

    @contextmanager
    def statement(self) -> Iterator[Any]:
        """Begin a statement."""
        with self.inner.statement() as work:
            yield self._work(work)

    def _work(self, work: Any) -> Any:
        return _Held(work) if self.is_held else work


class _Held:
    def __init__(self, work: Any) -> None:
        self._work = work
        self.drop: Callable[[ExpiredDay], bool] = lambda _: False

    def __getattr__(self, name: str) -> Any:
        return self if name == "retention" else getattr(self._work, name, None) or getattr(self._work.retention, name)


class Heard(RetentionLog):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.held: list[Sequence[ExpiredDay]] = []

    def given_up(self, held: Sequence[ExpiredDay]) -> None:
        """Note it."""
        self.held.append(held)


def applying(town: Town, log: RetentionLog | None = None, **more: Any) -> ApplyRetention:
    apply = town.platform.notify.apply_retention
    watched = Watched(town.platform.database, town.clock, **more)
    return evolve(apply, database=watched, log=log or RetentionLog())


def promised(town: Town) -> list[OutboxEntry]:
    """Take what is promised."""
    with town.platform.database.begin() as work:
        far = town.clock() + timedelta(days=1)
        taken = work.outbox.take(limit=99, due_before=far, now=town.clock(), until=far)
        work.outbox.remove([entry.id for entry in taken], queued_at=town.clock())
        work.commit()
    return taken


def send_for_days(town: Town, days: int) -> None:
    for _ in range(days):
        town.text()
        town.platform.run()
        town.clock.advance(timedelta(days=1))


def test_what_there_is_no_time_for_is_done_by_the_next_pieces(town: Town) -> None:
    send_for_days(town, 20)
    began = town.clock()
    apply = applying(town, takes=timedelta(seconds=3))
    done = [apply()]
    while done[-1].unfinished:
        [entry] = promised(town)
        assert (entry.task, entry.queue) == (Task.APPLY_RETENTION, Queue.REPORTING)
        assert moment_of(entry.subject_id) == began
        assert entry.available_at == town.clock()
        done.append(apply([entry.subject_id]))
    assert len(done) > 3
    assert left_over(town) == []
    assert promised(town) == []
    assert len({day for piece in done for day in piece.dropped}) == sum(len(piece.dropped) for piece in done)


def test_a_day_that_is_held_is_tried_again_for_an_hour_and_then_told(town: Town) -> None:
    send_for_days(town, 9)
    log = Heard()
    apply = applying(town, log, is_held=True)
    today = london_date(town.clock())
    applied = apply()
    assert {one.kind for one in applied.held} == {Kind.CONTENTS, Kind.EVENTS}
    assert all(one.day <= today for one in applied.held)
    [entry] = promised(town)
    assert entry.available_at == town.clock() + timedelta(seconds=30)
    town.clock.advance(timedelta(minutes=59))
    assert apply([entry.subject_id]).unfinished
    assert (len(promised(town)), log.held) == (1, [])
    town.clock.advance(timedelta(minutes=1))
    assert apply([entry.subject_id]).unfinished
    assert (promised(town), log.held) == ([], [applied.held])


@pytest.mark.parametrize("days", [0, 91, -1])
def test_a_setting_that_will_not_do_is_named(town: Town, days: int) -> None:
    with pytest.raises(InvalidService, match=rf"days: {days} for sms; use 1 to 90"):
        town.platform.notify.set_retention(town.service.id, Channel.SMS, days)


def test_an_unknown_service_is_not_found(town: Town) -> None:
    for attempt in (
        lambda: town.platform.notify.set_retention(UUID(int=9), Channel.SMS, 3),
        lambda: town.platform.notify.show_retention(UUID(int=9)),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert town.platform.notify.redate_contents([UUID(int=9)]) == 0


def test_the_same_setting_promises_nothing_and_another_does(town: Town) -> None:
    town.platform.notify.set_retention(town.service.id, Channel.SMS, 7)
    assert promised(town) == []
    assert town.platform.notify.show_retention(town.service.id).chosen == {Channel.SMS}
    town.platform.notify.set_retention(town.service.id, Channel.SMS, 8)
    [entry] = promised(town)
    assert (entry.task, entry.queue, entry.subject_id) == (Task.REDATE_CONTENTS, Queue.REPORTING, town.service.id)
    assert entry.available_at == town.clock() + timedelta(seconds=60)


def redated_in_pieces(town: Town, takes: timedelta, between: Callable[[int], None]) -> int:
    """Re-date in pieces of few batches; return how many there were. `between` is called after each."""
    redate = evolve(
        town.platform.notify.redate_contents, database=Watched(town.platform.database, town.clock, takes=takes)
    )
    pieces = 0
    while entries := [entry for entry in promised(town) if entry.task is Task.REDATE_CONTENTS]:
        town.clock.now = max(town.clock.now, *(entry.available_at for entry in entries))
        redate([entry.subject_id for entry in entries])
        pieces += 1
        between(pieces)
    return pieces


def test_a_redating_goes_on_where_the_last_piece_ended(town: Town) -> None:
    texts = [town.text().id for _ in range(3)]
    town.platform.run()
    town.platform.notify.set_retention(town.service.id, Channel.SMS, 30)
    assert redated_in_pieces(town, timedelta(milliseconds=200), lambda _: None) > 3
    town.clock.advance(timedelta(days=29))
    assert all(is_readable(town, text) for text in texts)
    assert town.platform.notify.show_retention(town.service.id).redating is None


def test_a_setting_that_changes_meanwhile_begins_anew_and_ends_right(town: Town) -> None:
    text, start = town.text().id, town.clock()
    town.platform.run()
    town.platform.notify.set_retention(town.service.id, Channel.SMS, 30)

    def change(pieces: int) -> None:
        if pieces == 2:
            town.platform.notify.set_retention(town.service.id, Channel.SMS, 10)

    redated_in_pieces(town, timedelta(milliseconds=200), change)
    assert last_readable_day(town, text, start) == 10
    assert town.platform.notify.show_retention(town.service.id).redating is None


def last_readable_day(town: Town, text: UUID, start: datetime) -> int:
    day = (town.clock() - start).days
    while is_readable(town, text):
        day += 1
        town.clock.now = start + timedelta(days=day)
    return day - 1


def test_nothing_to_do_is_said_so() -> None:
    assert not Applied().got_on
    assert Applied(letters_kept=1).got_on
