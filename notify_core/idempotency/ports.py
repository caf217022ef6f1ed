"""What the use cases need of wherever answers are remembered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from notify_core.idempotency.model import Answered, Remembered, RequestKey


class AnswerRepository(Protocol):
    """Answers by the key of their request. A key is unique in its service; answers are at rest unreadable.

    An answer that goes together with a message is stored by `NotificationRepository.accept`.
    """

    def find(self, key: RequestKey) -> Remembered | None:
        """Return what is remembered under the key, or None when that is nothing, or has expired."""
        ...

    def reserve(self, key: RequestKey, *, now: datetime, until: datetime, expires_on: date) -> None:
        """Take the key until `until`, for a request whose answer takes long.

        Raises KeyTaken when it has an answer, or somebody else has it and their time is not over.
        """
        ...

    def release(self, key: RequestKey, *, reserved_until: datetime) -> None:
        """Give the key back, where it is still reserved until then: the request was refused."""
        ...

    def remember(self, answered: Answered) -> None:
        """Remember the answer. Raises KeyTaken, and remembers nothing, as `reserve` does."""
        ...

    def forget(self, *, today: date, limit: int) -> int:
        """Remove at most `limit` keys that expire on that London day or have before; return how many those were."""
        ...
