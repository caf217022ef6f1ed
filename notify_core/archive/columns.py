"""What of a message is archived, under which names, and how each value is written down.

A fact travels from the database into files as a line of CSV, whose values are texts. The same texts make its
checksum: whoever can write a value down so can say whether two rows are the same, be it in SQL, in a file, or here.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from attrs import frozen

from notify_core.archive.model import Tally
from notify_core.notifications.model import Notification

#: How a line says that there is no value. No value is this text.
NOTHING = "\\N"
#: What stands between the values of a row when its checksum is made.
SEPARATOR = "\x1f"
#: Of a row's MD5, how many bytes are summed.
CHECKSUM_BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(Enum):
    """How a value is written down."""

    #: 32 hexadecimal digits in lower case.
    IDENTIFIER = auto()
    #: As it is.
    WORD = auto()
    #: Decimal digits, with a minus where it is negative.
    NUMBER = auto()
    #: `true` or `false`.
    FLAG = auto()
    #: Microseconds since the start of 1970 (UTC), as a number.
    MOMENT = auto()
    #: `2026-11-21`.
    DAY = auto()


@frozen
class Column:
    """A column of the archive, and the `fact` of a notification that it holds."""

    name: str
    fact: str
    kind: Kind

    def read(self, value: str | None) -> object:
        """Return what was written down as Python knows it: a UUID, an aware moment, a day, a number and so on."""
        if value is None:
            return None
        match self.kind:
            case Kind.IDENTIFIER:
                return UUID(hex=value)
            case Kind.NUMBER:
                return int(value)
            case Kind.FLAG:
                return value == "true"
            case Kind.MOMENT:
                return _EPOCH + timedelta(microseconds=int(value))
            case Kind.DAY:
                return date.fromisoformat(value)
            case Kind.WORD:
                return value


def _same(name: str, kind: Kind) -> Column:
    return Column(name, name, kind)


# First the columns of the history that others keep, under the names that they have there: all for which there is a
# fact. `client_reference` is personal and gone with the contents; who created a message is not known here. Then the
# facts that nobody else has.
COLUMNS = (
    _same("id", Kind.IDENTIFIER),
    _same("job_id", Kind.IDENTIFIER),
    _same("job_row_number", Kind.NUMBER),
    _same("service_id", Kind.IDENTIFIER),
    _same("template_id", Kind.IDENTIFIER),
    _same("template_version", Kind.NUMBER),
    _same("api_key_id", Kind.IDENTIFIER),
    _same("key_type", Kind.WORD),
    Column("notification_type", "channel", Kind.WORD),
    _same("created_at", Kind.MOMENT),
    _same("sent_at", Kind.MOMENT),
    _same("sent_by", Kind.WORD),
    _same("updated_at", Kind.MOMENT),
    Column("notification_status", "status", Kind.WORD),
    _same("reference", Kind.WORD),
    _same("billable_units", Kind.NUMBER),
    _same("international", Kind.FLAG),
    Column("phone_prefix", "country_prefix", Kind.WORD),
    _same("rate_multiplier", Kind.NUMBER),
    _same("document_download_count", Kind.NUMBER),
    _same("postage", Kind.WORD),
    _same("scheduled_for", Kind.MOMENT),
    _same("expires_on", Kind.DAY),
    _same("attempts", Kind.NUMBER),
    _same("doubts", Kind.NUMBER),
    _same("attempting_with", Kind.WORD),
    _same("leased_until", Kind.MOMENT),
    _same("in_doubt_until", Kind.MOMENT),
)

Values = Sequence[str | None]


def values_of(facts: Notification) -> list[str | None]:
    """Return the message's values, in the order of COLUMNS; None where there is none."""
    return [_written(getattr(facts, column.fact)) for column in COLUMNS]


def lines_of(rows: Iterable[Values]) -> bytes:
    """Return rows as lines of CSV (RFC 4180, UTF-8, without a header)."""
    text = io.StringIO()
    csv.writer(text).writerows([NOTHING if value is None else value for value in row] for row in rows)
    return text.getvalue().encode()


def rows_of(lines: bytes) -> Iterator[Values]:
    """Read lines of CSV. Raises ValueError when one has another number of values than there are columns."""
    for row in csv.reader(io.StringIO(lines.decode(), newline="")):
        if len(row) != len(COLUMNS):
            raise ValueError(f"a row has {len(row)} values, and should have {len(COLUMNS)}")
        yield [None if value == NOTHING else value for value in row]


def tally_of(rows: Iterable[Values]) -> Tally:
    """Count rows, and sum their checksums.

    >>> tally_of([["a", None], ["b", "1"]]) == tally_of([["b", "1"], ["a", None]])
    True
    """
    return sum((Tally(1, checksum_of(written_together(row).encode())) for row in rows), start=Tally())


def written_together(values: Values) -> str:
    """Return what a row's checksum is made of."""
    return SEPARATOR.join(NOTHING if value is None else value for value in values)


def checksum_of(row: bytes) -> int:
    """Return a row's checksum: the first 64 bits of its MD5, as a signed number. It guards against accidents only."""
    return int.from_bytes(hashlib.md5(row, usedforsecurity=False).digest()[:CHECKSUM_BYTES], "big", signed=True)


def _written(value: object) -> str | None:
    match value:
        case None:
            return None
        case UUID():
            return value.hex
        case bool():
            return "true" if value else "false"
        case datetime():
            return str((value - _EPOCH) // timedelta(microseconds=1))
        case date():
            return value.isoformat()
        case _:
            return str(value)
