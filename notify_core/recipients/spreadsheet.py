"""A spreadsheet of recipients: one message for each row.

The file is never held as a whole. What is wrong with it is found in one pass over its rows; asking for rows
reads them again. Memory grows with the number of rows that have something wrong, not with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice

from attrs import define, field, frozen

from notify_core.recipients.guest_list import format_recipient
from notify_core.recipients.phone_number import parse_phone_number
from notify_core.recipients.phone_number_errors import InvalidPhoneNumber
from notify_core.recipients.spreadsheet_columns import Columns, Value, without_empty_repetitions
from notify_core.recipients.spreadsheet_reading import Source, read_rows
from notify_core.recipients.spreadsheet_rows import MessageTemplate, Permissions, Row, RowRules
from notify_core.vocabulary import Channel

MOST_ROWS = 100_000


@frozen(kw_only=True)
class FileOptions:
    """What a file is held to. None stands for no limit, and an empty guest list for everyone.

    `prefix` is put before texts. Rows from `max_rows` on are counted, but not read.
    """

    permissions: Permissions = field(factory=Permissions)
    guest_list: Sequence[str] = ()
    remaining_messages: int | None = None
    remaining_international_sms: int | None = None
    max_errors_shown: int = 20
    max_initial_rows_shown: int = 10
    max_rows: int = MOST_ROWS
    prefix: str | None = None


@frozen(kw_only=True)
class Findings:
    """What one pass over a file finds. Rows are given by their index."""

    row_count: int
    allowed_to_send_to: bool
    international_sms_count: int
    with_errors: Sequence[int]
    with_bad_recipients: Sequence[int]
    with_missing_data: Sequence[int]
    with_message_too_long: Sequence[int]
    with_empty_message: Sequence[int]
    with_bad_qr_codes: Sequence[int]


@define(slots=False)
class RecipientFile:
    r"""A file for a template. Reading it raises UnreadableFile.

    >>> from notify_core.content.sms import SmsTemplate
    >>> file = RecipientFile(
    ...     "phone number,name\n07400 123456,Jo\n0740,\n", SmsTemplate("Hi ((name))"), Channel.SMS
    ... )
    >>> file.row_count, file.has_errors, [row.index for row in file.rows_with_errors]
    (2, True, [1])
    >>> dict(next(file.rows()).personalisation)
    {'phonenumber': '07400 123456', 'name': 'Jo'}
    """

    source: Source
    template: MessageTemplate
    channel: Channel
    options: FileOptions = field(factory=FileOptions)

    @cached_property
    def columns(self) -> Columns:
        """The columns. Only where headers repeat, the cells below must be looked at to know them."""
        headers = next(read_rows(self.source), [])
        if len(set(headers)) < len(headers):
            headers = without_empty_repetitions(headers, self._width)
        return Columns(headers, self.channel, self.template.placeholders, lambda: self._width)

    @cached_property
    def _width(self) -> int:
        """How many cells the rows have, not counting empty ones at their end."""
        rows = read_rows(self.source)
        next(rows, None)
        return max((_filled(cells) for cells in rows), default=0)

    @cached_property
    def _rules(self) -> RowRules:
        return RowRules(self.columns, self.template, self.options.permissions, self.options.prefix)

    def rows(self) -> Iterator[Row | None]:
        """Yield the rows; None for each beyond the limit."""
        columns, rules, most = self.columns, self._rules, self.options.max_rows
        rows = read_rows(self.source)
        next(rows, None)
        for index, cells in enumerate(rows):
            yield Row(index, columns.values_of(cells), rules) if index < most else None

    @property
    def column_headers(self) -> list[str]:
        """Each header once, as it stands in the file."""
        return self.columns.unique_headers

    @property
    def missing_column_headers(self) -> list[str]:
        """The columns that should be there and are not."""
        return self.columns.missing

    @property
    def duplicate_recipient_column_headers(self) -> list[str]:
        """The headers of columns with recipients that occur more than once."""
        return self.columns.duplicate_recipients

    @property
    def has_recipient_columns(self) -> bool:
        """Whether it can be told who the messages go to."""
        return self.columns.have_recipients

    @cached_property
    def findings(self) -> Findings:
        """What a pass over all rows finds."""
        return examine(self.rows(), self.channel, self.options.guest_list)

    @property
    def row_count(self) -> int:
        """How many rows there are, those beyond the limit, too."""
        return self.findings.row_count

    @property
    def too_many_rows(self) -> bool:
        """Whether there are more rows than a file may have."""
        return self.row_count > self.options.max_rows

    @property
    def more_rows_than_can_send(self) -> bool:
        """Whether there are more rows than messages left to be sent."""
        remaining = self.options.remaining_messages
        return remaining is not None and self.row_count > remaining

    @property
    def allowed_to_send_to(self) -> bool:
        """Whether all recipients are on the guest list, if there is one. Letters go to everyone."""
        return self.findings.allowed_to_send_to

    @property
    def international_sms_count(self) -> int:
        """How many texts go to numbers outside +44."""
        return self.findings.international_sms_count

    @property
    def more_international_sms_than_can_send(self) -> bool:
        """Whether these are more than may still be sent."""
        remaining = self.options.remaining_international_sms
        return remaining is not None and self.international_sms_count > max(remaining, 0)

    @property
    def has_errors(self) -> bool:
        """Whether anything stands in the way of sending."""
        return bool(
            self.missing_column_headers
            or self.duplicate_recipient_column_headers
            or self.more_rows_than_can_send
            or self.too_many_rows
            or not self.allowed_to_send_to
            or self.findings.with_errors
            or self.more_international_sms_than_can_send
        )

    def rows_at(self, indexes: Sequence[int]) -> Iterator[Row]:
        """Yield the rows at these indexes, which are in order, reading no further than the last of them."""
        wanted = iter(indexes)
        following = next(wanted, None)
        for row in self.rows():
            if row is None or following is None:
                return
            if row.index == following:
                yield row
                following = next(wanted, None)

    @property
    def rows_with_errors(self) -> Iterator[Row]:
        """The rows with which anything is wrong."""
        return self.rows_at(self.findings.with_errors)

    @property
    def displayed_rows(self) -> list[Row]:
        """The first rows with errors, or if there are none, or columns are missing, the first rows."""
        if self.findings.with_errors and not self.missing_column_headers:
            return list(self.rows_at(self.findings.with_errors[: self.options.max_errors_shown]))
        return [row for row in islice(self.rows(), self.options.max_initial_rows_shown) if row is not None]


def _filled(cells: list[str]) -> int:
    length = len(cells)
    while length and not cells[length - 1]:
        length -= 1
    return length


def examine(rows: Iterator[Row | None], channel: Channel, guest_list: Sequence[str]) -> Findings:
    """Go over all rows once and note what is wrong with which."""
    kinds: dict[str, list[int]] = {name: [] for name in _KINDS}
    is_guest = _guest_check(channel, guest_list)
    count = international = 0
    allowed = True
    for row in rows:
        count += 1
        if row is None:
            continue
        if row.has_error:
            for name, shows in _KINDS.items():
                if shows(row):
                    kinds[name].append(row.index)
        if channel is Channel.SMS:
            international += _is_abroad(row.recipient)
        allowed = allowed and (is_guest is None or is_guest(row.recipient))
    return Findings(row_count=count, allowed_to_send_to=allowed, international_sms_count=international, **kinds)


_KINDS: dict[str, Callable[[Row], bool]] = {
    "with_errors": lambda row: row.has_error,
    "with_bad_recipients": lambda row: row.has_bad_recipient,
    "with_missing_data": lambda row: row.has_missing_data,
    "with_message_too_long": lambda row: row.message_too_long,
    "with_empty_message": lambda row: row.message_empty,
    "with_bad_qr_codes": lambda row: row.qr_code_too_long,
}


def _guest_check(channel: Channel, guest_list: Sequence[str]) -> Callable[[Value], bool] | None:
    if channel is Channel.LETTER or not guest_list:
        return None
    guests = frozenset(map(format_recipient, guest_list))
    return lambda recipient: format_recipient(recipient) in guests


def _is_abroad(recipient: Value) -> bool:
    try:
        return not parse_phone_number(recipient).is_uk_prefix
    except InvalidPhoneNumber:
        return False
