"""Look at callbacks and at the calls that were made for them."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.callbacks.model import Attempt, Callback, CallbackSearch
from notify_core.unit_of_work import Database


@frozen
class ListCallbacks:
    """Callbacks that have not expired, without what they say: that is personal."""

    database: Database

    def __call__(self, search: CallbackSearch) -> list[Callback]:
        """Return them, newest first."""
        with self.database.statement() as work:
            return work.callbacks.search(search)


@frozen
class ListAttempts:
    """The calls made for one callback."""

    database: Database

    def __call__(self, callback_id: UUID) -> list[Attempt]:
        """Return them, oldest first; none when there is no such callback."""
        with self.database.statement() as work:
            return work.callbacks.attempts(callback_id)
