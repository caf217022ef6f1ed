"""Make a message of a row."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve, frozen

from notify_core.content import clean
from notify_core.jobs.check import RowCheck
from notify_core.jobs.model import Job
from notify_core.notifications.model import Contents, Message, Notification, expiry_date
from notify_core.notifications.status import Status
from notify_core.recipients import (
    parse_email_address,
    parse_phone_number,
)
from notify_core.recipients.spreadsheet_rows import Row
from notify_core.vocabulary import Channel

_REFERENCE = "reference"


@frozen(kw_only=True)
class MadeRow:
    """A row as a message. `refused` says why it cannot be sent, or is None; nothing of the row is quoted in it."""

    message: Message
    refused: str | None


@frozen(kw_only=True)
class RowMessages:
    """Makes the messages of a job's rows, at one moment."""

    job: Job
    check: RowCheck
    now: datetime

    def __call__(self, index: int, cells: list[str]) -> MadeRow:
        """Return what the row becomes: a message to be delivered, or one that failed validation.

        The file was checked as a whole, so the second only happens to a file, a service or a guest list that was
        changed since.
        """
        row = self.check.row(index, cells)
        problems = self.check.of_row(row)
        facts = self._facts(row)
        if not problems:
            return MadeRow(message=self._sendable(row, facts), refused=None)
        failed = evolve(
            facts, status=Status.VALIDATION_FAILED, updated_at=self.now, rate_multiplier=0, country_prefix=None
        )
        problem = problems[0]
        refused = problem.problem if problem.column is None else f"{problem.column}: {problem.problem}"
        recipient = _text(row.recipient)
        return MadeRow(
            message=Message(notification=failed, contents=self._contents(row, recipient, recipient)), refused=refused
        )

    def _facts(self, row: Row) -> Notification:
        job, channel = self.job, self.job.channel
        return Notification(
            id=job.row_id(row.index),
            service_id=job.service_id,
            template_id=job.template_id,
            template_version=job.template_version,
            channel=channel,
            key_type=job.key_type,
            api_key_id=job.api_key_id,
            created_at=self.now,
            expires_on=expiry_date(self.now, self.check.sending.service.days_kept(channel)),
            job_id=job.id,
            job_row_number=row.index,
        )

    def _sendable(self, row: Row, facts: Notification) -> Message:
        recipient = _text(row.recipient)
        if facts.channel is Channel.EMAIL:
            address = parse_email_address(recipient)
            contents = self._contents(row, address.cleaned, address.normalised)
            return Message(notification=facts, contents=contents)
        number = parse_phone_number(recipient)
        facts = evolve(
            facts,
            international=number.international,
            country_prefix=number.country_prefix,
            rate_multiplier=number.rate_multiplier,
        )
        return Message(notification=facts, contents=self._contents(row, clean(recipient), number.normalised))

    def _contents(self, row: Row, recipient: str, normalised: str) -> Contents:
        reference = row.recipient_and_personalisation.get(_REFERENCE)
        return Contents(
            recipient=recipient,
            normalised_recipient=normalised,
            personalisation={str(name): value for name, value in row.personalisation.items()},
            client_reference=_text(reference) or None,
            reply_to_text=self.check.sending.sender,
        )


def _text(value: object) -> str:
    """Return a cell as text; of several columns of one name, what they hold together."""
    if isinstance(value, list):
        return ", ".join(str(part) for part in value if part)
    return value if isinstance(value, str) else ""
