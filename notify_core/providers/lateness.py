"""How soon texts are delivered, and when that is too late. Pure rules.

A text can be judged once it has been with its provider for as long as it is given: before that nobody can tell
whether it will be late. Texts abroad and those of test keys are never judged: of the first many are never confirmed,
the second go nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import Factory, frozen

from notify_core.providers.model import Provider
from notify_core.vocabulary import ProviderName

#: Texts accepted in this time are looked at.
EVALUATED = timedelta(minutes=15)
#: How many minutes texts are given: what is known of each.
WITHIN_MINUTES = (1, 5, 10)
#: The one of them that decides whether a provider is slow.
SLOW_AFTER_MINUTES = 5
#: From this share of late texts on a provider is slow.
SLOW_SHARE = 0.15
#: Fewer texts than this say nothing. docs/decisions/0028 tells how it was chosen.
SMALLEST_SAMPLE = 30

#: From this share of late texts, of all providers together, on a minute is a breach.
BREACH_SHARE = 0.10
#: So many breaches in a row are told.
BREACHES_TOLD = 10


@frozen
class Lateness:
    """Of `judged` texts, `late` were not delivered in the time they were given."""

    judged: int = 0
    late: int = 0

    @property
    def share(self) -> float | None:
        """The share of late ones, 0 to 1, or None when there were too few to say."""
        return None if self.judged < SMALLEST_SAMPLE else self.late / self.judged

    def __add__(self, other: Lateness) -> Lateness:
        return Lateness(self.judged + other.judged, self.late + other.late)


@frozen(kw_only=True)
class Figures:
    """How a provider was doing at the minute `measured_at` (UTC).

    `within` tells, for each of WITHIN_MINUTES, about the texts accepted in the EVALUATED time before. `errors` is how
    many it did not take in the last minute.
    """

    provider: ProviderName
    measured_at: datetime
    within: Mapping[int, Lateness] = Factory(dict)
    errors: int = 0

    @property
    def slowness(self) -> Lateness:
        """What decides whether it is slow."""
        return self.within.get(SLOW_AFTER_MINUTES, Lateness())


def slow_providers(providers: Iterable[Provider], slowness: Mapping[ProviderName, Lateness]) -> list[ProviderName]:
    """Return the active providers that are slow while another one is not, by name; none when they do not differ.

    A provider with too few texts to be judged is neither: it is no reason to think that things are better there.
    """
    shares = {
        provider.name: share
        for provider in providers
        if provider.active and (share := slowness.get(provider.name, Lateness()).share) is not None
    }
    slow = sorted(name for name, share in shares.items() if share >= SLOW_SHARE)
    return slow if len(slow) < len(shares) else []


def is_breach(figures: Collection[Figures]) -> bool:
    """Whether too many texts were late in one minute, all providers together."""
    share = sum((one.slowness for one in figures), Lateness()).share
    return share is not None and share >= BREACH_SHARE


def breaches_in_a_row(minutes: Sequence[Collection[Figures]]) -> int:
    """Count the breaches at the start of `minutes`, the figures of one minute each, the latest first."""
    for count, figures in enumerate(minutes):
        if not is_breach(figures):
            return count
    return len(minutes)
