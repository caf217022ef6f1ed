"""From the text of a spreadsheet file to its rows of cells, one at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator

from notify_core.content.whitespace import ALL_SPACE
from notify_core.errors import InvalidContent

Source = str | Callable[[], Iterable[str]]
"""The text of a file, or what yields it from its beginning, in pieces of any size, each time it is called."""

# In characters. A file that is all one line is not to be held as a whole.
LONGEST_LINE = 8 * 1024 * 1024
_TAIL = ALL_SPACE + ","
_LINE_ENDS = ("\n", "\r")


class UnreadableFile(InvalidContent):
    """The file is not comma-separated text, or has a cell larger than any message may be."""

    code = "unreadable-file"

    def __init__(self) -> None:
        super().__init__("The file cannot be read. Save it as a CSV file, and make sure no cell is very large.")


def read_rows(source: Source) -> Iterator[list[str]]:
    r"""Return the rows of a file, the header first. Raises UnreadableFile.

    Space before the first row is dropped, and rows of nothing but commas and space after the last one.

    >>> list(read_rows('\ufeffname, town\r\nJo,"Ely, Cambs"\n\nSam\n,,\n'))
    [['name', 'town'], ['Jo', 'Ely, Cambs'], [], ['Sam']]
    """
    pieces = [source] if isinstance(source, str) else source()
    try:
        yield from csv.reader(_trimmed(lines_of(pieces)), skipinitialspace=True)
    except csv.Error:
        raise UnreadableFile from None


def lines_of(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a text that comes in pieces, with their ends: LF, CR LF or CR.

    Raises UnreadableFile when a line is so long that no row can be in it.
    """
    rest: list[str] = []
    length = 0
    for piece in filter(None, pieces):
        if rest and (rest[-1].endswith("\n") or (rest[-1].endswith("\r") and not piece.startswith("\n"))):
            yield "".join(rest)
            rest.clear()
        start = 0
        while start < len(piece):
            end = _line_end(piece, start)
            if end == len(piece):
                break  # the line, or its end, may go on in the next piece
            yield "".join([*rest, piece[start:end]])
            rest.clear()
            start = end
        if start < len(piece):
            length = length + len(piece) - start if rest else len(piece) - start
            if length > LONGEST_LINE:
                raise UnreadableFile
            rest.append(piece[start:])
    last = "".join(rest)
    if last:
        yield last


def _line_end(text: str, start: int) -> int:
    """Return where the line that starts there ends, behind its line break: LF, CR LF or CR."""
    newline = text.find("\n", start)
    end = len(text) if newline < 0 else newline + 1
    carriage_return = text.find("\r", start, end)
    if carriage_return < 0:
        return end
    return carriage_return + 2 if text.startswith("\n", carriage_return + 1) else carriage_return + 1


def _trimmed(lines: Iterator[str]) -> Iterator[str]:
    """Drop space before the text, and commas and space after it."""
    held: list[str] = []
    started = False
    for line in lines:
        text = line if started else line.lstrip(ALL_SPACE)
        started = started or bool(text)
        if not started:
            continue
        if held and text.rstrip(_TAIL):
            yield from held
            held.clear()
        held.append(text)
    if held:
        yield held[0].rstrip(_TAIL)
