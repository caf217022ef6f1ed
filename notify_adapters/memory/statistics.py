"""What became of messages, counted, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from attrs import evolve, frozen

from notify_adapters.memory.accounts import MemoryServices
from notify_adapters.memory.table import Table
from notify_core.calendar import london_date
from notify_core.identifiers import first_id_at
from notify_core.notifications.model import Message, Notification
from notify_core.notifications.status import Status
from notify_core.notifications.window import Window
from notify_core.statistics.model import (
    NO_JOB,
    TEXTS_AND_EMAILS,
    By,
    Period,
    ProcessingTime,
    ServiceMonth,
    StatusCount,
    TextsOfService,
    added_up,
)
from notify_core.vocabulary import Channel, KeyType

_COLUMN_OF = {
    Status.SENDING: "sending",
    Status.PENDING: "sending",
    Status.DELIVERED: "delivered",
    Status.TECHNICAL_FAILURE: "technical_failure",
    Status.FAILED: "technical_failure",
    Status.TEMPORARY_FAILURE: "temporary_failure",
    Status.PERMANENT_FAILURE: "permanent_failure",
    Status.SENT: "sent",
}
_TEN_SECONDS = timedelta(seconds=10)


@frozen
class Fact:
    """What the messages of one fact have in common."""

    day: date
    template_id: UUID
    service_id: UUID
    job_id: UUID
    channel: Channel
    key_type: KeyType
    status: Status


class MemoryStatistics:
    """Implements `StatisticsRepository`. Transactions run one after the other, so that nothing needs to be locked."""

    def __init__(
        self,
        facts: Table[Fact, tuple[Fact, int]],
        processing_times: Table[date, ProcessingTime],
        messages: Table[UUID, Message],
        services: MemoryServices,
    ) -> None:
        self._facts = facts
        self._processing_times = processing_times
        self._messages = messages
        self._services = services

    def replace_facts(self, day: date, channels: Collection[Channel]) -> int:
        """Count the day's messages of these channels anew, in the place of what was counted of them before."""
        for fact, _ in self._facts.rows():
            if fact.day == day and fact.channel in channels:
                self._facts.remove(fact)
        new = Counter(
            Fact(
                day=day,
                template_id=facts.template_id,
                service_id=facts.service_id,
                job_id=facts.job_id or NO_JOB,
                channel=facts.channel,
                key_type=facts.key_type,
                status=facts.status,
            )
            for facts in self._accepted(Window.of_day(day))
            if facts.channel in channels and facts.key_type is not KeyType.TEST
        )
        for fact, messages in new.items():
            self._facts.put(fact, (fact, messages))
        return len(new)

    def days_with_facts(self, days: Collection[date]) -> frozenset[date]:
        """Return those of the days that have facts of texts or emails."""
        counted = {fact.day for fact, _ in self._facts.rows() if fact.channel in TEXTS_AND_EMAILS}
        return frozenset(day for day in days if day in counted)

    def count_facts(
        self, period: Period, by: By, *, service_id: UUID | None = None, without: Sequence[date] = ()
    ) -> list[StatusCount]:
        """Add up the facts of the period's days but those `without`, of one service or of all."""
        return list(
            added_up(
                _apart(by, _day_shown(fact.day, by), fact.service_id, fact.template_id, _counted(fact, messages))
                for fact, messages in self._facts.rows()
                if fact.day in period and fact.day not in without and service_id in (None, fact.service_id)
            )
        )

    def count_live(self, window: Window, by: By, *, key_types: Collection[KeyType]) -> list[StatusCount]:
        """Count the window's messages sent with keys of these types."""
        return list(
            added_up(
                _apart(by, None, facts.service_id, facts.template_id, _counted(facts, 1))
                for facts in self._accepted(window)
                if facts.key_type in key_types
            )
        )

    def count_by_service(self, period: Period) -> list[ServiceMonth]:
        """Add up the facts of the period for each live service, month and channel."""
        lines: dict[tuple[date, UUID, Channel], ServiceMonth] = {}
        for fact, messages in self._facts.rows():
            service = self._services.find(fact.service_id)
            if service is None or not service.active or service.restricted:
                continue
            if fact.day not in period or fact.status is Status.CREATED:
                continue
            month = fact.day.replace(day=1)
            key = month, fact.service_id, fact.channel
            line = lines.get(key) or ServiceMonth(
                month=month, service_id=service.id, service_name=service.name, channel=fact.channel
            )
            if (column := _COLUMN_OF.get(fact.status)) is not None:
                line = evolve(line, **{column: getattr(line, column) + messages})
            lines[key] = line
        return [lines[key] for key in sorted(lines)]

    def last_fact(self, template_id: UUID, *, since: date) -> date | None:
        """Return the last day from `since` on on which the template was used, as the facts tell, or None."""
        days = [fact.day for fact, _ in self._facts.rows() if fact.template_id == template_id and fact.day >= since]
        return max(days, default=None)

    def last_accepted(self, template_id: UUID, window: Window) -> datetime | None:
        """Return when the last of the window's messages was made of the template, or None."""
        moments = [
            facts.created_at
            for facts in self._accepted(window)
            if facts.template_id == template_id and facts.key_type is not KeyType.TEST
        ]
        return max(moments, default=None)

    def measure_processing(self, day: date) -> ProcessingTime:
        """Measure how soon the day's texts and emails were handed over that programs asked for."""
        asked_for = [
            facts
            for facts in self._accepted(Window.of_day(day))
            if facts.api_key_id is not None
            and facts.key_type is not KeyType.TEST
            and facts.channel in TEXTS_AND_EMAILS
        ]
        soon = sum(
            facts.sent_at is not None and facts.sent_at - (facts.scheduled_for or facts.created_at) <= _TEN_SECONDS
            for facts in asked_for
        )
        return ProcessingTime(day=day, total=len(asked_for), within_10_seconds=soon)

    def save_processing_time(self, measured: ProcessingTime) -> None:
        """Store the figures of a day, in the place of any there are."""
        self._processing_times.put(measured.day, measured)

    def list_processing_times(self, period: Period) -> list[ProcessingTime]:
        """Return the figures of the period's days that have some, the first day first."""
        found = [figures for figures in self._processing_times.rows() if figures.day in period]
        return sorted(found, key=lambda figures: figures.day)

    def texts_of_services(self, *, since: datetime, now: datetime, at_least: int) -> list[TextsOfService]:
        """Count the texts of live services that sent `at_least` so many, the most first."""
        sent = (message.notification for message in self._texts(since, now))
        return [found for found in self._by_service(sent) if found.texts >= at_least]

    def texts_to_tv_numbers(self, *, since: datetime, now: datetime, more_than: int) -> list[TextsOfService]:
        """Count those among them that went to numbers for drama, where there are more than so many."""
        sent = (
            message.notification
            for message in self._texts(since, now)
            if message.contents.normalised_recipient.startswith("447700900")
            and message.notification.expires_on > london_date(now)
        )
        return [found for found in self._by_service(sent) if found.texts > more_than]

    def _texts(self, since: datetime, now: datetime) -> Iterator[Message]:
        for message in self._messages.rows():
            facts = message.notification
            is_text = facts.channel is Channel.SMS and facts.key_type is not KeyType.TEST
            if is_text and first_id_at(since) <= facts.id < first_id_at(now):
                yield message

    def _by_service(self, texts: Iterable[Notification]) -> list[TextsOfService]:
        """Count texts of services that are active and not in trial mode, the most first."""
        counts: dict[UUID, list[int]] = {}
        for facts in texts:
            count = counts.setdefault(facts.service_id, [0, 0])
            count[0] += 1
            count[1] += facts.status is Status.PERMANENT_FAILURE
        found = []
        for service_id, (texts_sent, failures) in counts.items():
            service = self._services.find(service_id)
            if service is not None and service.active and not service.restricted:
                found.append(
                    TextsOfService(
                        service_id=service_id,
                        service_name=service.name,
                        texts=texts_sent,
                        permanent_failures=failures,
                    )
                )
        return sorted(found, key=lambda one: (-one.texts, one.service_id))

    def _accepted(self, window: Window) -> Iterator[Notification]:
        return (message.notification for message in self._messages.rows() if window.holds(message.notification))


def _counted(what: Fact | Notification, messages: int) -> StatusCount:
    return StatusCount(channel=what.channel, key_type=what.key_type, status=what.status, messages=messages)


def _day_shown(day: date, by: By) -> date | None:
    if By.DAY in by:
        return day
    return day.replace(day=1) if By.MONTH in by else None


def _apart(by: By, day: date | None, service_id: UUID, template_id: UUID, count: StatusCount) -> StatusCount:
    return evolve(
        count,
        day=day,
        service_id=service_id if By.SERVICE in by else None,
        template_id=template_id if By.TEMPLATE in by else None,
    )
