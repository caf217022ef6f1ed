"""Take the places of many messages in today's counts: of all of them, or of none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Self

from attrs import define, evolve, field, frozen

from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.limits.admit import DailyLimitExceeded
from notify_core.limits.daily import counter_of
from notify_core.limits.ports import Hold, Limiter
from notify_core.limits.standing import Standing, seconds_left_today
from notify_core.services.model import Service
from notify_core.vocabulary import KeyType

# Longer than anything takes from here to its commit, so that only a crash leaves places to come back by themselves.
_HELD = timedelta(minutes=10)


@frozen
class _Held:
    """So many places of one counter, held."""

    counter: str
    amount: int
    hold: Hold


@define
class Places:
    """Places that are held: a context manager that gives them back at the end, unless they were kept.

    `standing` is how the service stands with its limits, these places included. A process that dies with them has
    not taken them: they come back by themselves. So they are to be confirmed, as the last thing before what they are
    for is committed: a process that dies between has taken too many, never too few.
    """

    standing: Standing
    _limiter: Limiter
    _service: Service
    _held: list[_Held] = field(factory=list)
    _confirmed: bool = False

    def add(self, counter: str, amount: int, hold: Hold) -> None:
        """Hold so many places of one more counter."""
        self._held.append(_Held(counter, amount, hold))

    def confirm(self) -> None:
        """Let them not come back by themselves any more."""
        for held in self._held:
            self._limiter.confirm(self._service.id, held.counter, held.hold, amount=held.amount)
        self._confirmed = True

    def keep(self) -> None:
        """Count the messages: they were accepted."""
        self._held.clear()

    def give_back(self) -> None:
        """Give back what was not kept. Safe to repeat."""
        while self._held:
            held = self._held.pop()
            hold = None if self._confirmed else held.hold
            self._limiter.give_back(self._service.id, held.counter, amount=held.amount, hold=hold)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.give_back()


@frozen
class ReservePlaces:
    """Hold many messages at once against today's limits. Test keys are only compared with them, and never counted."""

    limiter: Limiter
    clock: Clock
    new_id: NewId

    def would_fit(self, service: Service, key_type: KeyType, what: str, amount: int) -> bool:
        """Whether there would be places for so many messages. Nothing is taken."""
        now = self.clock()
        counter = counter_of(service, key_type, what, now)
        return self.limiter.ask(service.id, counter, now=now, amount=amount, reserve=False).fits

    def __call__(
        self, service: Service, key_type: KeyType, amounts: Mapping[str, int], so_far: Standing | None = None
    ) -> Places:
        """Take so many places of each, a channel or INTERNATIONAL_SMS. Whoever gets them keeps or gives them back.

        `so_far` is what `Admit.request` returned, where it was asked; the answer's standing tells the first limit
        beside it. Raises DailyLimitExceeded, with nothing taken.
        """
        standing = so_far or Standing(service.rate_limit, None, 0.0, None, 0, self.clock())
        places = Places(standing, self.limiter, service)
        wanted = {what: amount for what, amount in amounts.items() if amount}
        for what, amount in wanted.items():
            try:
                standing = self._take(places, service, key_type, what, amount)
            except DailyLimitExceeded:
                places.give_back()
                raise
            if what == next(iter(wanted)):
                places.standing = standing
        return places

    def _take(self, places: Places, service: Service, key_type: KeyType, what: str, amount: int) -> Standing:
        """Add places of one counter to those, and return how the service stands with it then."""
        now = self.clock()
        counter = counter_of(service, key_type, what, now)
        reserve = key_type is not KeyType.TEST
        hold = Hold(self.new_id(), now + _HELD)
        tally = self.limiter.ask(service.id, counter, now=now, amount=amount, reserve=reserve, hold=hold)
        standing = evolve(places.standing, daily_limit=counter.limit, count=tally.count, at=now)
        if not tally.fits:
            left = max(0, counter.limit - tally.count)
            sentence = (
                f"Exceeded send limits ({what}: {counter.limit}) for today: "
                f"there is room for {left} more, and these are {amount}"
            )
            raise DailyLimitExceeded(sentence, seconds_left_today(now), standing)
        if reserve:
            places.add(counter.name, amount, hold)
        return standing
