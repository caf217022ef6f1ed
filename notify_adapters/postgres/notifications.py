"""Notifications: facts by month, contents by the day they expire on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from attrs import asdict, fields

from notify_adapters.postgres import notification_statements as statements
from notify_adapters.postgres import timelines
from notify_adapters.postgres.acceptance import ACCEPT_MANY, GroupedAcceptance, as_json
from notify_adapters.postgres.answers import taking
from notify_adapters.postgres.sealing import Cipher, open_values, seal_values
from notify_adapters.postgres.session import Row, Session
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.idempotency.model import Answered, KeyTaken
from notify_core.identifiers import first_id_at
from notify_core.jobs.model import Job
from notify_core.notifications.model import (
    Attempted,
    CancelledRows,
    Claim,
    Contents,
    Doubts,
    Message,
    Notification,
    PageOfMessages,
    RowsOfJob,
)
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Event, Timeline, outcome_of, redirected
from notify_core.outbox.model import OutboxEntry
from notify_core.providers.model import Choice, first_of_each
from notify_core.vocabulary import Channel, KeyType, Postage, ProviderName

_CHANNELS = {channel.value: channel for channel in Channel}
_KEY_TYPES = {key_type.value: key_type for key_type in KeyType}
_STATUSES = {status.value: status for status in Status}
_PROVIDERS: dict[str | None, ProviderName | None] = {None: None, **{name.value: name for name in ProviderName}}
_POSTAGES: dict[str | None, Postage | None] = {None: None, **{postage.value: postage for postage in Postage}}

_FACTS = tuple(attribute.name for attribute in fields(Notification))


class PostgresNotifications:
    """Implements `NotificationRepository`."""

    def __init__(self, session: Session, cipher: Cipher, clock: Clock, together: GroupedAcceptance) -> None:
        self._session = session
        self._cipher = cipher
        self._clock = clock
        self._together = together

    def accept(self, message: Message, due: OutboxEntry, answered: Answered | None = None) -> None:
        """Store facts, contents and the promise to deliver them, together."""
        contents = message.contents
        sealed = seal_values(self._cipher, message.notification.id, contents.personalisation)
        if answered is None and self._session.counts_at_once:
            self._together(_row(message, sealed, due))
            return
        parameters = _facts(message.notification) | {
            "recipient": contents.recipient,
            "normalised_recipient": contents.normalised_recipient,
            "personalisation": sealed,
            "client_reference": contents.client_reference,
            "reply_to_text": contents.reply_to_text,
            "one_click_unsubscribe_url": contents.one_click_unsubscribe_url,
            "entry_id": due.id,
            "task": due.task.value,
            "queue": due.queue.value,
            "subject_id": due.subject_id,
            "group_id": due.group,
            "available_at": due.available_at,
        }
        if answered is None:
            self._session.run(statements.ACCEPT, parameters)
        elif self._session.row(statements.ACCEPT_ONCE, parameters | taking(self._cipher, answered)) is None:
            raise KeyTaken
        self._session.promised()

    def accept_many(self, messages: Sequence[Message], due: Sequence[OutboxEntry]) -> frozenset[UUID]:
        """Store messages and the promises to deliver them, and return the ids that were new."""
        if not messages:
            return frozenset()
        promised = {entry.subject_id: entry for entry in due}
        rows = [
            _row(message, seal_values(self._cipher, key, message.contents.personalisation), promised.get(key))
            for key, message in ((message.notification.id, message) for message in messages)
        ]
        stored = self._session.rows(ACCEPT_MANY, {"rows": as_json(rows).decode()})
        if any(row.id in promised for row in stored):
            self._session.promised()
        return frozenset(row.id for row in stored)

    def cancel(self, service_id: UUID, notification_id: UUID, *, now: datetime) -> Notification | None:
        """Cancel the service's message, unless somebody has begun to deliver it."""
        row = self._session.row(
            statements.CANCEL,
            {"id": notification_id, "service_id": service_id, "now": now, "today": london_date(now)},
        )
        return None if row is None else _notification(row)

    def cancel_rows(self, job: Job, *, now: datetime) -> CancelledRows:
        """Cancel the job's messages that nobody has begun to deliver."""
        bounds = {"first": job.ids.first, "last": job.ids.last, "job_id": job.id}
        [row] = self._session.rows(statements.CANCEL_ROWS, bounds | {"now": now, "today": london_date(now)})
        return CancelledRows(messages=row.messages, abroad=row.abroad)

    def list_rows(self, job: Job, *, first_row: int, row_count: int) -> list[Message]:
        """Return those of these rows of the job that are messages, in order."""
        if row_count < 1:
            return []
        bounds = {"first": job.row_id(first_row), "last": job.row_id(first_row + row_count - 1), "job_id": job.id}
        rows = self._session.rows(statements.LIST_ROWS, bounds | {"today": self._today()})
        return [self._message(row) for row in rows]

    def find(self, service_id: UUID, notification_id: UUID, *, likely_expiry: date | None = None) -> Message | None:
        """Return the service's message, or None when there is none or its contents have expired."""
        today = self._today()
        parameters = {"id": notification_id, "service_id": service_id, "today": today}
        row = None
        if likely_expiry is not None and likely_expiry > today and self._session.counts_at_once:
            statement = statements.find_on(likely_expiry)
            row = self._session.row_if_there(statement, parameters | {"expires_on": likely_expiry})
        if row is None:
            row = self._session.row(statements.FIND, parameters)
        return None if row is None else self._message(row)

    def list_page(self, page: PageOfMessages) -> list[Message]:
        """Return the service's messages whose contents have not expired, newest first."""
        now = self._clock()
        today = london_date(now)
        statement = statements.list_page(
            older=page.older_than is not None,
            by_reference=page.reference is not None,
            by_status=page.statuses is not None,
            by_channel=page.channels is not None,
            jobs=page.include_jobs,
        )
        parameters = {
            "service_id": page.service_id,
            "services": [page.service_id],
            "key_type": page.key_type.value,
            "today": today,
            "latest": today + (now - page.oldest(now)),
            "lowest": first_id_at(page.oldest(now)),
            "end": page.older_than,
            "reference": page.reference,
            "statuses": [status.value for status in page.statuses or ()],
            "channels": [channel.value for channel in page.channels or ()],
            "limit": page.limit,
        }
        return [self._message(row) for row in self._session.rows(statement, parameters)]

    def claim(
        self,
        ids: Sequence[UUID],
        *,
        now: datetime,
        until: datetime,
        choices: Sequence[Choice] = (),
        doubt_until: datetime | None = None,
    ) -> Claim:
        """Take the right to send these, where they are `created` and nobody else has it."""
        if not ids:
            return Claim(mine=(), busy={})
        wanted = first_of_each(ids, choices)
        parameters = _asked_for(list(wanted)) | {
            "home": [_value(choice.home) for choice in wanted.values()],
            "abroad": [_value(choice.abroad) for choice in wanted.values()],
            "now": now,
            "until": until,
            "doubt_until": doubt_until or until,
            "today": self._today(),
        }
        found = self._with_contents(self._session.rows(statements.CLAIM, parameters))
        asked = [found[key] for key in wanted if key in found]
        taken = [row for row in asked if row.busy_until is None]
        return Claim(
            mine=tuple(self._message(row) for row in taken if not _awaits_receipt(row)),
            busy={row.id: row.busy_until for row in asked if row.busy_until is not None},
            in_doubt={row.id: row.in_doubt_until for row in taken if _awaits_receipt(row)},
        )

    def _with_contents(self, rows: Sequence[Row]) -> dict[UUID, Row]:
        """Return claimed rows by id, without those that have no contents, which have expired."""
        found = {row.id: row for row in rows}
        bare = [row.id for row in rows if row.busy_until is None and row.recipient is None]
        if bare:
            for key in bare:
                del found[key]
            found |= {row.id: row for row in self._session.rows(statements.CONTENTS_OF_CLAIMED, _asked_for(bare))}
        return found

    def redirect(
        self, notification: Notification, to: ProviderName, *, now: datetime, because: str | None = None
    ) -> bool:
        """Write down that the claimed attempt goes on with another provider."""
        event = redirected(notification.attempts, to, now, because)
        parameters = timelines.parameters_of(event, self._today()) | {
            "id": notification.id,
            "attempts": notification.attempts,
            "attempting_with": _value(notification.attempting_with),
            "to": to.value,
            "now": now,
        }
        return self._session.row(statements.REDIRECT, parameters) is not None

    def record(self, outcomes: Sequence[Attempted]) -> None:
        """Record how attempts ended, and end their leases."""
        if outcomes:
            self._session.run(statements.RECORD, _columns(outcomes) | {"today": self._today()})

    def count_doubts(self, *, since: datetime) -> Doubts:
        """Count the messages that are in doubt, and those accepted after `since` that ever were."""
        row = self._session.row(statements.COUNT_DOUBTS, {"lowest": first_id_at(since)})
        assert row is not None, "counting always gives a row"
        return Doubts(now=row.now, ever=row.ever)

    def find_for_receipt(self, *, notification_id: UUID) -> Notification | None:
        """Return the facts of a message, locked until the transaction ends, or None."""
        row = self._session.row(statements.FIND_FOR_RECEIPT, {"id": notification_id})
        return None if row is None else _notification(row)

    def find_by_reference(self, provider: ProviderName, reference: str) -> Notification | None:
        """Return the facts of the message the provider knows by that id, locked until the transaction ends."""
        row = self._session.row(statements.FIND_BY_REFERENCE, {"sent_by": provider.value, "reference": reference})
        return None if row is None else _notification(row)

    def save(self, notification: Notification, event: Event | None = None) -> None:
        """Store changed facts, and what happened."""
        if event is None:
            self._session.run(statements.SAVE, _facts(notification))
        else:
            self._session.run(
                statements.SAVE_AND_TELL, _facts(notification) | timelines.parameters_of(event, self._today())
            )

    def add_event(self, notification: Notification, event: Event, *, at_most: int) -> None:
        """Add to the message's timeline, unless it holds enough of that kind."""
        self._session.run(
            timelines.ADD,
            timelines.parameters_of(event, self._today())
            | {"id": notification.id, "expires_on": notification.expires_on, "at_most": at_most},
        )

    def find_timeline(self, service_id: UUID, notification_id: UUID) -> Timeline | None:
        """Return what happened to the service's message, or None."""
        rows = self._session.rows(
            statements.FIND_TIMELINE, {"id": notification_id, "service_id": service_id, "today": self._today()}
        )
        if not rows:
            return None
        stored = tuple(timelines.event_of(row) for row in rows if row.event_kind is not None)
        return Timeline(_notification(rows[0]), stored)

    def page_of_job(self, rows: RowsOfJob) -> list[Message]:
        """Return a job's messages whose contents have not expired, in the order of its rows."""
        statement = statements.page_of_job(by_status=rows.statuses is not None)
        first = rows.first if rows.after is None else UUID(int=rows.after.int + 1)
        return [self._message(row) for row in self._session.rows(statement, self._of_job(rows) | {"first": first})]

    def count_rows(self, rows: RowsOfJob) -> int:
        """Return how many of them there are on all pages."""
        statement = statements.count_rows(by_status=rows.statuses is not None)
        [row] = self._session.rows(statement, self._of_job(rows))
        return int(row.count)

    def _of_job(self, rows: RowsOfJob) -> dict[str, Any]:
        return asdict(rows, recurse=False) | {
            "today": self._today(),
            "statuses": [status.value for status in rows.statuses or ()],
        }

    def find_undelivered(self, *, after: datetime, before: datetime, limit: int) -> list[Notification]:
        """Return texts and emails made in [after, before), still `created` and leased to nobody."""
        rows = self._session.rows(statements.FIND_UNDELIVERED, {"after": after, "before": before, "limit": limit})
        return [_notification(row) for row in rows]

    def time_out(
        self, *, from_id: UUID, before_id: UUID, created_before: datetime, now: datetime, limit: int
    ) -> list[Notification]:
        """Make texts and emails that still wait for their receipt temporary failures, and return them."""
        parameters = {
            "from": from_id,
            "before": before_id,
            "created_before": created_before,
            "now": now,
            "today": self._today(),
            "limit": limit,
        }
        return [_notification(row) for row in self._session.rows(statements.TIME_OUT, parameters)]

    def find_unclaimed(self, ids: Collection[UUID], *, now: datetime) -> set[UUID]:
        """Return those of the ids that a claim would get."""
        return {row.id for row in self._session.rows(statements.FIND_UNCLAIMED, {"ids": list(ids), "now": now})}

    def _today(self) -> date:
        return london_date(self._clock())

    def _message(self, row: Row) -> Message:
        return Message(
            notification=_notification(row),
            contents=Contents(
                recipient=row.recipient,
                normalised_recipient=row.normalised_recipient,
                personalisation=open_values(self._cipher, row.id, row.personalisation),
                client_reference=row.client_reference,
                reply_to_text=row.reply_to_text,
                one_click_unsubscribe_url=row.one_click_unsubscribe_url,
            ),
        )


def _facts(notification: Notification) -> dict[str, Any]:
    facts = {name: getattr(notification, name) for name in _FACTS}
    return facts | {
        "channel": notification.channel.value,
        "key_type": notification.key_type.value,
        "status": notification.status.value,
        "sent_by": _value(notification.sent_by),
        "attempting_with": _value(notification.attempting_with),
        "postage": _value(notification.postage),
    }


def _row(message: Message, sealed: bytes, due: OutboxEntry | None) -> dict[str, Any]:
    """Return a message and its promise, if there is one, as JSON can hold them."""
    notification, contents = message.notification, message.contents
    row = {name: getattr(notification, name) for name in _FACTS}
    row["recipient"] = contents.recipient
    row["normalised_recipient"] = contents.normalised_recipient
    row["personalisation"] = f"\\x{sealed.hex()}"
    row["client_reference"] = contents.client_reference
    row["reply_to_text"] = contents.reply_to_text
    row["one_click_unsubscribe_url"] = contents.one_click_unsubscribe_url
    if due is None:
        return row
    row["entry_id"] = due.id
    row["entry_task"] = due.task
    row["entry_queue"] = due.queue
    row["entry_subject_id"] = due.subject_id
    row["entry_group_id"] = due.group
    row["entry_available_at"] = due.available_at
    return row


def _notification(row: Row) -> Notification:
    # Spelled out, because lists make hundreds at once: twice as fast as by the names of the fields.
    return Notification(
        id=row.id,
        service_id=row.service_id,
        template_id=row.template_id,
        template_version=row.template_version,
        channel=_CHANNELS[row.channel],
        key_type=_KEY_TYPES[row.key_type],
        api_key_id=row.api_key_id,
        created_at=row.created_at,
        expires_on=row.expires_on,
        status=_STATUSES[row.status],
        updated_at=row.updated_at,
        sent_at=row.sent_at,
        sent_by=_PROVIDERS[row.sent_by],
        reference=row.reference,
        billable_units=row.billable_units,
        international=row.international,
        country_prefix=row.country_prefix,
        rate_multiplier=row.rate_multiplier,
        document_download_count=row.document_download_count,
        attempts=row.attempts,
        leased_until=row.leased_until,
        scheduled_for=row.scheduled_for,
        attempting_with=_PROVIDERS[row.attempting_with],
        doubts=row.doubts,
        in_doubt_until=row.in_doubt_until,
        job_id=row.job_id,
        job_row_number=row.job_row_number,
        postage=_POSTAGES[row.postage],
    )


def _awaits_receipt(row: Row) -> bool:
    """Whether it was claimed only to write down the doubt. `_AWAITS_RECEIPT` in Python."""
    return row.in_doubt_until is not None and bool(row.in_doubt_until == row.leased_until)


def _asked_for(ids: Sequence[UUID]) -> dict[str, Any]:
    """Return the ids, and their bounds: these tell PostgreSQL which months to look into."""
    return {"ids": list(ids), "lowest": min(ids), "highest": max(ids)}


def _columns(outcomes: Sequence[Attempted]) -> dict[str, Any]:
    events = [outcome_of(outcome) for outcome in outcomes]
    return _asked_for([outcome.notification_id for outcome in outcomes]) | {
        "statuses": [_value(outcome.status) for outcome in outcomes],
        "moments": [outcome.at for outcome in outcomes],
        "senders": [_value(outcome.sent_by) for outcome in outcomes],
        "references": [outcome.reference for outcome in outcomes],
        "units": [outcome.billable_units for outcome in outcomes],
        "retries": [outcome.retry_at for outcome in outcomes],
        "kinds": [event.kind.value for event in events],
        "attempts": [event.attempt for event in events],
        "providers": [_value(event.provider) for event in events],
        "details": [event.detail for event in events],
        "in_doubt": [outcome.in_doubt for outcome in outcomes],
    }


def _value(word: Status | ProviderName | Postage | None) -> str | None:
    return None if word is None else word.value
