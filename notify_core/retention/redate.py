"""Move what a service has to the days of its new setting.

It can be much, so it is done in pieces of some seconds. Where the next one goes on is stored with the change of
setting that it is about: another change begins anew. Batches are transactions of their own; in each the message, its
contents and its timeline move together. Callbacks come last: who queues one holds its message, and so gives it the
day that the message has by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from attrs import define, evolve, field, frozen

from notify_core.calendar import london_date
from notify_core.callbacks.model import callback_expiry
from notify_core.clock import Clock
from notify_core.identifiers import NewId, first_id_at, moment_of
from notify_core.notifications.model import expiry_date
from notify_core.retention.model import Dated, DatedCallback, Move, Redating, Stage, day_of
from notify_core.retention.promise import redating_due
from notify_core.services.model import LONGEST_RETENTION, Service
from notify_core.unit_of_work import Database, UnitOfWork
from notify_core.vocabulary import Channel, KeyType

# Well within the time that a task may take.
_AT_A_TIME = timedelta(seconds=10)
_BATCH = 500
# What one statement looks through: a day's messages are read well within its time limit.
_SLICE = timedelta(days=1)
# Nothing that is older can still be kept. The rows of a file have ids of when their job was made, weeks before maybe.
_LOOKED_AT = timedelta(days=LONGEST_RETENTION + 2 + 31)
# How often messages are asked for again that somebody is at work on, before waiting.
_TRIES = 20
_PAUSE = timedelta(seconds=5)


@frozen
class RedateContents:
    """Bring services' messages, rows apart, received texts and callbacks to the days that their settings say."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, service_ids: Sequence[UUID]) -> int:
        """Return how many things were moved or removed now; what there was no time for is promised.

        Safe to repeat, and to run twice at the same time. What has expired stays so, however long it would be kept
        now; what expires by its new day goes at once. A service that is not known is passed over.
        """
        until = self.clock() + _AT_A_TIME
        return sum(self._service(service_id, until) for service_id in service_ids)

    def _service(self, service_id: UUID, until: datetime) -> int:
        with self.database.begin() as work:
            redating = work.redating.find(service_id)
            if redating is None:
                if work.services.find(service_id) is None:
                    return 0
                redating = Redating(service_id=service_id, change_id=self.new_id())
                work.redating.begin(redating)
                work.commit()
        piece = _Piece(self.database, self.clock)
        reached, pause = piece.go_on(redating, until)
        piece.gather_events()
        self._conclude(redating, reached, pause)
        return piece.count

    def _conclude(self, before: Redating, reached: Redating | None, pause: timedelta) -> None:
        """Store how far it is with the promise to go on, unless it is over or another setting has been promised."""
        with self.database.begin() as work:
            if reached is None:
                work.redating.end(before)
            elif work.redating.proceed(reached):
                at = self.clock() + pause
                work.outbox.add([redating_due(before.service_id, entry_id=self.new_id(), at=at)])
            work.commit()


@define
class _Piece:
    """One piece of a re-dating, batch by batch."""

    _database: Database
    _clock: Clock
    count: int = field(default=0, init=False)
    _moved: list[Move] = field(factory=list, init=False)
    _tries: int = field(default=0, init=False)

    def go_on(self, redating: Redating, until: datetime) -> tuple[Redating | None, timedelta]:
        """Return where it goes on, None when it is over, and after how long."""
        while True:
            with self._database.begin() as work:
                reached = self._batch(work, redating)
                work.commit()
            if reached is None:
                return None, timedelta(0)
            if reached == redating:
                self._tries += 1
                if self._tries >= _TRIES:
                    return reached, _PAUSE
            redating = reached
            if self._clock() >= until:
                return reached, timedelta(0)

    def gather_events(self) -> None:
        """Move the events that others added while their messages were moved."""
        if not self._moved:
            return
        with self._database.begin() as work:
            work.redating.await_events()
        for start in range(0, len(self._moved), _BATCH):
            with self._database.begin() as work:
                work.redating.gather_events(self._moved[start : start + _BATCH], today=self._today())
                work.commit()

    def _batch(self, work: UnitOfWork, redating: Redating) -> Redating | None:
        """Do a batch, and return where the next begins: at the same place when somebody is at work on some of it."""
        service = work.services.find(redating.service_id)
        if service is None:
            return None
        match redating.stage:
            case Stage.NORMAL | Stage.TEAM | Stage.TEST:
                return self._messages(work, service, redating)
            case Stage.ROWS_APART:
                return self._rows_apart(work, service, redating)
            case Stage.TEXTS:
                return self._texts(work, service, redating)
            case Stage.CALLBACKS:
                return self._callbacks(work, service, redating)

    def _messages(self, work: UnitOfWork, service: Service, redating: Redating) -> Redating | None:
        today = self._today()
        before = redating.before or first_id_at(self._clock() + timedelta(milliseconds=1))
        since = moment_of(before) - _SLICE
        page = work.redating.messages_of(
            service.id,
            KeyType(redating.stage),
            since=first_id_at(since),
            before=before,
            today=today,
            limit=_BATCH,
        )
        moves = _moves(page, service, today)
        done = work.redating.move_messages(moves, today=today) if moves else frozenset()
        self._moved += [move for move in moves if move.id in done]
        self.count += len(done)
        if len(done) < len(moves):
            return redating
        if len(page) == _BATCH:
            return evolve(redating, before=page[-1].id)
        if since < self._clock() - _LOOKED_AT:
            return _next_stage(redating)
        return evolve(redating, before=first_id_at(since))

    def _rows_apart(self, work: UnitOfWork, service: Service, redating: Redating) -> Redating | None:
        today = self._today()
        for bulk in work.redating.bulks_of(service.id, since=self._clock() - _LOOKED_AT):
            after = expiry_date(bulk.made_at, service.days_kept(bulk.channel))
            work.redating.move_rows_apart(bulk.id, after=after, today=today)
        return _next_stage(redating)

    def _texts(self, work: UnitOfWork, service: Service, redating: Redating) -> Redating | None:
        today = self._today()
        page = work.redating.texts_of(service.id, before=redating.before, today=today, limit=_BATCH)
        moves = _moves(page, service, today)
        if moves:
            work.redating.move_texts(moves, today=today)
        self.count += len(moves)
        return evolve(redating, before=page[-1].id) if len(page) == _BATCH else _next_stage(redating)

    def _callbacks(self, work: UnitOfWork, service: Service, redating: Redating) -> Redating | None:
        today = self._today()
        page = work.redating.callbacks_of(service.id, before=redating.before, today=today, limit=_BATCH)
        days = [(one, _day_of_callback(one, service)) for one in page]
        moves = [Move(id=one.id, before=one.expires_on, after=day) for one, day in days if day != one.expires_on]
        done = work.redating.move_callbacks(moves, today=today) if moves else frozenset()
        self.count += len(done)
        if len(done) < len(moves):
            return redating
        return evolve(redating, before=page[-1].id) if len(page) == _BATCH else _next_stage(redating)

    def _today(self) -> date:
        return london_date(self._clock())


def _next_stage(redating: Redating) -> Redating | None:
    stage = redating.stage.next
    return None if stage is None else evolve(redating, stage=stage, before=None)


def _moves(page: Iterable[Dated], service: Service, today: date) -> list[Move]:
    days = ((one, day_of(one, service.days_kept(one.channel), today)) for one in page)
    return [Move(id=one.id, before=one.expires_on, after=day) for one, day in days if day != one.expires_on]


def _day_of_callback(callback: DatedCallback, service: Service) -> date:
    """Return the day of what it is about, but not before its retries are over. What is about nothing goes soon."""
    subject = callback.subject_expires_on
    if callback.text_id is not None:
        subject = expiry_date(moment_of(callback.text_id), service.days_kept(Channel.SMS))
    return callback_expiry(subject or date.min, callback.made_at)
