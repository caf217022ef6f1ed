"""Measure every minute how soon texts are delivered, keep the figures, and raise the alarm."""

from __future__ import annotations

from datetime import timedelta

from attrs import field, frozen

from notify_core.clock import Clock
from notify_core.providers.lateness import (
    BREACHES_TOLD,
    WITHIN_MINUTES,
    Figures,
    Lateness,
    breaches_in_a_row,
)
from notify_core.providers.log import ProviderLog
from notify_core.providers.ports import ErrorRates
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

_KEPT = timedelta(days=7)
# Minutes in a row have no great gaps between them.
_ROW = timedelta(hours=1)


@frozen(kw_only=True)
class MeasureSmsDelivery:
    """Store how soon texts were delivered in the minutes before; tell when too many have been late for long.

    `alarm` is whether to tell.
    """

    database: Database
    clock: Clock
    rates: ErrorRates
    alarm: bool = True
    log: ProviderLog = field(factory=ProviderLog)

    def __call__(self) -> list[Figures]:
        """Return what was stored for this minute: nothing when it was measured before.

        So the alarm is raised once, however often this is called. Removes what is older than a week.
        """
        now = self.clock()
        minute = now.replace(second=0, microsecond=0)
        with self.database.statement() as work:
            measured = work.sms_statistics.measure(now)
            providers = work.providers.list_for(Channel.SMS)
        figures = [
            Figures(
                provider=provider.name,
                measured_at=minute,
                within={
                    minutes: measured.get(provider.name, {}).get(minutes, Lateness()) for minutes in WITHIN_MINUTES
                },
                errors=self.rates.add(provider.name, 0, now=now),
            )
            for provider in providers
        ]
        with self.database.begin() as work:
            if not work.sms_statistics.store(figures):
                return []
            work.sms_statistics.remove_before(minute - _KEPT)
            minutes = work.sms_statistics.list_minutes(since=minute - _ROW, limit=BREACHES_TOLD + 1)
            work.commit()
        for one in figures:
            self.log.measured(one)
        if self.alarm and breaches_in_a_row(minutes) == BREACHES_TOLD:
            self.log.texts_are_late(sum((one.slowness for one in figures), Lateness()), BREACHES_TOLD)
        return figures
