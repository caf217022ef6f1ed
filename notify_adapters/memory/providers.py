"""Providers in memory: what was handed over can be read back, and each can be told to fail."""

from __future__ import annotations

from collections import deque

from notify_core.errors import NotifyError
from notify_core.providers.model import OutgoingEmail, OutgoingSms


class MemorySmsProvider:
    """Implements `SmsProvider`. `sent` is the texts in the order they came; `failures` are raised first."""

    def __init__(self) -> None:
        self.sent: list[OutgoingSms] = []
        self.failures: deque[NotifyError] = deque()

    def send(self, message: OutgoingSms) -> None:
        """Take the text, or raise the next of `failures`."""
        if self.failures:
            raise self.failures.popleft()
        self.sent.append(message)


class MemoryEmailProvider:
    """Implements `EmailProvider`. `sent` is the emails in the order they came; `failures` are raised first."""

    def __init__(self) -> None:
        self.sent: list[OutgoingEmail] = []
        self.failures: deque[NotifyError] = deque()

    def send(self, message: OutgoingEmail) -> str:
        """Take the email and return an id for it, or raise the next of `failures`."""
        if self.failures:
            raise self.failures.popleft()
        self.sent.append(message)
        return f"email-{len(self.sent)}-{message.reference}"
