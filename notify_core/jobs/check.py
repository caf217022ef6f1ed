"""What is wrong with a job's file, row by row and column by column, before anything of it is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from attrs import define, field, frozen

from notify_core.content import EMAIL_BYTE_LIMIT, SMS_CHARACTER_LIMIT, EmailTemplate, SmsTemplate
from notify_core.content.keys import key_of
from notify_core.directory import Directory
from notify_core.jobs.model import RowError
from notify_core.notifications.prepare import email_reply_to, sms_sender
from notify_core.notifications.recipients_allowed import TRIAL_MODE_PAGE
from notify_core.recipients import InvalidPhoneNumber, parse_phone_number
from notify_core.recipients.guest_list import format_recipient
from notify_core.recipients.spreadsheet import MOST_ROWS
from notify_core.recipients.spreadsheet_columns import RECIPIENT_COLUMNS, Columns
from notify_core.recipients.spreadsheet_rows import Permissions, Row, RowRules
from notify_core.services.model import Permission, Service
from notify_core.templates.model import Template
from notify_core.vocabulary import Channel

#: More than anybody reads; all are counted.
MOST_ERRORS_KEPT = 1000

_NO_COLUMN = "There is no column of this name, and the template needs one. Add it."
_TWO_COLUMNS = "There are several columns of this name, so that nobody can tell who is meant. Leave only one."
_NO_ROWS = "The file has a header and no rows. Add a row for each message."
_TOO_MANY_ROWS = f"The file has more than {MOST_ROWS:,} rows. Split it into several files."
_NOT_ALLOWED = f"Can’t send to this recipient when service is in trial mode – see {TRIAL_MODE_PAGE}"
_TOO_LONG = {
    Channel.SMS: f"The message is too long. Text messages cannot be longer than {SMS_CHARACTER_LIMIT} characters.",
    Channel.EMAIL: f"The message is too long. Emails cannot be longer than {EMAIL_BYTE_LIMIT} bytes.",
}
# In characters: with less in its cells no email comes near its limit.
_LARGE_CELLS = 20_000
_EMPTY = "The message is empty."
_BAD_QR_CODE = "A QR code cannot hold that much."


@frozen(kw_only=True)
class Sending:
    """What all rows of a job have in common. `sender` is the one of texts, or where answers to emails go."""

    service: Service
    template: Template
    compiled: SmsTemplate | EmailTemplate
    sender: str | None

    @property
    def prefix(self) -> str | None:
        """What is put before texts."""
        return self.service.name if self.service.prefix_sms else None


def sending(directory: Directory, service: Service, template: Template, sender_id: UUID | None) -> Sending:
    """Bring together what the rows of a job have in common. Raises SenderNotFound."""
    if template.channel is Channel.SMS:
        return Sending(
            service=service,
            template=template,
            compiled=directory.sms(template),
            sender=sms_sender(service, sender_id),
        )
    return Sending(
        service=service,
        template=template,
        compiled=directory.email(template),
        sender=email_reply_to(service, sender_id),
    )


@define
class RowCheck:
    """Holds the rows of one file to what the service may send."""

    sending: Sending
    header: Sequence[str]
    _columns: Columns = field(init=False)
    _rules: RowRules = field(init=False)
    _allowed: Callable[[object], bool] | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        service, template = self.sending.service, self.sending.template
        # Only surplus cells are measured by the width of the file, and no message is made of them.
        self._columns = Columns(self.header, template.channel, self.sending.compiled.placeholders, lambda: 0)
        permissions = Permissions(
            international_sms=Permission.INTERNATIONAL_SMS in service.permissions,
            sms_to_uk_landline=Permission.SMS_TO_UK_LANDLINES in service.permissions,
        )
        self._rules = RowRules(self._columns, self.sending.compiled, permissions, self.sending.prefix)
        self._allowed = _allowed_recipients(service)

    def of_columns(self) -> list[RowError]:
        """Return what is wrong with the header."""
        missing = [RowError(problem=_NO_COLUMN, column=name) for name in self._columns.missing]
        return missing + [RowError(problem=_TWO_COLUMNS, column=name) for name in self._columns.duplicate_recipients]

    def row(self, index: int, cells: list[str]) -> Row:
        """Return a row of the file: `index` counts from 0, without the header."""
        return Row(index, self._columns.values_of(cells), self._rules)

    def of_row(self, row: Row) -> list[RowError]:
        """Return what is wrong with a row: empty when its message can be sent."""
        if row.has_error or (self._allowed is not None and not self._allowed(row.recipient)) or self._too_long(row):
            return list(self._problems(row))
        return []

    def is_abroad(self, row: Row) -> bool:
        """Whether the row is a text to another country. A row that is wrong is not."""
        if self.sending.template.channel is not Channel.SMS:
            return False
        try:
            return not parse_phone_number(row.recipient).is_uk_prefix
        except InvalidPhoneNumber:
            return False

    def _problems(self, row: Row) -> Iterator[RowError]:
        index = row.index
        for key, problem in row.errors.items():
            yield RowError(problem=problem, row=index, column=self._spelling(key))
        if row.message_too_long or self._too_long(row):
            yield RowError(problem=_TOO_LONG[self.sending.template.channel], row=index)
        if row.message_empty:
            yield RowError(problem=_EMPTY, row=index)
        if row.qr_code_too_long:
            yield RowError(problem=_BAD_QR_CODE, row=index)
        recipient_column = RECIPIENT_COLUMNS[self.sending.template.channel][0]
        is_fine = key_of(recipient_column) not in row.errors
        if is_fine and self._allowed is not None and not self._allowed(row.recipient):
            yield RowError(problem=_NOT_ALLOWED, row=index, column=self._spelling(key_of(recipient_column)))

    def _too_long(self, row: Row) -> bool:
        """Whether an email is too long. Only those with very large cells are rendered to find out."""
        template = self.sending.compiled
        if not isinstance(template, EmailTemplate):
            return False
        values = row.personalisation
        if sum(len(str(value)) for value in values.values()) < _LARGE_CELLS:
            return False
        return template.render_source(values).is_too_long

    def _spelling(self, key: str | None) -> str | None:
        return next((header for header in self.header if key_of(header) == key), key)


def too_many_rows() -> RowError:
    """Say that the file has more rows than a job may have."""
    return RowError(problem=_TOO_MANY_ROWS)


def no_rows() -> RowError:
    """Say that the file has no rows."""
    return RowError(problem=_NO_ROWS)


def _allowed_recipients(service: Service) -> Callable[[object], bool] | None:
    if not service.restricted:
        return None
    allowed = service.guest_list | service.team
    return lambda recipient: isinstance(recipient, str) and format_recipient(recipient) in allowed
