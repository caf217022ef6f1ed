"""Rows from a CSV file: as they would be in JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from notify_core.bulk.model import MOST_ROWS
from notify_core.content.keys import key_of
from notify_core.errors import InvalidContent
from notify_core.jobs.sheet import ReadFrom, rows_from, survey
from notify_core.recipients.spreadsheet_columns import RECIPIENT_COLUMNS, Columns
from notify_core.vocabulary import Channel

_REFERENCE = "reference"
_FIELDS = {Channel.SMS: "phone_number", Channel.EMAIL: "email_address"}


class UnusableCsv(InvalidContent):
    """The file has not the columns that the template needs, or no rows."""

    code = "unusable-csv"


def rows_from_csv(
    size: int, read_from: ReadFrom, channel: Channel, placeholders: Sequence[str]
) -> Iterator[dict[str, Any]]:
    r"""Yield each row below the header as the document that asks for its message. The file has `size` bytes.

    The column `phone number` or `email address` says whom each message is for; the others are personalisation. One
    that is called `reference` is also each message's reference. Cells that are empty are left out. Columns are
    checked at once, rows as they are asked for. Raises UnusableCsv or UnusableFile.

    >>> content = b"Phone number,Name,reference\n07700 900123,Jo,a1"
    >>> list(rows_from_csv(len(content), lambda start: [content[start:]], Channel.SMS, ["name"]))
    [{'phone_number': '07700 900123', 'personalisation': {'name': 'Jo', 'reference': 'a1'}, 'reference': 'a1'}]
    """
    sheet = survey(size, read_from, channel)
    columns = Columns(sheet.header, channel, placeholders, lambda: 0)
    _check(columns, channel)
    recipient = key_of(RECIPIENT_COLUMNS[channel][0])
    rows = rows_from(sheet, read_from, sheet.body_start)
    return _documents(columns, (row.cells for row in rows), recipient, _FIELDS[channel])


def _documents(
    columns: Columns, rows: Iterator[list[str]], recipient: str | None, field: str
) -> Iterator[dict[str, Any]]:
    count = 0
    for count, cells in enumerate(rows, start=1):
        if count > MOST_ROWS:
            raise UnusableCsv(f"csv has more than {MOST_ROWS} rows: send at most as many in one request")
        yield _document(columns, cells, recipient, field)
    if not count:
        raise UnusableCsv("csv has no rows below its first line: send at least one")


def _document(columns: Columns, cells: list[str], recipient: str | None, field: str) -> dict[str, Any]:
    values = {key: value for key, value in columns.values_of(cells).items() if key and value is not None}
    document: dict[str, Any] = {}
    if recipient in values:
        document[field] = values.pop(recipient)
    document["personalisation"] = values
    if _REFERENCE in values:
        document["reference"] = values[_REFERENCE]
    return document


def _check(columns: Columns, channel: Channel) -> None:
    [recipient] = RECIPIENT_COLUMNS[channel]
    if columns.duplicate_recipients:
        raise UnusableCsv(f"csv has more than one column called {recipient}: leave one")
    if columns.missing:
        names = ", ".join(columns.missing)
        raise UnusableCsv(f"csv has no column for: {names}. Name the columns in its first line")
