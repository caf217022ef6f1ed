"""What a simulator accepted: the evidence that each message reached the provider exactly once."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from attrs import define, field, frozen

DUPLICATES_LISTED = 100


@frozen
class Accepted:
    """One accepted request. `key` is what makes two requests the same message; `body` is as it was received."""

    sequence: int
    at: float
    reference: str
    to: str
    key: str
    body: bytes


@define
class Journal:
    """The last `capacity` accepted requests, and counts of all. `describe` makes a received body readable."""

    capacity: int
    describe: Callable[[bytes], Mapping[str, object]]
    accepted: int = 0
    duplicates: int = 0
    _sequence: int = 0
    _messages: deque[Accepted] = field(factory=deque)
    _times: Counter[str] = field(factory=Counter)

    def record(self, reference: str, to: str, body: bytes, key: str = "") -> None:
        """Note an accepted request. `key` defaults to the reference."""
        key = key or reference
        self.accepted += 1
        if self._times[key]:
            self.duplicates += 1
        self._times[key] += 1
        self._sequence += 1
        self._messages.append(Accepted(self._sequence, time.time(), reference, to, key, body))
        if len(self._messages) > self.capacity:
            self._forget_oldest()

    def find(
        self, *, reference: str = "", to: str = "", since: int = 0, limit: int | None = None
    ) -> list[dict[str, object]]:
        """Return accepted requests, newest last: those after sequence number `since`, at most `limit`."""
        found: list[Accepted] = []
        for one in self._after(since):
            if (not reference or one.reference == reference) and (not to or one.to == to):
                if limit is not None and len(found) >= limit:
                    break
                found.append(one)
        return [self._shown(one) for one in found]

    def counts(self) -> dict[str, object]:
        """Return the numbers: requests accepted, different messages, requests that repeated one, and which."""
        repeated = [key for key, times in self._times.items() if times > 1][:DUPLICATES_LISTED]
        return {
            "accepted": self.accepted,
            "stored": len(self._messages),
            "references": self.accepted - self.duplicates,
            "duplicates": self.duplicates,
            "duplicate_references": {key: self._times[key] for key in repeated},
        }

    def clear(self) -> int:
        """Forget everything, the counts too; return how many requests were stored. Sequence numbers go on."""
        forgotten = len(self._messages)
        self._messages.clear()
        self._times.clear()
        self.accepted = self.duplicates = 0
        return forgotten

    def _after(self, since: int) -> Iterator[Accepted]:
        first = self._messages[0].sequence if self._messages else 0
        yield from islice(self._messages, max(since + 1 - first, 0), None)

    def _shown(self, one: Accepted) -> dict[str, object]:
        return {
            "sequence": one.sequence,
            "accepted_at": one.at,
            "reference": one.reference,
            "to": one.to,
            "content": self.describe(one.body),
        }

    def _forget_oldest(self) -> None:
        key = self._messages.popleft().key
        self._times[key] -= 1
        if not self._times[key]:
            del self._times[key]
