"""Check the rows of a bulk, and keep what is found out about each until it is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from attrs import astuple, define, field, frozen

from notify_core.bulk.model import AskedRow, BulkRequest, BulkRow, Problem, RowAnswer, RowApart, UnreadableRow
from notify_core.documents.files import files_in
from notify_core.errors import InvalidContent, NotifyError
from notify_core.jobs.model import Job
from notify_core.notifications.prepare import (
    EmailRequest,
    PrepareEmail,
    PrepareSms,
    SmsRequest,
    check_email_length,
    check_sms_length,
)
from notify_core.notifications.recipients_allowed import is_simulated
from notify_core.packing import PackedRows
from notify_core.services.model import Service
from notify_core.templates.model import Template

_UK_PREFIX = "44"


class FilesNotInBulk(InvalidContent):
    """A value is a file. Each would have to be uploaded to a server that is not ours before anybody is answered."""

    code = "files-not-in-bulk"

    def __init__(self) -> None:
        super().__init__("Can only send a file with a request of its own: POST /v2/notifications/email")


@frozen
class GoodRow:
    """What of a row's message differs from its neighbours'. All of it is plain, to be packed until it is stored."""

    row: int
    recipient: str = field(repr=False)
    normalised_recipient: str = field(repr=False)
    personalisation: Mapping[str, object] = field(repr=False)
    client_reference: str | None = field(repr=False)
    one_click_unsubscribe_url: str | None = field(default=None, repr=False)
    international: bool = False
    country_prefix: str | None = None
    rate_multiplier: int | None = None

    @property
    def is_abroad(self) -> bool:
        """Whether it takes a place in today's count of texts abroad."""
        return self.country_prefix is not None and self.country_prefix != _UK_PREFIX


CheckRow = Callable[[BulkRow, int], GoodRow]
"""Finds out about a row. Raises what sending it by itself would raise."""


def check_texts(request: BulkRequest, service: Service, template: Template, prepare: PrepareSms) -> CheckRow:
    """Return what checks the rows of a bulk of texts."""

    def check(asked: BulkRow, row: int) -> GoodRow:
        checked = prepare.check(
            service,
            template,
            SmsRequest(
                key=request.key,
                phone_number=asked.recipient,
                template_id=template.id,
                personalisation=asked.personalisation,
                sms_sender_id=request.sender_id,
            ),
        )
        check_sms_length(checked.rendered)
        number = checked.number
        return GoodRow(
            row,
            checked.recipient,
            number.normalised,
            asked.personalisation,
            asked.reference,
            international=number.international,
            country_prefix=number.country_prefix,
            rate_multiplier=number.rate_multiplier,
        )

    return check


def check_emails(request: BulkRequest, service: Service, template: Template, prepare: PrepareEmail) -> CheckRow:
    """Return what checks the rows of a bulk of emails."""

    def check(asked: BulkRow, row: int) -> GoodRow:
        if files_in(asked.personalisation):
            raise FilesNotInBulk
        checked = prepare.check(
            service,
            template,
            EmailRequest(
                key=request.key,
                email_address=asked.recipient,
                template_id=template.id,
                personalisation=asked.personalisation,
                email_reply_to_id=request.sender_id,
                sanitise_content_for=request.sanitise_content_for,
            ),
        )
        check_email_length(checked.rendered)
        return GoodRow(
            row,
            checked.address.cleaned,
            checked.address.normalised,
            checked.personalisation,
            asked.reference,
            asked.one_click_unsubscribe_url,
        )

    return check


@define
class CheckedRows:
    """The rows of a bulk, by what is to be done with them: to be stored as messages, or set apart.

    They are packed: a hundred thousand take a few megabytes.
    """

    batch: int
    count: int = field(init=False, default=0)
    refused: int = field(init=False, default=0)
    abroad: int = field(init=False, default=0)
    _good: PackedRows = field(init=False)
    _apart: PackedRows = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._good, self._apart = PackedRows(self.batch), PackedRows(self.batch)

    @property
    def good_count(self) -> int:
        """How many rows become messages."""
        return len(self._good)

    def check(self, request: BulkRequest, rows: Iterable[AskedRow], check: CheckRow) -> None:
        """Check all rows."""
        for row, asked in enumerate(rows):
            self.count += 1
            if isinstance(asked, UnreadableRow):
                self._refuse(row, asked, request, asked.error)
                continue
            try:
                good = check(asked, row)
            except NotifyError as error:
                self._refuse(row, asked, request, error)
                continue
            if is_simulated(good.normalised_recipient):
                self._apart.add((row, asked.recipient, asked.reference, ()))
                continue
            self.abroad += good.is_abroad
            self._good.add(astuple(good, recurse=False))

    def _refuse(self, row: int, asked: AskedRow, request: BulkRequest, error: Exception) -> None:
        problems = [(problem.error, problem.message) for problem in request.told(error)]
        self.refused += 1
        self._apart.add((row, asked.recipient, asked.reference, problems))

    def good(self) -> Iterator[list[GoodRow]]:
        """Yield the rows that become messages, batch by batch."""
        for batch in self._good.batches():
            yield [GoodRow(*row) for row in batch]

    def apart(self, job: Job) -> Iterator[list[RowApart]]:
        """Yield the rows that become no messages, batch by batch."""
        for batch in self._apart.batches():
            yield [_apart(job, *row) for row in batch]

    def answers(self, job: Job) -> Iterator[RowAnswer]:
        """Yield what is told of each row, in order."""
        first = job.row_id(0).int
        answered = 0
        for row, _, _, problems in self._apart:
            for before in range(answered, row):
                yield UUID(int=first + before)
            yield _problems(problems) or job.row_id(row)
            answered = row + 1
        for row in range(answered, self.count):
            yield UUID(int=first + row)


def _apart(job: Job, row: int, recipient: str | None, reference: str | None, problems: list[Any]) -> RowApart:
    return RowApart(
        row=row,
        recipient=recipient,
        reference=reference,
        problems=_problems(problems),
        notification_id=None if problems else job.row_id(row),
    )


def _problems(packed: list[Any]) -> tuple[Problem, ...]:
    return tuple(Problem(*problem) for problem in packed)
