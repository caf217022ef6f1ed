"""Where it is told how providers fare, and what is done about it."""

from __future__ import annotations

from notify_core.providers.lateness import Figures, Lateness
from notify_core.providers.model import Provider
from notify_core.vocabulary import ProviderName

# Word for word: alarms are set on it.
TEXTS_ARE_LATE = "Over 10% of text messages sent in the last 25 minutes have taken over 5 minutes to deliver."


class ProviderLog:
    """Where providers' affairs are told. This one keeps silent; a shell brings one that writes."""

    def changed(self, provider: Provider) -> None:
        """Hear that a provider has a new version."""

    def left_alone(self, name: ProviderName, why: str) -> None:
        """Hear that a provider is in trouble, and that its priority was not reduced."""

    def measured(self, figures: Figures) -> None:
        """Hear how a provider does."""

    def texts_are_late(self, all_providers: Lateness, breaches: int) -> None:
        """Hear that too many texts have been late for so many minutes in a row. Told once each time."""
