"""From a tree of content to what is shown: the walk that all renderings share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from notify_core.content.markdown.tree import (
    BareUrl,
    Blank,
    Block,
    BlockHtml,
    Code,
    Document,
    Heading,
    Inline,
    InlineHtml,
    Inset,
    ItemText,
    LineBreak,
    Link,
    List,
    Paragraph,
    Rule,
    Running,
    Text,
)

_UNESCAPED = re.compile(r"&(?!#?\w+;)|[<>]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape_text(text: str) -> str:
    """Escape what is not escaped yet: `<`, `>`, and ampersands that begin no entity.

    >>> escape_text("a < b &amp; c & d")
    'a &lt; b &amp; c &amp; d'
    """
    if "&" not in text and "<" not in text and ">" not in text:
        return text
    return _UNESCAPED.sub(lambda match: _ESCAPES[match[0]], text)


class Renderer:
    """Joins what its methods make of each part. As it stands, it shows text, line breaks and paragraphs."""

    def render(self, document: Document) -> str:
        """Return the document as it is shown. Footnotes come last."""
        footnotes = [self.blocks(footnote.blocks) for footnote in document.footnotes]
        return self.blocks(document.blocks) + "".join(footnotes)

    def blocks(self, blocks: Sequence[Block]) -> str:
        """Return blocks one after the other."""
        return "".join([self._block(block) for block in blocks])

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(running):
                return self.paragraph_of(running)
            case List(ordered, items):
                return self.list(ordered, [self._item(item.blocks, loose=item.loose) for item in items])
            case Heading(level, running):
                return self.heading(level, running)
            case ItemText(running):
                return self.paragraph_of(running)
            case Inset(blocks):
                return self.inset(self.blocks(blocks))
            case Code(text):
                return text
            case BlockHtml(html):
                return html
            case Rule():
                return self.rule()
            case Blank():
                return self.line_break()

    def _item(self, blocks: Sequence[Block], *, loose: bool) -> str:
        if loose:
            return self.blocks(blocks)
        return "".join(
            [self.running(block.running) if isinstance(block, ItemText) else self._block(block) for block in blocks]
        )

    def running(self, running: Running) -> str:
        """Return running text as it is shown."""
        return self.inline(running.inline)

    def inline(self, nodes: Sequence[Inline]) -> str:
        """Return the parts of running text one after the other."""
        return "".join([self._inline(node) for node in nodes])

    def _inline(self, node: Inline) -> str:
        match node:
            case Text(text):
                return escape_text(text)
            case LineBreak():
                return self.line_break()
            case Link(text, target, title):
                return self.link(self.inline(text), target, title)
            case BareUrl(url, is_email):
                return self.url(url, is_email=is_email)
            case InlineHtml(html):
                return html

    def paragraph_of(self, running: Running) -> str:
        """Return a paragraph of that running text."""
        return self.paragraph(self.running(running))

    def paragraph(self, text: str) -> str:
        """Return a paragraph of that text, which is ready to be shown."""
        return text

    def heading(self, level: int, running: Running) -> str:
        """Return a heading; `level` is 1 to 6."""
        del level
        return self.paragraph_of(running)

    def rule(self) -> str:
        """Return a line across."""
        return ""

    def list(self, ordered: bool, items: Sequence[str]) -> str:
        """Return a list of items."""
        del ordered
        return "".join(items)

    def inset(self, content: str) -> str:
        """Return an inset of that content."""
        return content

    def line_break(self) -> str:
        """Return the end of a line, or blank lines where they show."""
        return "\n"

    def url(self, url: str, *, is_email: bool) -> str:
        """Return an address that stands for itself."""
        del is_email
        return url

    def link(self, text: str, target: str, title: str | None) -> str:
        """Return text that leads somewhere."""
        del target, title
        return text
