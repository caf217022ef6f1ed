"""Look at providers: how they stand, how they do, and how they came to be so."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from notify_core.clock import Clock
from notify_core.providers.lateness import Figures
from notify_core.providers.model import Provider
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, ProviderName

_SHARE_OF = timedelta(minutes=10)
# Figures are made every minute: older ones than this say nothing of now.
_FIGURES_HOLD = timedelta(minutes=5)
_CHANNELS = (Channel.SMS, Channel.EMAIL, Channel.LETTER)


@frozen(kw_only=True)
class Standing:
    """How a provider stands.

    `share` is its part, 0 to 1, of the texts of the last 10 minutes that a provider took; None when there were none,
    and for other channels. `figures` are its latest, None when there are none of the last minutes.
    """

    provider: Provider
    share: float | None = None
    figures: Figures | None = None


@frozen
class ListProviders:
    """List how all providers stand."""

    database: Database
    clock: Clock

    def __call__(self) -> list[Standing]:
        """Return every provider's standing, texts first, by name."""
        now = self.clock()
        with self.database.statement() as work:
            providers = [provider for channel in _CHANNELS for provider in work.providers.list_for(channel)]
            taken = work.sms_statistics.count_handed_over(since=now - _SHARE_OF, now=now)
            minutes = work.sms_statistics.list_minutes(since=now - _FIGURES_HOLD, limit=1)
        latest = {figures.provider: figures for minute in minutes for figures in minute}
        total = sum(taken.values())
        return [
            Standing(
                provider=provider,
                share=taken.get(provider.name, 0) / total if total and provider.channel is Channel.SMS else None,
                figures=latest.get(provider.name),
            )
            for provider in providers
        ]


@frozen
class FindProviderHistory:
    """Tell what was changed about providers, when, by whom and why."""

    database: Database

    def __call__(self, name: ProviderName | None = None, *, limit: int = 100) -> list[Provider]:
        """Return the latest versions of that provider, or of all of them, the newest first."""
        with self.database.statement() as work:
            return work.providers.list_history(name, limit=limit)


@frozen
class ListSmsDeliveryStatistics:
    """Tell how soon texts were delivered, minute by minute."""

    database: Database
    clock: Clock

    def __call__(self, *, minutes: int = 15) -> list[list[Figures]]:
        """Return the figures of the last so many minutes, the latest first."""
        with self.database.statement() as work:
            return work.sms_statistics.list_minutes(since=self.clock() - timedelta(minutes=minutes), limit=minutes)
