"""Make a message of a row."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from attrs import field, frozen

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
    _expires_on: date = field(init=False)
    _first_id: int = field(init=False)

    @_expires_on.default
    def _when_contents_expire(self) -> date:
        return expiry_date(self.now, self.check.sending.service.days_kept(self.job.channel))

    @_first_id.default
    def _id_of_row_0(self) -> int:
        return self.job.row_id(0).int

    def __call__(self, index: int, cells: list[str]) -> MadeRow:
        """Return what the row becomes: a message to be delivered, or one that failed validation.

        The file was checked as a whole, so the second only happens to a file, a service or a guest list that was
        changed since.
        """
        row = self.check.row(index, cells)
        problems = self.check.of_row(row)
        recipient = _text(row.recipient)
        if problems:
            failed = self._facts(index, status=Status.VALIDATION_FAILED, updated_at=self.now, rate_multiplier=0)
            problem = problems[0]
            refused = problem.problem if problem.column is None else f"{problem.column}: {problem.problem}"
            return MadeRow(
                message=Message(notification=failed, contents=self._contents(row, recipient, recipient)),
                refused=refused,
            )
        if self.job.channel is Channel.EMAIL:
            address = parse_email_address(recipient)
            facts = self._facts(index)
            contents = self._contents(row, address.cleaned, address.normalised)
        else:
            number = parse_phone_number(recipient)
            facts = self._facts(
                index,
                international=number.international,
                country_prefix=number.country_prefix,
                rate_multiplier=number.rate_multiplier,
            )
            contents = self._contents(row, clean(recipient), number.normalised)
        return MadeRow(message=Message(notification=facts, contents=contents), refused=None)

    def _facts(self, index: int, **more: Any) -> Notification:
        job = self.job
        return Notification(
            # As `job.row_id(index)`: the ids of a job are one range, in the order of its rows.
            id=UUID(int=self._first_id + index),
            service_id=job.service_id,
            template_id=job.template_id,
            template_version=job.template_version,
            channel=job.channel,
            key_type=job.key_type,
            api_key_id=job.api_key_id,
            created_at=self.now,
            expires_on=self._expires_on,
            job_id=job.id,
            job_row_number=index,
            **more,
        )

    def _contents(self, row: Row, recipient: str, normalised: str) -> Contents:
        reference = row.recipient_and_personalisation.by_key.get(_REFERENCE)
        return Contents(
            recipient=recipient,
            normalised_recipient=normalised,
            personalisation={str(name): value for name, value in row.personalisation.by_key.items()},
            client_reference=_text(reference) or None,
            reply_to_text=self.check.sending.sender,
        )


def _text(value: object) -> str:
    """Return a cell as text; of several columns of one name, what they hold together."""
    if isinstance(value, list):
        return ", ".join(str(part) for part in value if part)
    return value if isinstance(value, str) else ""
