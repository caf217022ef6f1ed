"""Tell services again what did not reach them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen

from notify_core.callbacks.announce import promised
from notify_core.callbacks.model import Callback
from notify_core.clock import Clock
from notify_core.errors import NotFound
from notify_core.identifiers import NewId
from notify_core.unit_of_work import Database, UnitOfWork

_BATCH = 1000


@frozen
class ReplayCallbacks:
    """Make the calls of some callbacks again, delivered ones too."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, callback_ids: Sequence[UUID]) -> list[Callback]:
        """Queue them, due at once, and return them.

        Raises NotFound, and queues nothing, when one is not known, has expired, or its endpoint is off.
        """
        now = self.clock()
        with self.database.begin() as work:
            replayed = work.callbacks.replay(list(dict.fromkeys(callback_ids)), now=now)
            missing = sorted(set(callback_ids) - {callback.id for callback in replayed}, key=str)
            if missing:
                raise NotFound(
                    "These are not known, have expired, or are for an endpoint that is off: "
                    + ", ".join(map(str, missing))
                )
            _promise(work, replayed, now, self.new_id)
            work.commit()
        return replayed


@frozen
class RecoverCallbacks:
    """After an outage of theirs, tell a service all that it missed."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, *, since: datetime, endpoint_id: UUID | None = None, service_id: UUID | None = None) -> int:
        """Queue all that failed or was abandoned and came up since then, and return how many those are.

        Of one endpoint, or of all of a service; in batches, each of which counts when it is done.
        """
        recovered = 0
        while True:
            now = self.clock()
            with self.database.begin() as work:
                batch = work.callbacks.recover(
                    endpoint_id=endpoint_id, service_id=service_id, since=since, now=now, limit=_BATCH
                )
                _promise(work, batch, now, self.new_id)
                work.commit()
            recovered += len(batch)
            if len(batch) < _BATCH:
                return recovered


def _promise(work: UnitOfWork, callbacks: Sequence[Callback], now: datetime, new_id: Callable[[], UUID]) -> None:
    """Promise each endpoint once, however many of its callbacks wait."""
    endpoints = {callback.endpoint_id: callback.service_id for callback in callbacks}
    work.outbox.add(
        promised(endpoint_id, service_id, entry_id=new_id(), at=now, ailing=True)
        for endpoint_id, service_id in endpoints.items()
    )
