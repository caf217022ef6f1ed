r"""From the bytes of a spreadsheet file to its rows, with the places in the file where they end.

Files come in every encoding and with every separator. Both are found out once, from the bytes; after that any run of
rows can be read by itself, from the bytes that it is in. So nothing needs to be written anew, and no more of a file
is ever in memory than one run of rows.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import define, field, frozen

from notify_core.content.keys import key_of
from notify_core.content.whitespace import ALL_SPACE
from notify_core.errors import InvalidContent
from notify_core.recipients.spreadsheet import MOST_ROWS
from notify_core.recipients.spreadsheet_columns import RECIPIENT_COLUMNS, without_empty_repetitions
from notify_core.recipients.spreadsheet_reading import UnreadableFile, lines_of
from notify_core.vocabulary import Channel

#: In bytes: 100,000 rows of 2,500 characters each.
LARGEST_FILE = 256 * 1024 * 1024

ReadFrom = Callable[[int], Iterable[bytes]]
"""What yields a file's bytes from that place on, in pieces of any size."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# How files begin that people take for a spreadsheet, and what they are.
_NOT_TEXT = (
    (b"PK\x03\x04", "a workbook or a zip file"),
    (b"\xd0\xcf\x11\xe0", "a workbook of an old version of Excel"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
)
_DELIMITERS = ",;\t|"
_SAMPLE = 4096
_LONGEST_HEADER = 1024 * 1024


class UnusableFile(InvalidContent):
    """The file as a whole is of no use; the sentence says why, and what to do about it."""

    code = "unusable-file"


def too_large(size: int) -> UnusableFile:
    """Say that a file of so many bytes is not read at all."""
    return UnusableFile(
        f"The file is too large: it has {size:,} bytes, and {LARGEST_FILE:,} are the most. Split it into several."
    )


@frozen(kw_only=True)
class SheetFormat:
    """How a file is to be read: `body_start` is the byte behind its header."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    body_start: int


@frozen
class ReadRow:
    """The cells of a row, and the byte of the file behind it. Without an end of line it may end the file."""

    cells: list[str]
    end: int


def survey(size: int, read_from: ReadFrom, channel: Channel) -> SheetFormat:
    """Find out how to read a file of that many bytes. Reads all of it, once or twice. Raises UnusableFile.

    Of several separators, the one counts with which the header names the recipients' column.
    """
    if size > LARGEST_FILE:
        raise too_large(size)
    encoding, start = _encoding_of(read_from)
    head = _first_bytes(read_from(start), _LONGEST_HEADER)
    found = [
        (delimiter, row)
        for delimiter in _DELIMITERS
        for row in RowReader(_text([head], encoding), encoding, delimiter, start).first()
    ]
    if not found:
        if head.decode(encoding, "replace").strip(ALL_SPACE):
            raise UnusableFile("The file's first row cannot be read. It needs a header, with a name for each column.")
        raise UnusableFile("The file is empty. It needs a header and at least one row.")
    delimiter, row = max(found, key=lambda pair: _likelihood(pair[0], pair[1].cells, channel))
    header = row.cells
    if len(set(header)) < len(header):
        rows = RowReader(_text(read_from(row.end), encoding), encoding, delimiter, row.end)
        header = without_empty_repetitions(header, max((_filled(one.cells) for one in rows), default=0))
    return SheetFormat(encoding=encoding, delimiter=delimiter, header=tuple(header), body_start=row.end)


def _likelihood(delimiter: str, header: Sequence[str], channel: Channel) -> tuple[bool, int, int]:
    wanted = set(map(key_of, RECIPIENT_COLUMNS[channel]))
    names_recipients = bool(wanted & set(map(key_of, header)))
    return names_recipients, len(header), -_DELIMITERS.index(delimiter)


def _filled(cells: Sequence[str]) -> int:
    length = len(cells)
    while length and not cells[length - 1]:
        length -= 1
    return length


def rows_from(sheet: SheetFormat, read_from: ReadFrom, start: int) -> RowReader:
    """Return the rows from byte `start` of the file on; nothing but empty rows at its end is left out."""
    return RowReader(
        _text(read_from(start), sheet.encoding), sheet.encoding, sheet.delimiter, start, after_header=True
    )


def all_rows(content: bytes, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows of a part of a file that begins and ends with a row: empty ones too. Raises UnusableFile."""
    for row in RowReader(_text([content], encoding), encoding, delimiter, 0, keep_empty=True):
        yield row.cells


@define
class RowReader:
    """Iterates over the rows of a text. Raises UnusableFile.

    Rows of nothing after the last one are left out, unless `keep_empty`; and space before the header, which is the
    first row, unless that is behind us (`after_header`).
    """

    pieces: Iterable[str]
    encoding: str
    delimiter: str
    start: int
    after_header: bool = False
    keep_empty: bool = False
    _end: int = field(init=False, default=0)
    _lines_of_row: int = field(init=False, default=0)
    _is_over: bool = field(init=False, default=False)

    def first(self) -> list[ReadRow]:
        """Return the first row, in a list, or an empty list when there is none, or it cannot be read like this."""
        try:
            return [next(iter(self))]
        except (StopIteration, UnusableFile):
            return []

    def __iter__(self) -> Iterator[ReadRow]:
        """Yield the rows, each as soon as it is known to count."""
        if self.keep_empty:
            yield from self._read()
            return
        empty: list[ReadRow] = []
        for row in self._read():
            if any(cell.strip(ALL_SPACE) for cell in row.cells):
                yield from empty
                empty.clear()
                yield row
            elif len(empty) <= MOST_ROWS:  # more would be too many rows, whatever follows
                empty.append(row)

    def _read(self) -> Iterator[ReadRow]:
        self._end = self.start
        reader = csv.reader(self._lines(), delimiter=self.delimiter, skipinitialspace=self.delimiter != "\t")
        while True:
            self._lines_of_row = 0
            try:
                cells = next(reader)
            except StopIteration:
                return
            except UnreadableFile:
                raise UnusableFile(
                    "A line has more characters than any row may have. The file needs a line for each row."
                ) from None
            except csv.Error:
                raise UnusableFile(
                    f"A cell has more than {csv.field_size_limit():,} characters. Perhaps it begins with a quotation "
                    "mark that none ends: end the cell with another, or remove it."
                ) from None
            if self._is_over:
                raise UnusableFile(
                    "The file ends within quotes: a cell begins with a quotation mark, and none ends it. Find the "
                    "mark, and end the cell with another, or remove it."
                )
            yield ReadRow(cells, self._end)

    def _lines(self) -> Iterator[str]:
        started = self.after_header or self.keep_empty
        for line in lines_of(self.pieces):
            self._end += _size(line, self.encoding)
            text = line if started else line.lstrip(ALL_SPACE)
            started = started or bool(text)
            if started:
                self._lines_of_row += 1
                yield text
        # Asked for more in the middle of a row: its quotation mark is still open.
        self._is_over = self._lines_of_row > 0


def _size(line: str, encoding: str) -> int:
    """Return how many bytes a line has in the file. Our encodings write what they read."""
    if encoding == "cp1252" or (encoding == "utf-8" and line.isascii()):
        return len(line)
    return len(line.encode(encoding))


def _encoding_of(read_from: ReadFrom) -> tuple[str, int]:
    """Return the encoding, and how many bytes before the text only mark it. Raises UnusableFile."""
    sample = _first_bytes(read_from(0), _SAMPLE)
    for magic, kind in _NOT_TEXT:
        if sample.startswith(magic):
            raise UnusableFile(
                f"This is {kind}, not a CSV file. Open it in a spreadsheet program and save it as CSV."
            )
    for mark, encoding in _BYTE_ORDER_MARKS:
        if sample.startswith(mark):
            if not _decodes(read_from(len(mark)), encoding):
                raise UnusableFile(f"The file says it is {encoding.upper()}, and is not. Save it again as CSV UTF-8.")
            return encoding, len(mark)
    guesses = ["utf-8", "cp1252"]
    if b"\0" in sample:
        # Text in two bytes a letter, most of which are from the Latin alphabet.
        guesses = ["utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"]
    for encoding in guesses:
        if _decodes(read_from(0), encoding):
            return encoding, 0
    raise UnusableFile("The file is not text in UTF-8, UTF-16 or Windows-1252. Save it again as CSV UTF-8.")


def _first_bytes(pieces: Iterable[bytes], wanted: int) -> bytes:
    sample = b""
    for piece in pieces:
        sample += piece
        if len(sample) >= wanted:
            break
    return sample[:wanted]


def _decodes(pieces: Iterable[bytes], encoding: str) -> bool:
    """Whether all of it is text in that encoding, without the characters that are in no text."""
    try:
        return not any("\0" in text or "\ufffe" in text for text in _decoded(pieces, encoding))
    except UnicodeError:
        return False


def _text(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Yield a file's text. Raises UnusableFile where it is not what it was when it was surveyed."""
    try:
        yield from _decoded(pieces, encoding)
    except UnicodeError:
        raise UnusableFile("The file was changed while it was read. Upload it again.") from None


def _decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)
