"""Moves what a service has to other days, in memory. Nobody else is ever at work on anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from attrs import evolve

from notify_adapters.memory.retention import Shelves, dated
from notify_adapters.memory.table import Table
from notify_core.callbacks.model import CallbackKind
from notify_core.jobs.model import Job, JobSource
from notify_core.notifications.model import Message
from notify_core.retention.model import Dated, DatedCallback, Move, Redating
from notify_core.vocabulary import Channel, KeyType


class MemoryRedating:
    """Implements `RedatingRepository`."""

    def __init__(self, redatings: Table[UUID, Redating], jobs: Table[UUID, Job], shelves: Shelves) -> None:
        self._redatings = redatings
        self._jobs = jobs
        self._shelves = shelves

    def begin(self, redating: Redating) -> None:
        """Store where a re-dating begins."""
        self._redatings.put(redating.service_id, redating)

    def find(self, service_id: UUID) -> Redating | None:
        """Return the service's re-dating, or None."""
        return self._redatings.get(service_id)

    def proceed(self, redating: Redating) -> bool:
        """Store how far it is, if it is still the service's."""
        if not self._is_current(redating):
            return False
        self._redatings.put(redating.service_id, redating)
        return True

    def end(self, redating: Redating) -> None:
        """Forget it, unless another has begun."""
        if self._is_current(redating):
            self._redatings.remove(redating.service_id)

    def _is_current(self, redating: Redating) -> bool:
        stored = self._redatings.get(redating.service_id)
        return stored is not None and stored.change_id == redating.change_id

    def messages_of(
        self, service_id: UUID, key_type: KeyType, *, since: UUID, before: UUID | None, today: date, limit: int
    ) -> list[Dated]:
        """Return a page of the service's messages, the newest first."""
        found = [
            dated(message.notification)
            for message in self._shelves.messages.rows()
            if message.notification.service_id == service_id
            and message.notification.key_type is key_type
            and message.notification.expires_on > today
            and message.notification.id >= since
            and (before is None or message.notification.id < before)
        ]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def move_messages(self, moves: Sequence[Move], *, today: date, revive: bool = False) -> frozenset[UUID]:
        """Move facts, contents and timelines."""
        known = set()
        for move in moves:
            message = self._shelves.messages.get(move.id)
            if message is None:
                continue
            known.add(move.id)
            if message.notification.expires_on != move.before or (move.before <= today and not revive):
                continue
            facts = evolve(message.notification, expires_on=move.after)
            self._shelves.messages.put(move.id, Message(notification=facts, contents=message.contents))
            if move.after <= today:
                self._shelves.empty(facts)
                self._shelves.events.remove(move.id)
        return frozenset(known)

    def await_events(self) -> None:
        """Do nothing: nobody is just adding any."""

    def gather_events(self, moves: Sequence[Move], *, today: date) -> None:
        """Do nothing: events are where their messages are."""

    def bulks_of(self, service_id: UUID, *, since: datetime) -> list[Dated]:
        """Return the service's bulks made since then."""
        return [
            Dated(id=job.id, channel=job.channel, made_at=job.created_at, expires_on=date.min)
            for job in self._jobs.rows()
            if job.service_id == service_id and job.source is JobSource.API and job.created_at >= since
        ]

    def move_rows_apart(self, bulk_id: UUID, *, after: date, today: date) -> None:
        """Move the rows of a bulk that became no messages."""
        for key, (row, day) in self._shelves.apart.items():
            if key[0] == bulk_id and day > today:
                if after > today:
                    self._shelves.apart.put(key, (row, after))
                else:
                    self._shelves.apart.remove(key)

    def texts_of(self, service_id: UUID, *, before: UUID | None, today: date, limit: int) -> list[Dated]:
        """Return a page of the texts that the service got, the newest first."""
        found = [
            Dated(id=text.id, channel=Channel.SMS, made_at=text.created_at, expires_on=text.expires_on)
            for text in self._shelves.texts.rows()
            if text.service_id == service_id and text.expires_on > today and (before is None or text.id < before)
        ]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def move_texts(self, moves: Sequence[Move], *, today: date) -> None:
        """Move received texts."""
        for move in moves:
            text = self._shelves.texts.get(move.id)
            if text is None or text.expires_on != move.before:
                continue
            if move.after > today:
                self._shelves.texts.put(move.id, evolve(text, expires_on=move.after))
            else:
                self._shelves.texts.remove(move.id)

    def callbacks_of(self, service_id: UUID, *, before: UUID | None, today: date, limit: int) -> list[DatedCallback]:
        """Return a page of the service's callbacks, the newest first."""
        found = [
            DatedCallback(
                id=one.id,
                made_at=one.created_at,
                expires_on=one.expires_on,
                subject_expires_on=self._day_of(one.notification_id),
                text_id=one.subject_id if one.kind is CallbackKind.INBOUND_SMS else None,
            )
            for one in self._shelves.callbacks.rows()
            if one.service_id == service_id and one.expires_on > today and (before is None or one.id < before)
        ]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def _day_of(self, notification_id: UUID | None) -> date | None:
        message = None if notification_id is None else self._shelves.messages.get(notification_id)
        return None if message is None else message.notification.expires_on

    def move_callbacks(self, moves: Sequence[Move], *, today: date) -> frozenset[UUID]:
        """Move callbacks with their attempts."""
        moved = set()
        for move in moves:
            callback = self._shelves.callbacks.get(move.id)
            if callback is None or callback.expires_on != move.before:
                continue
            moved.add(move.id)
            if move.after > today:
                self._shelves.callbacks.put(move.id, evolve(callback, expires_on=move.after))
            else:
                self._shelves.callbacks.remove(move.id)
                self._shelves.attempts.remove(move.id)
        return frozenset(moved)
