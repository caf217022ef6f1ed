"""What has expired, and is to go, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import TypeVar
from uuid import UUID

from attrs import frozen

from notify_adapters.memory.bulk import ApartTable
from notify_adapters.memory.table import Table
from notify_adapters.memory.timelines import Events
from notify_core.callbacks.model import Attempt, Callback
from notify_core.inbound.model import ReceivedText
from notify_core.notifications.model import Contents, Message, Notification
from notify_core.retention.model import Dated, ExpiredDay, Kind, LetterGone
from notify_core.vocabulary import Channel, KeyType

_Key = TypeVar("_Key")
_Row = TypeVar("_Row")

#: In the place of contents that are gone. What is left of a message can be read by nobody.
GONE = Contents(recipient="", normalised_recipient="")


@frozen(kw_only=True)
class Shelves:
    """The tables whose rows go on their day. Events and attempts go by their message's, or callback's, id."""

    messages: Table[UUID, Message]
    events: Table[UUID, Events]
    apart: ApartTable
    texts: Table[UUID, ReceivedText]
    callbacks: Table[UUID, Callback]
    attempts: Table[UUID, tuple[Attempt, ...]]
    letters: Table[UUID, LetterGone]

    def days(self, kind: Kind) -> Iterator[date]:
        """Yield the day of each row of a kind."""
        match kind:
            case Kind.CONTENTS:
                yield from (one.notification.expires_on for one in self.messages.rows() if one.contents != GONE)
            case Kind.EVENTS:
                facts = (message.notification for message in self.messages.rows())
                yield from (one.expires_on for one in facts if one.id in self.events)
            case Kind.ROWS_APART:
                yield from (day for _, day in self.apart.rows())
            case Kind.TEXTS:
                yield from (text.expires_on for text in self.texts.rows())
            case Kind.CALLBACKS:
                yield from (one.expires_on for one in self.callbacks.rows())
            case Kind.CALLS:
                yield from (one.expires_on for one in self.callbacks.rows() if one.id in self.attempts)

    def note_letter(self, facts: Notification) -> None:
        """Remember that the letter's PDF is to go, if it is one."""
        if facts.channel is Channel.LETTER and facts.reference is not None:
            self.letters.put(
                facts.id,
                LetterGone(
                    id=facts.id,
                    reference=facts.reference,
                    created_at=facts.created_at,
                    key_type=facts.key_type,
                    status=facts.status,
                ),
            )

    def empty(self, facts: Notification) -> None:
        """Remove a message's contents."""
        self.note_letter(facts)
        self.messages.put(facts.id, Message(notification=facts, contents=GONE))


class MemoryRetention:
    """Implements `RetentionRepository`. Every day is one that can be dropped, so that nothing is left to sweep."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def expired_days(self, kinds: Collection[Kind], *, today: date) -> list[ExpiredDay]:
        """Return the days that hold something, the oldest first."""
        return sorted({ExpiredDay(day, kind) for kind in kinds for day in self._shelves.days(kind) if day <= today})

    def drop(self, expired: ExpiredDay) -> bool:
        """Drop a day, unless it holds a letter that is not settled."""
        shelves, day = self._shelves, expired.day
        messages = [one for one in shelves.messages.rows() if one.notification.expires_on == day]
        if expired.kind in (Kind.CONTENTS, Kind.EVENTS) and any(dated(one.notification).is_stuck for one in messages):
            return False
        callbacks = [one.id for one in shelves.callbacks.rows() if one.expires_on == day]
        match expired.kind:
            case Kind.CONTENTS:
                for message in messages:
                    shelves.empty(message.notification)
            case Kind.EVENTS:
                _remove(shelves.events, [message.notification.id for message in messages])
            case Kind.ROWS_APART:
                _remove(shelves.apart, [key for key, (_, its_day) in shelves.apart.items() if its_day == day])
            case Kind.TEXTS:
                _remove(shelves.texts, [text.id for text in shelves.texts.rows() if text.expires_on == day])
            case Kind.CALLBACKS:
                _remove(shelves.callbacks, callbacks)
                _remove(shelves.attempts, callbacks)
            case Kind.CALLS:
                _remove(shelves.attempts, callbacks)
        return True

    def sweep(self, kind: Kind, *, today: date, limit: int) -> int:
        """Remove nothing: there is nothing that no day's drop removes."""
        del kind, today, limit
        return 0

    def stuck_letters(self, *, through: date, limit: int) -> list[Dated]:
        """Return letters that are not settled and go soon."""
        letters = [dated(message.notification) for message in self._shelves.messages.rows()]
        stuck = [letter for letter in letters if letter.is_stuck and letter.expires_on <= through]
        return sorted(stuck, key=lambda letter: letter.expires_on)[:limit]

    def remove_test_messages(self, *, today: date, limit: int) -> int:
        """Remove facts of expired messages of test keys."""
        expired = [
            message.notification
            for message in self._shelves.messages.rows()
            if message.notification.key_type is KeyType.TEST and message.notification.expires_on <= today
        ][:limit]
        for facts in expired:
            self._shelves.note_letter(facts)
            self._shelves.messages.remove(facts.id)
            self._shelves.events.remove(facts.id)
        return len(expired)

    def letters_gone(self, *, after: UUID | None, limit: int) -> list[LetterGone]:
        """Return letters whose PDFs are to go, by id."""
        gone = sorted(self._shelves.letters.rows(), key=lambda letter: letter.id)
        return [letter for letter in gone if after is None or letter.id > after][:limit]

    def forget_letters(self, ids: Collection[UUID]) -> None:
        """Forget letters whose PDFs are gone."""
        _remove(self._shelves.letters, ids)


def _remove(table: Table[_Key, _Row], keys: Iterable[_Key]) -> None:
    for key in keys:
        table.remove(key)


def dated(facts: Notification) -> Dated:
    """Return a message with its day."""
    return Dated(
        id=facts.id,
        channel=facts.channel,
        made_at=facts.created_at,
        expires_on=facts.expires_on,
        key_type=facts.key_type,
        status=facts.status,
    )
