"""Let priorities go back to where they rest once nothing has disturbed them for a while."""

from __future__ import annotations

from attrs import field, frozen

from notify_core.clock import Clock
from notify_core.providers.balance import tend_back
from notify_core.providers.log import ProviderLog
from notify_core.providers.model import Provider
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel


@frozen
class TendBack:
    """Move the priorities of SMS providers a step towards their resting points."""

    database: Database
    clock: Clock
    log: ProviderLog = field(factory=ProviderLog)

    def __call__(self) -> list[Provider]:
        """Return the providers that changed. Safe to repeat: what was just changed is left alone."""
        with self.database.begin() as work:
            changes = tend_back(work.providers.lock(Channel.SMS), now=self.clock())
            for provider in changes:
                work.providers.save(provider)
            work.commit()
        for provider in changes:
            self.log.changed(provider)
        return changes
