"""What the use cases need of whatever counts."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from attrs import frozen

#: In seconds. A bucket that never refills is not waited for longer than this.
LONGEST_WAIT = 86_400.0


@frozen
class Bucket:
    """A bucket of tokens: it starts full and refills at `per_second` up to `capacity`. A request takes one."""

    name: str
    capacity: int
    per_second: float


@frozen
class Counter:
    """A count that is to stay within `limit`."""

    name: str
    limit: int


@frozen
class Hold:
    """Places that are taken for the time being: at `until` they come back by themselves, unless confirmed."""

    id: UUID
    until: datetime


@frozen
class Tally:
    """How bucket and counter stand after a question.

    `wait` is 0.0 when a token was taken or none was asked for, else the seconds until there will be one, at
    most LONGEST_WAIT. `tokens` are those left in the bucket, with the part of the next one that has come in;
    0.0 where no bucket was asked. `count` is the counter's, with what was added. `fits` says whether what was
    asked for is within the limit; it is False whenever `wait` is not 0.
    """

    wait: float
    tokens: float
    count: int
    fits: bool


class Limiter(Protocol):
    """Counts that are shared by all processes. A question and its effects are one atomic step.

    Buckets and counters belong to an owner, a service; their names need only differ within it.

    Never raises: an adapter whose store is down falls back to counting in its own process, which lets through
    at most as many times too much as there are processes, and says so in its log.
    """

    def ask(
        self,
        owner: UUID,
        counter: Counter,
        bucket: Bucket | None = None,
        *,
        now: datetime,
        amount: int = 1,
        reserve: bool = True,
        hold: Hold | None = None,
    ) -> Tally:
        """Take a token from the bucket, where there is one; then add `amount` to the counter, if it fits.

        It fits if the counter stays within its limit. An empty bucket refuses: it loses nothing, and nothing is
        added. A full counter refuses with nothing added, but the token is spent. With `reserve` False nothing is
        added in any case: the counter is only compared with its limit. An `amount` of 0 asks for no place.

        With `hold`, whose id was never used before, what was added is held until then: whoever asks at that moment
        or later finds it gone, unless it was confirmed.

        Counters are forgotten some time after their day: within 48 hours of their first use.
        """
        ...

    def confirm(self, owner: UUID, counter: str, hold: Hold, *, amount: int) -> None:
        """Count what was reserved with that hold for good. What has come back is added again, limit or not."""
        ...

    def give_back(self, owner: UUID, counter: str, *, amount: int = 1, hold: Hold | None = None) -> None:
        """Undo a reservation in the counter of that name, which does not go below 0. A forgotten one stays so.

        With `hold` it is one that was reserved with it, and not confirmed: what has come back is not undone again.
        """
        ...
