"""Numbers that people can text, and the texts that came, in memory."""

from __future__ import annotations

from uuid import UUID

from notify_adapters.memory.table import Table
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.errors import Conflict
from notify_core.inbound.model import InboundNumber, PageOfTexts, ReceivedText


class MemoryInbound:
    """Implements `InboundRepository`."""

    def __init__(self, numbers: Table[str, InboundNumber], texts: Table[UUID, ReceivedText], clock: Clock) -> None:
        self._numbers = numbers
        self._texts = texts
        self._clock = clock

    def add_number(self, number: InboundNumber) -> None:
        """Store a new number."""
        taken = number.service_id is not None and any(
            other.service_id == number.service_id for other in self._numbers.rows()
        )
        if taken or number.number in self._numbers:
            raise Conflict("inbound_numbers: there is one of that identity already")
        self._numbers.put(number.number, number)

    def find_number(self, number: str) -> InboundNumber | None:
        """Return the number, active or not, or None."""
        return self._numbers.get(number)

    def count_available(self) -> int:
        """Return how many active numbers no service has."""
        return sum(number.active and number.service_id is None for number in self._numbers.rows())

    def add(self, text: ReceivedText) -> bool:
        """Store a text, once."""
        if text.provider_reference is not None and any(
            (other.provider, other.provider_reference) == (text.provider, text.provider_reference)
            for other in self._kept()
        ):
            return False
        self._texts.put(text.id, text)
        return True

    def list_page(self, page: PageOfTexts) -> list[ReceivedText]:
        """Return the service's texts that have not expired, newest first."""
        kept = self._kept()
        if page.older_than is not None and all(text.id != page.older_than for text in kept):
            return []
        latest = page.last_expiry(london_date(self._clock()))
        found = [
            text
            for text in kept
            if text.service_id == page.service_id
            and text.expires_on <= latest
            and (page.older_than is None or text.id < page.older_than)
        ]
        return sorted(found, key=lambda text: text.id, reverse=True)[: page.limit]

    def _kept(self) -> list[ReceivedText]:
        today = london_date(self._clock())
        return [text for text in self._texts.rows() if text.expires_on > today]
