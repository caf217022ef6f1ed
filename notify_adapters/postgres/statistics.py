"""What became of messages: counted by the night into facts, and as it is now.

A day's messages are found by when they were accepted, which an index knows roughly. Bounds on their ids, in which the
rows of files may be a month older, choose the partitions. These bounds stand in the statements themselves: of
parameters connections make one plan for whatever they are, and that would go through a month of ids for each day.
"""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from notify_adapters.postgres.session import Row, Session
from notify_adapters.postgres.tables import columns_of, ft_notification_status
from notify_adapters.postgres.windows import OF_SERVICE, ROOM, accepted_in, of_service
from notify_core.calendar import london_date
from notify_core.identifiers import first_id_at
from notify_core.notifications.status import Status
from notify_core.notifications.window import Window
from notify_core.statistics.model import (
    NO_JOB,
    By,
    Period,
    ProcessingTime,
    ServiceMonth,
    StatusCount,
    TextsOfService,
)
from notify_core.vocabulary import Channel, KeyType

_FACT = columns_of(ft_notification_status)

# Of two who count one day the second waits here, and then sees what the first has stored.
_LOCK = """
SELECT pg_advisory_xact_lock(hashtext('ft_notification_status'), %(day)s::date - date '2000-01-01')
"""
_MAKE_ROOM = f"SELECT {ROOM}"
_REMOVE_FACTS = """
DELETE FROM ft_notification_status WHERE bst_date = %(day)s AND channel = ANY(%(channels)s)
"""
_STORE_FACTS = f"""
WITH stored AS (
    INSERT INTO ft_notification_status ({_FACT})
    SELECT %(day)s, template_id, service_id, coalesce(job_id, %(no_job)s), channel, key_type, status, count(*)
    FROM notifications
    WHERE {{accepted}} AND channel = ANY(%(channels)s) AND key_type <> 'test'
    GROUP BY template_id, service_id, coalesce(job_id, %(no_job)s), channel, key_type, status
    RETURNING 1
)
SELECT count(*) AS facts FROM stored
"""
_DAYS_WITH_FACTS = """
SELECT day FROM unnest(%(days)s::date[]) AS day
WHERE EXISTS (SELECT FROM ft_notification_status WHERE bst_date = day AND channel <> 'letter')
"""

_LAST_FACT = """
SELECT bst_date FROM ft_notification_status
WHERE template_id = %(template_id)s AND bst_date >= %(since)s
ORDER BY bst_date DESC LIMIT 1
"""

_APART = {
    By.DAY: ("bst_date", "day"),
    By.MONTH: ("date_trunc('month', bst_date)::date", "day"),
    By.SERVICE: ("service_id", "service_id"),
    By.TEMPLATE: ("template_id", "template_id"),
}


@cache
def _count_facts(by: By, *, of_service: bool) -> str:
    apart = [_APART[one] for one in By if one in by]
    shown = "".join(f", {column} AS {name}" for column, name in apart)
    grouped = "".join(f", {column}" for column, _ in apart)
    return f"""
    SELECT channel, key_type, status, sum(notification_count) AS messages{shown}
    FROM ft_notification_status
    WHERE bst_date >= %(first)s AND bst_date <= %(last)s AND bst_date <> ALL(%(without)s)
        {"AND service_id = %(service_id)s" if of_service else ""}
    GROUP BY channel, key_type, status{grouped}
    """


_OF_ALL = """
    SELECT template_id, service_id, channel, key_type, status FROM notifications
    WHERE {accepted} AND key_type = ANY(%(key_types)s)
"""


@cache
def _count_live(by: By, *, one_service: bool) -> str:
    apart = "".join(f", {_APART[one][0]}" for one in (By.SERVICE, By.TEMPLATE) if one in by)
    return f"""
    SELECT channel, key_type, status, count(*) AS messages{apart}
    FROM ({OF_SERVICE if one_service else _OF_ALL}) AS accepted
    GROUP BY channel, key_type, status{apart}
    """


_LAST_ACCEPTED = f"""
SELECT max(created_at) AS at FROM ({OF_SERVICE}) AS accepted WHERE template_id = %(template_id)s
"""

_COUNT_BY_SERVICE = """
SELECT date_trunc('month', fact.bst_date)::date AS month, service.id AS service_id, service.name AS service_name,
    fact.channel,
    coalesce(sum(notification_count) FILTER (WHERE status IN ('sending', 'pending')), 0) AS sending,
    coalesce(sum(notification_count) FILTER (WHERE status = 'delivered'), 0) AS delivered,
    coalesce(sum(notification_count) FILTER (WHERE status IN ('technical-failure', 'failed')), 0)
        AS technical_failure,
    coalesce(sum(notification_count) FILTER (WHERE status = 'temporary-failure'), 0) AS temporary_failure,
    coalesce(sum(notification_count) FILTER (WHERE status = 'permanent-failure'), 0) AS permanent_failure,
    coalesce(sum(notification_count) FILTER (WHERE status = 'sent'), 0) AS sent
FROM ft_notification_status AS fact JOIN services AS service ON service.id = fact.service_id
WHERE fact.bst_date >= %(first)s AND fact.bst_date <= %(last)s AND fact.status <> 'created'
    AND service.active AND NOT service.restricted
GROUP BY 1, service.id, service.name, fact.channel
ORDER BY 1, service.id, fact.channel COLLATE "C"
"""

_MEASURE_PROCESSING = """
SELECT count(*) AS total,
    count(*) FILTER (
        WHERE sent_at - coalesce(scheduled_for, created_at) <= interval '10 seconds'
    ) AS within_10_seconds
FROM notifications
WHERE {accepted} AND api_key_id IS NOT NULL AND key_type <> 'test' AND channel IN ('sms', 'email')
"""
_SAVE_PROCESSING_TIME = """
INSERT INTO ft_processing_time (bst_date, messages_total, messages_within_10_secs)
VALUES (%(day)s, %(total)s, %(within_10_seconds)s)
ON CONFLICT (bst_date) DO UPDATE SET
    messages_total = excluded.messages_total, messages_within_10_secs = excluded.messages_within_10_secs
"""
_LIST_PROCESSING_TIMES = """
SELECT bst_date, messages_total, messages_within_10_secs FROM ft_processing_time
WHERE bst_date >= %(first)s AND bst_date <= %(last)s ORDER BY bst_date
"""

_TEXTS_OF_SERVICES = """
SELECT service.id, service.name, sent.texts, sent.permanent_failures FROM (
    SELECT service_id, count(*) AS texts, count(*) FILTER (WHERE status = 'permanent-failure') AS permanent_failures
    FROM notifications
    WHERE id >= %(from)s AND id < %(before)s AND channel = 'sms' AND key_type <> 'test'
    GROUP BY service_id HAVING count(*) >= %(at_least)s
) AS sent JOIN services AS service ON service.id = sent.service_id
WHERE service.active AND NOT service.restricted
ORDER BY sent.texts DESC, service.id
"""
# Contents are gone through by their own key, and only those to such numbers are looked up. Bounds on both sides, so
# that both choose their partitions.
_TEXTS_TO_TV_NUMBERS = """
SELECT service.id, service.name, sent.texts, sent.permanent_failures FROM (
    SELECT facts.service_id, count(*) AS texts,
        count(*) FILTER (WHERE facts.status = 'permanent-failure') AS permanent_failures
    FROM notification_contents AS contents JOIN notifications AS facts ON facts.id = contents.notification_id
    WHERE contents.notification_id >= %(from)s AND contents.notification_id < %(before)s
        AND contents.expires_on > %(today)s AND contents.normalised_recipient LIKE '447700900%%'
        AND facts.id >= %(from)s AND facts.id < %(before)s
        AND facts.channel = 'sms' AND facts.key_type <> 'test'
    GROUP BY facts.service_id HAVING count(*) > %(more_than)s
) AS sent JOIN services AS service ON service.id = sent.service_id
WHERE service.active AND NOT service.restricted
ORDER BY sent.texts DESC, service.id
"""


class PostgresStatistics:
    """Implements `StatisticsRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def replace_facts(self, day: date, channels: Collection[Channel]) -> int:
        """Count the day's messages of these channels anew, in the place of what was counted of them before."""
        parameters = {"day": day, "channels": [channel.value for channel in channels], "no_job": NO_JOB}
        self._session.run(_LOCK, parameters)
        self._session.run(_MAKE_ROOM, {})
        self._session.run(_REMOVE_FACTS, parameters)
        [row] = self._session.rows(_STORE_FACTS.format(accepted=accepted_in(Window.of_day(day))), parameters)
        return int(row.facts)

    def days_with_facts(self, days: Collection[date]) -> frozenset[date]:
        """Return those of the days that have facts of texts or emails."""
        return frozenset(row.day for row in self._session.rows(_DAYS_WITH_FACTS, {"days": list(days)}))

    def count_facts(
        self, period: Period, by: By, *, service_id: UUID | None = None, without: Sequence[date] = ()
    ) -> list[StatusCount]:
        """Add up the facts of the period's days but those `without`, of one service or of all."""
        rows = self._session.rows(
            _count_facts(by, of_service=service_id is not None),
            _days(period) | {"without": list(without), "service_id": service_id},
        )
        return [_count(row) for row in rows]

    def count_live(self, window: Window, by: By, *, key_types: Collection[KeyType]) -> list[StatusCount]:
        """Count the window's messages sent with keys of these types."""
        statement = _count_live(by & (By.SERVICE | By.TEMPLATE), one_service=window.service_id is not None)
        if window.service_id is None:
            statement = statement.format(accepted=accepted_in(window))
        return [_count(row) for row in self._session.rows(statement, of_service(window, key_types))]

    def count_by_service(self, period: Period) -> list[ServiceMonth]:
        """Add up the facts of the period for each live service, month and channel."""
        rows = self._session.rows(_COUNT_BY_SERVICE, _days(period))
        return [ServiceMonth(**row._asdict() | {"channel": Channel(row.channel)}) for row in rows]

    def last_fact(self, template_id: UUID, *, since: date) -> date | None:
        """Return the last day from `since` on on which the template was used, as the facts tell, or None."""
        row = self._session.row(_LAST_FACT, {"template_id": template_id, "since": since})
        return None if row is None else row.bst_date

    def last_accepted(self, template_id: UUID, window: Window) -> datetime | None:
        """Return when the last of the window's messages was made of the template, or None."""
        asked = of_service(window, (KeyType.NORMAL, KeyType.TEAM)) | {"template_id": template_id}
        [row] = self._session.rows(_LAST_ACCEPTED, asked)
        at: datetime | None = row.at
        return at

    def measure_processing(self, day: date) -> ProcessingTime:
        """Measure how soon the day's texts and emails were handed over that programs asked for."""
        self._session.run(_MAKE_ROOM, {})
        [row] = self._session.rows(_MEASURE_PROCESSING.format(accepted=accepted_in(Window.of_day(day))), {})
        return ProcessingTime(day=day, total=row.total, within_10_seconds=row.within_10_seconds)

    def save_processing_time(self, measured: ProcessingTime) -> None:
        """Store the figures of a day, in the place of any there are."""
        self._session.run(
            _SAVE_PROCESSING_TIME,
            {
                "day": measured.day,
                "total": measured.total,
                "within_10_seconds": measured.within_10_seconds,
            },
        )

    def list_processing_times(self, period: Period) -> list[ProcessingTime]:
        """Return the figures of the period's days that have some, the first day first."""
        return [
            ProcessingTime(day=row.bst_date, total=row.messages_total, within_10_seconds=row.messages_within_10_secs)
            for row in self._session.rows(_LIST_PROCESSING_TIMES, _days(period))
        ]

    def texts_of_services(self, *, since: datetime, now: datetime, at_least: int) -> list[TextsOfService]:
        """Count the texts of live services that sent `at_least` so many, the most first."""
        return self._texts(_TEXTS_OF_SERVICES, since, now, {"at_least": at_least})

    def texts_to_tv_numbers(self, *, since: datetime, now: datetime, more_than: int) -> list[TextsOfService]:
        """Count those among them that went to numbers for drama, where there are more than so many."""
        return self._texts(_TEXTS_TO_TV_NUMBERS, since, now, {"more_than": more_than, "today": london_date(now)})

    def _texts(self, statement: str, since: datetime, now: datetime, more: dict[str, Any]) -> list[TextsOfService]:
        rows = self._session.rows(statement, {"from": first_id_at(since), "before": first_id_at(now)} | more)
        return [
            TextsOfService(
                service_id=row.id,
                service_name=row.name,
                texts=row.texts,
                permanent_failures=row.permanent_failures,
            )
            for row in rows
        ]


def _days(period: Period) -> dict[str, Any]:
    return {"first": period.first, "last": period.last}


def _count(row: Row) -> StatusCount:
    values = row._asdict()
    return StatusCount(
        **values
        | {
            "channel": Channel(row.channel),
            "key_type": KeyType(row.key_type),
            "status": Status(row.status),
            "messages": int(row.messages),
        }
    )
