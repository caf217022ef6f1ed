"""Lists: where one ends, and how it falls into items."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

MARKER = r"(?:[•*-]|\d+\.)"

_START = re.compile(rf"( *)({MARKER})(?=[\s\S])")
_NEWLINES = re.compile(r"\n+")
_RULE = r"(?:[-*_] *){3,}(?:\n+|\Z)"


class ListSpan(NamedTuple):
    """A list as it stands in the text. `end` is behind the blank lines that end it."""

    indent: str
    ordered: bool
    end: int


class ItemSource(NamedTuple):
    """What is written in one item, without its marker."""

    text: str
    loose: bool


def list_at(text: str, position: int, definition_at: Callable[[int], bool]) -> ListSpan | None:
    """Return the list that starts there. `definition_at` says whether a definition starts somewhere."""
    start = _START.match(text, position)
    if start is None:
        return None
    indent, marker = start.groups()
    goes_on = re.compile(rf" |{indent}{MARKER} ")
    rule = re.compile(rf"(?:{indent})?{_RULE}")
    for newlines in _NEWLINES.finditer(text, start.end() + 1):
        line = newlines.end()
        if rule.match(text, line) or definition_at(line):
            return ListSpan(indent, "." in marker, line)
        blank_lines = line - newlines.start() - 1
        if blank_lines > 1 or (blank_lines and not goes_on.match(text, line)):
            return ListSpan(indent, "." in marker, line)
    return ListSpan(indent, "." in marker, len(text))


def items_of(source: str, indent: str) -> Iterator[ItemSource]:
    """Divide the text of a list into its items, at lines with the same indentation and a marker."""
    starts = [match.start() for match in re.finditer(rf"^{indent}(?={MARKER})", source, re.MULTILINE)]
    previous_ended_blank = False
    for start, end in zip(starts, [*(start - 1 for start in starts[1:]), len(source)], strict=True):
        item = _without_marker(source[start:end])
        loose = previous_ended_blank or "\n\n" in item.rstrip()
        if end != len(source) and item:
            previous_ended_blank = item.endswith("\n")
            loose = loose or previous_ended_blank
        yield ItemSource(item, loose)


_MARKER_WITH_INDENT = re.compile(rf" *{MARKER}")


def _without_marker(item: str) -> str:
    """Remove the marker, not the space after it; then outdent, if a later line is indented."""
    marker = _MARKER_WITH_INDENT.match(item)
    assert marker is not None
    inside = item[marker.end() :]
    if "\n " not in inside:
        return inside
    return re.sub(rf"^ {{1,{marker.end()}}}", "", inside, flags=re.MULTILINE)
