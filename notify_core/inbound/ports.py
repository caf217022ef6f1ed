"""What the use cases need of wherever received texts are kept."""

from __future__ import annotations

from typing import Protocol

from notify_core.inbound.model import InboundNumber, PageOfTexts, ReceivedText


class InboundRepository(Protocol):
    """Numbers that people can text, and the texts that came, until they expire."""

    def add_number(self, number: InboundNumber) -> None:
        """Store a new number. Raises Conflict when it, or one of its service, is known already."""
        ...

    def find_number(self, number: str) -> InboundNumber | None:
        """Return the number, active or not, or None."""
        ...

    def count_available(self) -> int:
        """Return how many active numbers no service has."""
        ...

    def add(self, text: ReceivedText) -> bool:
        """Store a text; False, and nothing stored, when one with its provider's reference is kept already."""
        ...

    def list_page(self, page: PageOfTexts) -> list[ReceivedText]:
        """Return the service's texts that have not expired, newest first.

        Empty when `older_than` is not known. Whose text that is makes no difference.
        """
        ...
