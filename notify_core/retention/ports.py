"""What the use cases need of wherever things are kept until their day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from notify_core.retention.model import Applied, Dated, DatedCallback, ExpiredDay, Kind, LetterGone, Move, Redating
from notify_core.vocabulary import KeyType


class RetentionRepository(Protocol):
    """What has expired, and is to go. Readers do not see it any more, whether it is still there or not."""

    def expired_days(self, kinds: Collection[Kind], *, today: date) -> list[ExpiredDay]:
        """Return the days, `today` and before, that may still hold something of these kinds; the oldest first."""
        ...

    def drop(self, expired: ExpiredDay) -> bool:
        """Drop a day, whatever its size, in a moment; a day that is gone already is as good as dropped.

        False, and nothing done, while others hold on to it for more than about a second, while somebody else drops or
        makes days, or while it holds a letter that is not settled. The transaction is of no further use then. With
        contents, the letters among them become `letters_gone`. To be the transaction's first and only statement.
        """
        ...

    def sweep(self, kind: Kind, *, today: date, limit: int) -> int:
        """Remove at most `limit` expired rows that no day's drop removes, and return how many there were.

        Letters become `letters_gone`. What somebody else is just removing is left to them.
        """
        ...

    def stuck_letters(self, *, through: date, limit: int) -> list[Dated]:
        """Return letters that are not settled (`Dated.is_stuck`) and go on `through` or before; first the oldest."""
        ...

    def remove_test_messages(self, *, today: date, limit: int) -> int:
        """Remove the facts of at most `limit` messages of test keys that have expired, and return how many.

        Letters become `letters_gone`. What somebody else has locked is left for another time.
        """
        ...

    def letters_gone(self, *, after: UUID | None, limit: int) -> list[LetterGone]:
        """Return letters without contents whose PDFs are to go, by id, from behind `after`.

        Letters that have no reference have no PDF, and never come here.
        """
        ...

    def forget_letters(self, ids: Collection[UUID]) -> None:
        """Forget these: their PDFs are gone."""
        ...


class RedatingRepository(Protocol):
    """Moves what a service has to the days of its new setting. Each `move_…` is safe to repeat.

    What has expired is never returned, and never moved.
    """

    def begin(self, redating: Redating) -> None:
        """Store where a re-dating begins, over any that the service has."""
        ...

    def find(self, service_id: UUID) -> Redating | None:
        """Return the service's re-dating, or None when all is where it should be."""
        ...

    def proceed(self, redating: Redating) -> bool:
        """Store how far it is. False, and nothing stored, when it is not the service's re-dating any more."""
        ...

    def end(self, redating: Redating) -> None:
        """Forget it, unless another has begun."""
        ...

    def messages_of(
        self, service_id: UUID, key_type: KeyType, *, since: UUID, before: UUID | None, today: date, limit: int
    ) -> list[Dated]:
        """Return at most `limit` of the service's messages with ids in [since, before), the newest first."""
        ...

    def move_messages(self, moves: Sequence[Move], *, today: date, revive: bool = False) -> frozenset[UUID]:
        """Move facts, contents and timelines together; return which messages need not be asked for again.

        Of those to go at once contents and timeline are removed, the facts stay and say so; letters become
        `letters_gone`. Those that another transaction holds are left out, and not returned; so are those that have no
        facts. A message that is not where it is to be moved from is left there. Whoever changes a message at the same
        time waits, and finds it where it is then. With `revive` what has expired is moved, too, if it is there.
        """
        ...

    def await_events(self) -> None:
        """Wait, for about a second at most, until events that are just being added are in their timelines.

        To be the transaction's only statement.
        """
        ...

    def gather_events(self, moves: Sequence[Move], *, today: date) -> None:
        """Move the events that were just being added while `move_messages` moved their messages."""
        ...

    def bulks_of(self, service_id: UUID, *, since: datetime) -> list[Dated]:
        """Return the service's bulks made since then that may have rows apart. They say no day: `date.min`."""
        ...

    def move_rows_apart(self, bulk_id: UUID, *, after: date, today: date) -> None:
        """Move the rows of a bulk that became no messages."""
        ...

    def texts_of(self, service_id: UUID, *, before: UUID | None, today: date, limit: int) -> list[Dated]:
        """Return at most `limit` of the texts that the service got, with ids below `before`, the newest first."""
        ...

    def move_texts(self, moves: Sequence[Move], *, today: date) -> None:
        """Move received texts."""
        ...

    def callbacks_of(self, service_id: UUID, *, before: UUID | None, today: date, limit: int) -> list[DatedCallback]:
        """Return at most `limit` of the service's callbacks with ids below `before`, the newest first."""
        ...

    def move_callbacks(self, moves: Sequence[Move], *, today: date) -> frozenset[UUID]:
        """Move callbacks with their attempts; return which were not held by another transaction."""
        ...


class RetentionLog:
    """Where it is told how retention fares. This one keeps silent; a shell brings one that writes."""

    def applied(self, applied: Applied) -> None:
        """Hear what a run did."""

    def given_up(self, held: Sequence[ExpiredDay]) -> None:
        """Hear that days could not be dropped for an hour: they are left to the next night."""

    def files_failed(self, problem: str, letters: int) -> None:
        """Hear that the PDFs of so many letters could not be removed: they are left to the next night."""
