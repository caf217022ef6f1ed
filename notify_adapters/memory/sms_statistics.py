"""How soon texts are delivered, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from notify_adapters.memory.table import Table
from notify_core.identifiers import first_id_at
from notify_core.notifications.model import Message, Notification
from notify_core.notifications.status import Status
from notify_core.providers.lateness import EVALUATED, WITHIN_MINUTES, Figures, Lateness
from notify_core.vocabulary import Channel, KeyType, ProviderName

Minute = tuple[Figures, ...]

_MAY_BE_DELIVERED = frozenset({Status.SENDING, Status.PENDING, Status.DELIVERED})


class MemorySmsStatistics:
    """Implements `SmsDeliveryStatistics`."""

    def __init__(self, minutes: Table[datetime, Minute], messages: Table[UUID, Message]) -> None:
        self._minutes = minutes
        self._messages = messages

    def measure(self, now: datetime) -> Mapping[ProviderName, Mapping[int, Lateness]]:
        """Return how the texts that can be judged did, for each provider that had any."""
        counts: dict[ProviderName, dict[int, Lateness]] = {}
        for text, provider, sent_at in self._handed_over(now - EVALUATED, now):
            if text.international or text.status not in _MAY_BE_DELIVERED:
                continue
            for minutes in WITHIN_MINUTES:
                given = timedelta(minutes=minutes)
                if sent_at <= now - given:
                    in_time = text.status is Status.DELIVERED and (text.updated_at or now) - sent_at < given
                    within = counts.setdefault(provider, dict.fromkeys(WITHIN_MINUTES, Lateness()))
                    within[minutes] += Lateness(1, int(not in_time))
        return counts

    def count_handed_over(self, *, since: datetime, now: datetime) -> Mapping[ProviderName, int]:
        """Count the texts accepted in [since, now) that each provider took."""
        return Counter(provider for _, provider, _ in self._handed_over(since, now))

    def store(self, figures: Sequence[Figures]) -> bool:
        """Store the figures of one minute, once."""
        if not figures or figures[0].measured_at in self._minutes:
            return False
        by_name = sorted(figures, key=lambda one: one.provider)
        self._minutes.put(figures[0].measured_at, tuple(by_name))
        return True

    def list_minutes(self, *, since: datetime, limit: int) -> list[list[Figures]]:
        """Return the figures of the latest minutes, the latest first."""
        found = [list(minute) for minute in self._minutes.rows() if minute[0].measured_at >= since]
        return sorted(found, key=lambda minute: minute[0].measured_at, reverse=True)[:limit]

    def remove_before(self, moment: datetime) -> int:
        """Remove figures of minutes before that, and return how many there were."""
        old = [minute for minute in self._minutes.rows() if minute[0].measured_at < moment]
        for minute in old:
            self._minutes.remove(minute[0].measured_at)
        return sum(len(minute) for minute in old)

    def _handed_over(self, since: datetime, now: datetime) -> Iterator[tuple[Notification, ProviderName, datetime]]:
        """Yield the texts accepted in [since, now) that a provider took, with its name and when."""
        for message in self._messages.rows():
            text = message.notification
            if not first_id_at(since) <= text.id < first_id_at(now):
                continue
            if text.channel is not Channel.SMS or text.key_type is KeyType.TEST:
                continue
            if text.sent_by is not None and text.sent_at is not None:
                yield text, text.sent_by, text.sent_at
