"""What content consists of, once it is understood: blocks, and the running text inside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from attrs import Factory, define, frozen


class Text(NamedTuple):
    """Running text, as it was typed."""

    text: str


class LineBreak(NamedTuple):
    """The end of a line inside a paragraph."""


class InlineHtml(NamedTuple):
    """A tag, a pair of tags or a comment, passed on as it is."""

    html: str


class BareUrl(NamedTuple):
    """An address of the web, or between angle brackets also of a mailbox, that stands for itself."""

    url: str
    is_email: bool = False


class Link(NamedTuple):
    """Text that leads somewhere. `title` is None when none was given."""

    text: Sequence[Inline]
    target: str
    title: str | None


Inline: TypeAlias = Text | LineBreak | InlineHtml | BareUrl | Link


@define(slots=True)
class Running:
    """A stretch of running text. `inline` is filled in when all link definitions of the document are known."""

    lines: list[str]
    in_footnote: bool = False
    inline: Sequence[Inline] = ()

    @property
    def source(self) -> str:
        """The text as it was typed."""
        return "\n".join(self.lines).rstrip("\n")


@frozen
class Blank:
    """Blank lines where they show: at the start of a document, in list items, after code."""


@frozen
class Rule:
    """A line across."""


@frozen
class Code:
    """Indented or fenced text. Nothing in it means anything."""

    text: str


@frozen
class Heading:
    """A heading; `level` is 1 to 6."""

    level: int
    running: Running


@frozen
class Paragraph:
    """Lines of running text."""

    running: Running


@frozen
class ItemText:
    """Lines of running text in a list item, which are a paragraph only if the item is loose."""

    running: Running


@frozen
class Inset:
    """A document set off from the text around it."""

    blocks: Sequence[Block]


@frozen
class Item:
    """One item of a list. `loose` items stand apart from each other."""

    loose: bool
    blocks: Sequence[Block]


@frozen
class List:
    """Items with bullets, or with numbers from 1."""

    ordered: bool
    items: Sequence[Item]


@frozen
class BlockHtml:
    """A block that is HTML already, passed on as it is."""

    html: str


Block: TypeAlias = Blank | Rule | Code | Heading | Paragraph | ItemText | Inset | List | BlockHtml


@frozen
class Footnote:
    """Text that belongs at the end of the document."""

    key: str
    blocks: Sequence[Block]


@define
class Document:
    """Content in full. `footnotes` are those referred to, in the order of the references."""

    blocks: Sequence[Block]
    footnotes: Sequence[Footnote] = Factory(tuple)
