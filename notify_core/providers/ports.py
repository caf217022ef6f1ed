"""What the use cases need of the providers, and of wherever their settings are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from notify_core.providers.lateness import Figures, Lateness
from notify_core.providers.model import OutgoingEmail, OutgoingSms, Provider
from notify_core.vocabulary import Channel, ProviderName

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class SmsProvider(Protocol):
    """Carries texts."""

    def send(self, message: OutgoingSms) -> None:
        """Hand the text over. Returning means that the provider took it; its receipt comes later.

        Gives up after 10 seconds. Raises ProviderRefused, or ProviderFailed of the kind that says most: what may
        have reached the provider although it failed is ProviderSilent.
        """
        ...


class EmailProvider(Protocol):
    """Carries emails."""

    def send(self, message: OutgoingEmail) -> str:
        """Hand the email over, and return the provider's own id for it, which its receipts will name.

        Raises what `SmsProvider.send` does.
        """
        ...


class ProviderRepository(Protocol):
    """Which providers there are and how much each is to be used."""

    def list_for(self, channel: Channel) -> list[Provider]:
        """Return the channel's providers, active or not, by name."""
        ...

    def lock(self, channel: Channel) -> list[Provider]:
        """Return the channel's providers as `list_for` does, for nobody else to lock or change until the end.

        They are locked in the order of their names, so that two transactions never wait for each other.
        """
        ...

    def find(self, name: ProviderName) -> Provider | None:
        """Return the provider, or None."""
        ...

    def save(self, provider: Provider) -> None:
        """Store the next version of a provider, and a full copy of it in the history.

        Raises Conflict, and stores nothing, unless its version is the one after the stored one.
        """
        ...

    def list_history(self, name: ProviderName | None = None, *, limit: int) -> list[Provider]:
        """Return the latest versions of that provider, or of all of them, the newest first.

        What providers were at first, which happened at no time, comes last.
        """
        ...


class SmsDeliveryStatistics(Protocol):
    """How soon texts are delivered: as the notifications tell it, and as it was at each minute of the last days."""

    def measure(self, now: datetime) -> Mapping[ProviderName, Mapping[int, Lateness]]:
        """Return, for each provider that had texts and each of WITHIN_MINUTES, how the texts that can be judged did.

        Counts texts accepted, as their ids tell, in the EVALUATED time before `now`, within the country and not with
        test keys, that are delivered or may still be; each only once its provider has had it for that many minutes.
        """
        ...

    def count_handed_over(self, *, since: datetime, now: datetime) -> Mapping[ProviderName, int]:
        """Count the texts accepted in [since, now), as their ids tell, that each provider took; none of test keys."""
        ...

    def store(self, figures: Sequence[Figures]) -> bool:
        """Store the figures of one minute, at most one for each provider.

        False, and nothing stored, when figures of that minute are stored already, or there are none.
        """
        ...

    def list_minutes(self, *, since: datetime, limit: int) -> list[list[Figures]]:
        """Return the figures of the latest minutes from `since` on, the latest first; of each by provider's name."""
        ...

    def remove_before(self, moment: datetime) -> int:
        """Remove figures of minutes before that, and return how many there were."""
        ...


class ErrorRates(Protocol):
    """How often each provider has failed lately, all processes together.

    Never raises: an adapter whose store is down falls back to counting in its own process, and says so in its log.
    Times are told by the second: a window of 60 seconds is the second of `now` and the 59 before it.
    """

    def add(self, provider: ProviderName, errors: int, *, now: datetime) -> int:
        """Count `errors` (0 or more) at `now`, and return how many there were in the last 60 seconds with them."""
        ...


class InFlight(Protocol):
    """Does several slow things at once."""

    def __call__(self, work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """Apply `work` to each item, several at a time, and return the results in the items' order.

        `work` must not raise.
        """
        ...


class Chance(Protocol):
    """Where randomness comes from."""

    def __call__(self) -> float:
        """Return a number in [0, 1), evenly spread."""
        ...


class EventInbox(Protocol):
    """Opens what Amazon SNS posts to us, having made sure that it was SNS that sent it."""

    def open(self, body: bytes) -> str | None:
        """Return the text of a notification whose signature is right.

        Returns None for a subscription request, which it confirms. Raises InvalidEvent for what SNS would not
        send, UntrustedEvent for what SNS did not sign, and EventUnverified when SNS cannot be asked about it now.
        """
        ...
