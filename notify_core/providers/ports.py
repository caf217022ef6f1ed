"""What the use cases need of the providers, and of wherever their settings are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from notify_core.providers.model import OutgoingEmail, OutgoingSms, Provider
from notify_core.vocabulary import Channel

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
