"""From running text to links, addresses and line breaks. There is no emphasis: `*` and `_` mean themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from attrs import define

from notify_core.content.markdown.brackets import Brackets, Span
from notify_core.content.markdown.definitions import Target, key_of
from notify_core.content.markdown.positions import NOWHERE, Positions
from notify_core.content.markdown.raw_html import Tags
from notify_core.content.markdown.tree import BareUrl, Inline, InlineHtml, LineBreak, Link, Running, Text

DEEPEST_LINK = 8
"""How deep links may stand in the text of other links, which makes no sense, but can be written."""

# Text is taken up to what may be something else. Not every `_`, `*` or backtick is anything, but each begins
# a stretch of its own, and entities are told from ampersands within one stretch.
_NEXT = re.compile(r"[\\<!\[_*`~]|https?://|(?<! ) *\n|\n")
_ESCAPABLE = frozenset("\\`*{}[]()#+-.!_>~|")
_LINE_BREAK = re.compile(r" *\n")
_URL = re.compile(r"https?://[^\s<]+[^<.,:\"')\]\s]")
_ANGLE_OR_SPACE = re.compile(r"[ >]")
_AT_OR_COLON = re.compile(r"[@:]")


@define
class References:
    """What running text may refer to, and what it did refer to: footnotes show only once."""

    targets: Mapping[str, Target]
    footnotes: Mapping[str, object]
    used_footnotes: dict[str, None]
    longest_name: int = 0
    in_link: bool = False
    depth: int = 0


def understand(running: Running, references: References) -> Sequence[Inline]:
    """Return what a stretch of running text consists of."""
    return parse_inline(running.source, references, in_footnote=running.in_footnote)


def parse_inline(source: str, references: References, *, in_footnote: bool = False) -> Sequence[Inline]:
    """Return what text consists of. Footnotes are not referred to from within footnotes."""
    text = source.rstrip("\n")
    first = _NEXT.search(text, 1)
    if first is None and text[:1] not in _BEGINNINGS:
        return [Text(text)] if text else []
    return InlineScanner(text, references, in_footnote).parse()


_BEGINNINGS = frozenset("\\<![h \n")


@define(slots=False)
class InlineScanner:
    """Running text on its way to being understood."""

    text: str
    references: References
    in_footnote: bool

    @cached_property
    def _brackets(self) -> Brackets:
        return Brackets(self.text)

    @cached_property
    def _tags(self) -> Tags:
        return Tags(self.text)

    @cached_property
    def _angles_and_spaces(self) -> Positions:
        return Positions(_ANGLE_OR_SPACE, self.text)

    @cached_property
    def _at_and_colons(self) -> Positions:
        return Positions(_AT_OR_COLON, self.text)

    @cached_property
    def _last_line_break(self) -> int:
        """Where the text ends but for space: line breaks behind that show nothing."""
        return len(self.text.rstrip())

    def parse(self) -> Sequence[Inline]:
        """Return what the text consists of."""
        found: list[Inline] = []
        position = 0
        while position < len(self.text):
            taken = self._special(position)
            if taken is None:
                following = _NEXT.search(self.text, position + 1)
                end = len(self.text) if following is None else following.start()
                found.append(Text(self.text[position:end]))
            else:
                node, end = taken
                if node is not None:
                    found.append(node)
            position = end
        return found

    def _special(self, position: int) -> tuple[Inline | None, int] | None:
        """Return what starts there and where it ends, if it is anything but text. None for what shows nothing."""
        match self.text[position]:
            case "\\":
                return self._escape(position)
            case "<":
                return self._angle(position)
            case "h":
                return self._url(position)
            case "[":
                return self._footnote(position) or self._bracket(position, position)
            case "!" if self.text.startswith("[", position + 1):
                return self._bracket(position, position + 1)
            case " " | "\n":
                return self._line_break(position)
            case _:
                return None

    def _escape(self, position: int) -> tuple[Inline, int] | None:
        escaped = self.text[position + 1 : position + 2]
        return (Text(escaped), position + 2) if escaped in _ESCAPABLE else None

    def _angle(self, position: int) -> tuple[Inline, int] | None:
        html_end = self._tags.inline_end(position)
        if html_end != NOWHERE:
            return InlineHtml(self.text[position:html_end]), html_end
        end = self._angles_and_spaces.first_from(position + 1)
        if end == NOWHERE or self.text[end] != ">":
            return None
        sign = self._at_and_colons.first_from(position + 2)
        if sign == NOWHERE or sign > end - 2:
            return None
        address = self.text[position + 1 : end]
        return BareUrl(address, is_email=":" not in address), end + 1

    def _line_break(self, position: int) -> tuple[Inline, int] | None:
        match = _LINE_BREAK.match(self.text, position)
        return None if match is None or match.end() > self._last_line_break else (LineBreak(), match.end())

    def _url(self, position: int) -> tuple[Inline, int] | None:
        match = _URL.match(self.text, position)
        if match is None:
            return None
        return (Text(match[0]) if self.references.in_link else BareUrl(match[0])), match.end()

    def _footnote(self, position: int) -> tuple[None, int] | None:
        """References to footnotes show nothing; but a second reference to the same one is text."""
        references = self.references
        if not references.footnotes or self.in_footnote:
            return None
        end = self._brackets.footnote_end(position)
        if end == NOWHERE or end - position > references.longest_name:
            return None
        key = key_of(self.text[position + 2 : end])
        if key not in references.footnotes or key in references.used_footnotes:
            return None
        references.used_footnotes[key] = None
        return None, end + 1

    def _bracket(self, position: int, opening: int) -> tuple[Inline | None, int] | None:
        if self.references.depth >= DEEPEST_LINK:
            return None
        link = self._brackets.link_at(opening)
        if link is not None:
            closing, destination = link
            title = None if destination.title is None else self._text_of(destination.title)
            target = Target(self._text_of(destination.target), title)
            return self._link(position, opening, closing, target), destination.end
        if not self.references.targets:
            return None
        return self._reference(position, opening) or self._short_reference(position, opening)

    def _reference(self, position: int, opening: int) -> tuple[Inline | None, int] | None:
        reference = self._brackets.reference_at(opening)
        if reference is None:
            return None
        closing, key = reference
        target = self._target(key) if key.start < key.end else self._target(Span(opening + 1, closing))
        return None if target is None else (self._link(position, opening, closing, target), key.end + 1)

    def _short_reference(self, position: int, opening: int) -> tuple[Inline | None, int] | None:
        closing = self._brackets.name_end(opening)
        target = None if closing == NOWHERE else self._target(Span(opening + 1, closing))
        return None if target is None else (self._link(position, opening, closing, target), closing + 1)

    def _text_of(self, span: Span) -> str:
        return self.text[span.start : span.end]

    def _target(self, name: Span) -> Target | None:
        if name.end - name.start > self.references.longest_name:
            return None
        return self.references.targets.get(key_of(self._text_of(name)))

    def _link(self, position: int, opening: int, closing: int, target: Target) -> Link | None:
        """Return the link; None for an image, which shows nothing."""
        if position != opening:
            return None
        references = self.references
        references.in_link = True
        references.depth += 1
        text = parse_inline(self.text[opening + 1 : closing], references, in_footnote=self.in_footnote)
        references.depth -= 1
        references.in_link = False
        return Link(text, target.target, target.title)
