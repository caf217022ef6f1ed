"""The columns of a spreadsheet: which hold recipients, which fill placeholders, which are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property

from attrs import define

from notify_core.content.keys import first_spellings, key_of
from notify_core.content.whitespace import ASCII_SPACE, clean
from notify_core.vocabulary import Channel

Value = str | list[str | None] | None
"""What a row has in a column: text, or a list where the column occurs several times, or nothing."""

RowValues = dict[str | None, Value]
"""The values of a row by normalised column name. Under None: the cells that no column belongs to."""

_LINES_1_TO_6 = tuple(f"address line {number}" for number in range(1, 7))

RECIPIENT_COLUMNS: dict[Channel, tuple[str, ...]] = {
    Channel.SMS: ("phone number",),
    Channel.EMAIL: ("email address",),
    Channel.LETTER: (*_LINES_1_TO_6, "postcode", "address line 7"),
}
"""The columns that say who a message goes to."""

_WAYS_TO_ADDRESS_A_LETTER = tuple(
    frozenset(map(key_of, (*_LINES_1_TO_6, last))) for last in ("postcode", "address line 7")
)
_FEWEST_ADDRESS_COLUMNS = 3


@define(slots=False)
class Columns:
    """The columns of one file.

    `headers` are as they stand in the file, but for empty columns at the end that repeat others. `width` finds
    out how many cells rows have, not counting empty ones at the end of all of them. It looks at the whole file,
    so it is only asked when a row has empty cells beyond the headers.
    """

    headers: Sequence[str]
    channel: Channel
    placeholders: Sequence[str]
    width: Callable[[], int]

    @cached_property
    def keys(self) -> list[str | None]:
        """The normalised name of each column."""
        return [key_of(header) for header in self.headers]

    @cached_property
    def unique_headers(self) -> list[str]:
        """Each header once, as it stands in the file."""
        return list(dict.fromkeys(self.headers))

    @cached_property
    def recipient_keys(self) -> frozenset[str | None]:
        """The normalised names of the columns with recipients."""
        return frozenset(map(key_of, RECIPIENT_COLUMNS[self.channel]))

    @cached_property
    def placeholder_keys(self) -> frozenset[str | None]:
        """The normalised names of all columns that mean something: those of recipients, too."""
        return self.recipient_keys | frozenset(map(key_of, self.placeholders))

    @cached_property
    def missing(self) -> list[str]:
        """The columns that should be there and are not. Lines of an address are never missed."""
        wanted = first_spellings((*self.placeholders, *RECIPIENT_COLUMNS[self.channel]))
        present = set(self.keys)
        if self.channel is Channel.LETTER:
            present |= self.recipient_keys
        return [name for name in wanted if key_of(name) not in present]

    @cached_property
    def duplicate_recipients(self) -> list[str]:
        """The headers of the columns with recipients that occur more than once."""
        counts = Counter(self.keys)
        return [
            header
            for header in self.unique_headers
            if key_of(header) in self.recipient_keys and counts[key_of(header)] > 1
        ]

    @cached_property
    def have_recipients(self) -> bool:
        """Whether it can be told who the messages go to. A letter needs three lines of an address."""
        present = set(self.keys)
        if self.channel is Channel.LETTER:
            return any(len(way & present) >= _FEWEST_ADDRESS_COLUMNS for way in _WAYS_TO_ADDRESS_A_LETTER)
        return self.recipient_keys <= present

    @cached_property
    def _are_distinct(self) -> bool:
        return len(set(self.keys)) == len(self.keys) and "" not in self.headers

    def values_of(self, cells: list[str]) -> RowValues:
        """Return what a row says, by normalised column name."""
        surplus = len(cells) - len(self.headers)
        if self._are_distinct:
            values: RowValues = dict(zip(self.keys, [_value(cell) for cell in cells], strict=False))
            if surplus < 0:
                values.update(dict.fromkeys(self.keys[surplus:]))
        else:
            values = self._collected([*map(_value, cells), *[None] * -surplus])
        if surplus > 0:
            extra: list[str | None] = [*cells[len(self.headers) : len(cells) if cells[-1] else self.width()]]
            if extra:
                values[None] = extra
        return values

    def _collected(self, cells: list[str | None]) -> RowValues:
        """Bring together the cells of columns that share a header.

        Of several columns with recipients, and of columns whose headers only mean the same, the last holds.
        """
        by_header: dict[str, Value] = {}
        for header, cell in zip(self.headers, cells, strict=False):
            existing = by_header.get(header)
            if key_of(header) in self.recipient_keys:
                by_header[header] = cell
            elif isinstance(existing, list):
                existing.append(cell)
            elif existing is not None and (header or cell):
                by_header[header] = [existing, cell]
            elif header or cell:
                by_header[header] = cell
        return {key_of(header): value for header, value in by_header.items()}


def _value(cell: str) -> str | None:
    return (cell.strip(ASCII_SPACE) if cell.isascii() else clean(cell)) or None


def without_empty_repetitions(headers: Sequence[str], width: int) -> list[str]:
    """Return the headers without those beyond the last cell that holds anything, if they repeat others.

    >>> without_empty_repetitions(["phone number", "name", "name", "", ""], 2)
    ['phone number', 'name', '']
    """
    return [*headers[:width], *(header for header in dict.fromkeys(headers[width:]) if header not in headers[:width])]
