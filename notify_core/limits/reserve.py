"""Take the places of many messages in today's counts: of all of them, or of none."""

from __future__ import annotations

from attrs import define, frozen

from notify_core.clock import Clock
from notify_core.limits.admit import INTERNATIONAL_SMS, daily_counter, daily_limit, utc_day
from notify_core.limits.ports import Counter, Limiter
from notify_core.services.model import Service
from notify_core.vocabulary import Channel, KeyType


@define
class Places:
    """Places that were taken, by the counters that they are in. They are given back unless they were kept."""

    _limiter: Limiter
    _service: Service
    _taken: dict[str, int]

    def keep(self) -> None:
        """Count the messages: they were accepted."""
        self._taken.clear()

    def give_back(self) -> None:
        """Give back what was not kept. Safe to repeat."""
        while self._taken:
            counter, amount = self._taken.popitem()
            self._limiter.give_back(self._service.id, counter, amount=amount)


@frozen
class ReservePlaces:
    """Hold many messages at once against today's limits. Test keys are only compared with them, and never counted."""

    limiter: Limiter
    clock: Clock

    def would_fit(self, service: Service, key_type: KeyType, channel: Channel, amount: int) -> bool:
        """Whether there would be places for so many messages. Nothing is taken."""
        counter = self._counter(service, key_type, channel.value)
        return self.limiter.ask(service.id, counter, now=self.clock(), amount=amount, reserve=False).fits

    def __call__(
        self, service: Service, key_type: KeyType, channel: Channel, *, amount: int, abroad: int = 0
    ) -> Places | None:
        """Take `amount` places of the channel, of which `abroad` are texts to other countries; None: there are none.

        Whoever gets places keeps them, or gives them back.
        """
        places = Places(self.limiter, service, {})
        for what, wanted in ((channel.value, amount), (INTERNATIONAL_SMS, abroad)):
            if not wanted:
                continue
            counter = self._counter(service, key_type, what)
            reserve = key_type is not KeyType.TEST
            if not self.limiter.ask(service.id, counter, now=self.clock(), amount=wanted, reserve=reserve).fits:
                places.give_back()
                return None
            if reserve:
                places._taken[counter.name] = wanted  # noqa: SLF001 - its own module's
        return places

    def _counter(self, service: Service, key_type: KeyType, what: str) -> Counter:
        name = daily_counter(key_type, what, utc_day(self.clock()))
        return Counter(name, daily_limit(service, key_type, what))
