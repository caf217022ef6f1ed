"""Who carries the next message: by weight, and not who is known to be down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from attrs import field, frozen

from notify_core.clock import Clock
from notify_core.directory import Directory
from notify_core.providers.circuit import Circuit
from notify_core.providers.model import Choice, NoProvider, Provider, choose
from notify_core.providers.ports import Chance
from notify_core.vocabulary import Channel, ProviderName


def _closed_circuits() -> dict[ProviderName, Circuit]:
    return {name: Circuit() for name in ProviderName}


@frozen(kw_only=True)
class Choosing:
    """Choose providers, and remember of each how its last calls went. One for all that a process delivers."""

    directory: Directory
    chance: Chance
    clock: Clock
    circuits: dict[ProviderName, Circuit] = field(factory=_closed_circuits)

    def for_messages(self, channel: Channel, count: int) -> list[Choice]:
        """Choose for as many messages. Who is not called after all is to be given back with `unused`."""
        providers = self.directory.providers(channel)
        now = self.clock()
        return [self._choice(providers, now) for _ in range(count)]

    def unused(self, choices: Iterable[Choice], used: Iterable[ProviderName | None]) -> None:
        """Let others find out about providers that were chosen and then called by nobody."""
        called = set(used)
        for name in {name for choice in choices for name in (choice.home, choice.abroad)} - called:
            if name is not None and self.circuits[name].is_open:
                self.circuits[name].release(self.clock())

    def instead_of(
        self, failed: Collection[ProviderName], channel: Channel, *, international: bool
    ) -> ProviderName | None:
        """Choose another than those that failed, or return None when there is none."""
        others = [provider for provider in self.directory.providers(channel) if provider.name not in failed]
        return self._choose(others, international=international, now=self.clock())

    def for_test(self, channel: Channel, *, international: bool) -> ProviderName:
        """Choose whose name a message that nobody carries is recorded under. Raises NoProvider."""
        providers = self.directory.providers(channel)
        return choose(providers, international=international, chance=self.chance()).name

    def nobody(self, channel: Channel, *, international: bool) -> NoProvider:
        """Return why there was nobody to choose."""
        if any(_can_carry(provider, international) for provider in self.directory.providers(channel)):
            return NoProvider("Every provider that can carry this message is down at present: none was called")
        return NoProvider("No active provider can carry this message")

    def _choice(self, providers: Sequence[Provider], now: datetime) -> Choice:
        home = self._choose(providers, international=False, now=now)
        if home is not None and _supports_international(providers, home):
            return Choice(home=home, abroad=home)
        return Choice(home=home, abroad=self._choose(providers, international=True, now=now))

    def _choose(self, providers: Sequence[Provider], *, international: bool, now: datetime) -> ProviderName | None:
        up = [provider for provider in providers if self.circuits[provider.name].would_admit(now)]
        while any(_can_carry(provider, international) for provider in up):
            chosen = choose(up, international=international, chance=self.chance())
            if self.circuits[chosen.name].admit(now):
                return chosen.name
            up.remove(chosen)  # somebody else was let through first
        return None


def _can_carry(provider: Provider, international: bool) -> bool:
    return provider.active and (provider.supports_international or not international)


def _supports_international(providers: Iterable[Provider], name: ProviderName) -> bool:
    return any(provider.supports_international for provider in providers if provider.name is name)
