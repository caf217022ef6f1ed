"""Shift texts away from a provider in trouble: because it is slow, or because it fails."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import field, frozen

from notify_core.clock import Clock
from notify_core.directory import Directory
from notify_core.providers.balance import ERRORS_THRESHOLD, SLOW_THRESHOLD, reduce_priority
from notify_core.providers.lateness import SLOW_AFTER_MINUTES, Lateness, slow_providers
from notify_core.providers.log import ProviderLog
from notify_core.providers.model import Provider
from notify_core.providers.ports import ErrorRates
from notify_core.unit_of_work import Database, DatabaseUnavailable
from notify_core.vocabulary import Channel, ProviderName

#: More errors than this within a minute reduce a provider's priority.
MOST_ERRORS = 50


@frozen
class ReducePriority:
    """Move a step of an SMS provider's priority to the others."""

    database: Database
    clock: Clock
    log: ProviderLog = field(factory=ProviderLog)

    def __call__(self, name: ProviderName, threshold: timedelta) -> list[Provider]:
        """Return the providers that changed: none when one was changed less than `threshold` ago.

        Of several that decide so at the same time one alone changes anything: the others find its change.
        """
        with self.database.begin() as work:
            changes = reduce_priority(work.providers.lock(Channel.SMS), name, now=self.clock(), threshold=threshold)
            for provider in changes:
                work.providers.save(provider)
            work.commit()
        for provider in changes:
            self.log.changed(provider)
        if not changes:
            self.log.left_alone(name, "priorities were changed a moment ago, or cannot change")
        return changes


@frozen
class SwitchOnSlowDelivery:
    """Shift texts away from the provider that delivers late while another does not."""

    database: Database
    clock: Clock
    reduce_priority: ReducePriority

    def __call__(self) -> list[Provider]:
        """Return the providers that changed. Safe to repeat: what was just changed is left alone."""
        with self.database.statement() as work:
            measured = work.sms_statistics.measure(self.clock())
            providers = work.providers.list_for(Channel.SMS)
        slowness = {name: within.get(SLOW_AFTER_MINUTES, Lateness()) for name, within in measured.items()}
        return [
            changed
            for name in slow_providers(providers, slowness)
            for changed in self.reduce_priority(name, SLOW_THRESHOLD)
        ]


class NoErrorRates:
    """Implements `ErrorRates` by counting nothing: failures then never reduce a priority."""

    def add(self, provider: ProviderName, errors: int, *, now: datetime) -> int:
        """Return 0."""
        del provider, errors, now
        return 0


class FailureWatch:
    """Hears how many attempts failed at each provider. This one lets it pass."""

    def __call__(self, failures: Mapping[ProviderName, int]) -> None:
        """Hear of the failures in one batch. Never raises."""


@frozen
class WatchErrors(FailureWatch):
    """Count each SMS provider's failures, and shift texts away from one that has too many of them."""

    rates: ErrorRates
    directory: Directory
    clock: Clock
    reduce_priority: ReducePriority
    log: ProviderLog = field(factory=ProviderLog)

    def __call__(self, failures: Mapping[ProviderName, int]) -> None:
        """Count these, and reduce the priority of who has failed more than MOST_ERRORS times within a minute."""
        for name, errors in failures.items():
            if self.rates.add(name, errors, now=self.clock()) > MOST_ERRORS:
                try:
                    self._reduce(name)
                except DatabaseUnavailable:
                    # The next failure decides again; the batch that told of this one is recorded.
                    self.log.left_alone(name, "the database does not answer")

    def _reduce(self, name: ProviderName) -> None:
        """Ask the database only when what is remembered allows a change: this may be called many times a second."""
        known = self.directory.providers(Channel.SMS)
        if reduce_priority(known, name, now=self.clock(), threshold=ERRORS_THRESHOLD):
            self.reduce_priority(name, ERRORS_THRESHOLD)
