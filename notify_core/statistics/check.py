"""Look for what somebody should look into: services whose texts go nowhere, and numbers that run out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from attrs import field, frozen

from notify_core.clock import Clock
from notify_core.statistics.model import TextsOfService
from notify_core.unit_of_work import Database

_LOOKED_AT = timedelta(hours=24)
#: Of fewer texts than this a share says little.
ENOUGH_TEXTS = 10_000
#: From this share of texts that failed for good on, whoever sends them writes to numbers that there are not.
HIGH_FAILURE_RATE = 0.25
#: More texts than this to numbers that were only made for drama are no mistake of typing.
MANY_TV_TEXTS = 500


class Concern(StrEnum):
    """What is to be looked into."""

    HIGH_FAILURE_RATE = "high-failure-rate"
    TEXTS_TO_TV_NUMBERS = "texts-to-tv-numbers"


@frozen
class ServiceConcern:
    """What is to be looked into about a service, and the texts that tell it: all, or those to numbers for drama."""

    concern: Concern
    texts: TextsOfService

    @property
    def failure_rate(self) -> float | None:
        """The share of texts that failed for good, where that is the concern."""
        if self.concern is not Concern.HIGH_FAILURE_RATE:
            return None
        return self.texts.permanent_failures / self.texts.texts


@frozen
class InboundNumbers:
    """How many numbers that people can text nobody has yet; `threshold` is where that becomes too few."""

    available: int
    threshold: int

    @property
    def are_low(self) -> bool:
        """Whether somebody should get more."""
        return self.available <= self.threshold


class CheckLog:
    """Where what checks find is told. This one keeps silent; a shell brings one that writes."""

    def service(self, found: ServiceConcern) -> None:
        """Hear that a service is to be looked into."""

    def inbound_numbers_are_low(self, numbers: InboundNumbers) -> None:
        """Hear that there are hardly any numbers left."""


@frozen
class CheckServices:
    """Look for live services most of whose texts go nowhere: of the last 24 hours."""

    database: Database
    clock: Clock
    log: CheckLog = field(factory=CheckLog)

    def __call__(self) -> list[ServiceConcern]:
        """Return and tell what is to be looked into, high failure rates first. Tells it again each time."""
        now = self.clock()
        since = now - _LOOKED_AT
        with self.database.statement() as work:
            many = work.statistics.texts_of_services(since=since, now=now, at_least=ENOUGH_TEXTS)
            television = work.statistics.texts_to_tv_numbers(since=since, now=now, more_than=MANY_TV_TEXTS)
        found = [*_failing(many), *(ServiceConcern(Concern.TEXTS_TO_TV_NUMBERS, texts) for texts in television)]
        for one in found:
            self.log.service(one)
        return found


def _failing(services: Sequence[TextsOfService]) -> list[ServiceConcern]:
    return [
        ServiceConcern(Concern.HIGH_FAILURE_RATE, texts)
        for texts in services
        if texts.permanent_failures >= HIGH_FAILURE_RATE * texts.texts
    ]


@frozen
class CheckInboundNumbers:
    """Count the numbers that services can still be given."""

    database: Database
    threshold: int
    log: CheckLog = field(factory=CheckLog)

    def __call__(self) -> InboundNumbers:
        """Return how many there are, and tell it where they are too few."""
        with self.database.statement() as work:
            numbers = InboundNumbers(work.inbound.count_available(), self.threshold)
        if numbers.are_low:
            self.log.inbound_numbers_are_low(numbers)
        return numbers
