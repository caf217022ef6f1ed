"""Tags, as far as they are recognised in content: enough to pass them on untouched.

A tag's attributes are single letters, each with or without a value: that is how the dialect reads them. What
is unquoted between tag name and `>` may be at most MOST_UNQUOTED characters long, which keeps reading a page
of unfinished tags linear.
"""

from __future__ import annotations

import re
from functools import cached_property

from attrs import define

from notify_core.content.markdown.positions import NOWHERE, Positions

MOST_UNQUOTED = 1_000

_INLINE_TAGS = re.compile(
    "a|em|strong|small|s|cite|q|dfn|abbr|data|time|code|var|samp|kbd|sub|sup|i|b|u|mark|ruby|rt|rp|bdi|bdo"
    "|span|br|wbr|ins|del|img|font"
)

# A name is not followed by what makes it the scheme of an address, or the beginning of one.
_TAG_NAME = re.compile(r"<(\w+)(?!:/|[^\w\s@]*@)\b")
_SPACE = re.compile(r"\s*")
_UNQUOTED = re.compile(r"[^\s'\">]+")
_VALUE_FOLLOWS = re.compile(r"\s*=\s*")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")

_COMMENT_END = re.compile(r"-->")
_COMMENT_END_OF_BLOCK = re.compile(r"--> *(?:\n\n|\s*\Z)")
_CLOSING_TAG = re.compile(r"</(\w+)>")
_END_OF_BLOCK = re.compile(r" *(?:\n{2,}|\s*\Z)")


@define(slots=False)
class Tags:
    """The tags of one text."""

    text: str

    @cached_property
    def _comment_ends(self) -> Positions:
        return Positions(_COMMENT_END, self.text)

    @cached_property
    def _comment_ends_of_blocks(self) -> Positions:
        return Positions(_COMMENT_END_OF_BLOCK, self.text)

    @cached_property
    def _closing(self) -> dict[str, list[int]]:
        """Where each closing tag ends, by name, last one first."""
        places: dict[str, list[int]] = {}
        for match in _CLOSING_TAG.finditer(self.text):
            places.setdefault(match[1], []).append(match.end())
        for ends in places.values():
            ends.reverse()
        return places

    @cached_property
    def _closing_blocks(self) -> dict[str, list[int]]:
        """The same, for those that a block of HTML can end with."""
        return {
            name: [end for end in ends if _END_OF_BLOCK.match(self.text, end)] for name, ends in self._closing.items()
        }

    def inline_end(self, position: int) -> int:
        """Return where the comment, pair of tags or tag that starts there ends, or NOWHERE."""
        text = self.text
        if text.startswith("<!--", position):
            end = self._comment_ends.first_from(position + 4)
            return NOWHERE if end == NOWHERE else end + 3
        name = _TAG_NAME.match(text, position)
        if name is None:
            return NOWHERE
        attributes_end = _attributes_end(text, name.end())
        opening_end = _tag_end(text, attributes_end, self_closing=False)
        if opening_end != NOWHERE:
            closing_end = _first_beyond(self._closing.get(name[1]), opening_end + len(name[1]) + 3)
            if closing_end != NOWHERE:
                return closing_end
        return _tag_end(text, attributes_end, self_closing=True)

    def block_at(self, position: int) -> tuple[str, int] | None:
        """Return the block of HTML that starts there, and where what follows it starts.

        A pair of tags is without the space around it; a lone tag or comment keeps that.
        """
        start = position
        while self.text.startswith(" ", start):
            start += 1
        if self.text.startswith("<!--", start):
            comment_end = self._comment_ends_of_blocks.first_from(start + 4)
            return self._lone_block(position, NOWHERE if comment_end == NOWHERE else comment_end + 3)
        name = self.block_tag(start)
        if name is None:
            return None
        attributes_end = _attributes_end(self.text, start + 1 + len(name))
        if self.text.startswith(">", attributes_end):
            closing_end = _first_beyond(self._closing_blocks.get(name), attributes_end + len(name) + 4)
            if closing_end != NOWHERE:
                match = _END_OF_BLOCK.match(self.text, closing_end)
                assert match is not None
                return self.text[start:closing_end], match.end()
        return self._lone_block(position, _tag_end(self.text, attributes_end, self_closing=True))

    def block_tag(self, position: int) -> str | None:
        """Return the name of the tag that starts there, unless it is one that stands inside of lines."""
        name = _TAG_NAME.match(self.text, position)
        return None if name is None or _INLINE_TAGS.fullmatch(name[1]) else name[1]

    def _lone_block(self, start: int, end: int) -> tuple[str, int] | None:
        match = None if end == NOWHERE else _END_OF_BLOCK.match(self.text, end)
        return None if match is None else (self.text[start : match.end()], match.end())


def _first_beyond(ends: list[int] | None, least: int) -> int:
    """Return the first of the ends, which come last one first, that is at least `least`.

    Later questions ask for later ends, so what lies before is forgotten.
    """
    while ends and ends[-1] < least:
        ends.pop()
    return ends[-1] if ends else NOWHERE


def _attributes_end(text: str, position: int) -> int:
    """Return where the attributes end that start there. Space after the last one is not part of them."""
    unquoted = 0
    while unquoted <= MOST_UNQUOTED:
        letter = _end(_SPACE, text, position)
        if text[letter : letter + 1] not in _LETTERS:
            return position
        unquoted += letter + 1 - position
        position = letter + 1
        while (value := _VALUE_FOLLOWS.match(text, position)) and unquoted <= MOST_UNQUOTED:
            value_end, quoted, continues = _value(text, value.end())
            if value_end == NOWHERE:
                return position
            unquoted += 0 if quoted else value_end - position
            position = value_end
            if not continues:
                break
    return position


def _value(text: str, position: int) -> tuple[int, bool, bool]:
    """Return where a value ends, whether it was quoted, and whether its own end may take a value.

    An unquoted value swallows the attributes that touch it; the last of those letters may have a value again.
    """
    quote = text[position : position + 1]
    if quote in ("'", '"') and quote:
        end = text.find(quote, position + 1)
        return (NOWHERE if end == NOWHERE else end + 1), True, False
    match = _UNQUOTED.match(text, position, position + MOST_UNQUOTED + 1)
    if match is None:
        return NOWHERE, False, False
    end = match.end()
    swallowed = match[0]
    if text[end : end + 1] in ("'", '"') and len(swallowed) > 2 and swallowed[-1] == "=":
        if swallowed[-2] in _LETTERS:
            return end - 1, False, True
        return end, False, False
    return end, False, len(swallowed) > 1 and swallowed[-1] in _LETTERS


def _tag_end(text: str, attributes_end: int, *, self_closing: bool) -> int:
    end = _end(_SPACE, text, attributes_end)
    if self_closing and text.startswith("/", end):
        end += 1
    return end + 1 if text.startswith(">", end) else NOWHERE


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return position if match is None else match.end()
