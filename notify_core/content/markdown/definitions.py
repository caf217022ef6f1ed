"""Definitions: where links lead that are only named, and what footnotes say. They show nothing in their place."""

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple

from attrs import define

from notify_core.content.markdown.positions import NOWHERE, Positions

_END_OF_KEY = re.compile(r"[\^\]]")
_BRACKET = re.compile(r"\]")
_TARGET = re.compile(r": *<?([^\s>]+)>?(?: +[\"(]([^\n]+)[\")])? *(?:\n+|\Z)")
_FOOTNOTE = re.compile(r": *([^\n]*(?:\n+|\Z)(?: +[^\n]*(?:\n+|\Z))*)")
_SPACE = re.compile(r"\s+")


class Target(NamedTuple):
    """Where a link leads."""

    target: str
    title: str | None


class LinkDefinition(NamedTuple):
    """`[key]: target "title"`, and where it ends."""

    key: str
    target: Target
    end: int


class FootnoteDefinition(NamedTuple):
    """`[^key]: text`, and where it ends."""

    key: str
    text: str
    end: int


def key_of(name: str) -> str:
    r"""Return what the names of links and footnotes are compared by.

    >>> key_of("The\n Page")
    'the page'
    """
    return _SPACE.sub(" ", name.lower())


@define(slots=False)
class Definitions:
    """The definitions of one text."""

    text: str

    @cached_property
    def _ends_of_keys(self) -> Positions:
        return Positions(_END_OF_KEY, self.text)

    @cached_property
    def _brackets(self) -> Positions:
        return Positions(_BRACKET, self.text)

    def starts_at(self, position: int) -> bool:
        """Whether a definition of either kind starts there."""
        return self._footnote_key_end(position) != NOWHERE or self.link_at(position) is not None

    def link_at(self, position: int) -> LinkDefinition | None:
        """Return the link definition that starts there."""
        start = position
        while self.text.startswith(" ", start):
            start += 1
        if not self.text.startswith("[", start):
            return None
        key_end = self._ends_of_keys.first_from(start + 1)
        if key_end <= start + 1 or not self.text.startswith("]:", key_end):
            return None
        match = _TARGET.match(self.text, key_end + 1)
        if match is None:
            return None
        return LinkDefinition(key_of(self.text[start + 1 : key_end]), Target(match[1], match[2]), match.end())

    def _footnote_key_end(self, position: int) -> int:
        if not self.text.startswith("[^", position):
            return NOWHERE
        key_end = self._brackets.first_from(position + 2)
        if key_end <= position + 2 or not self.text.startswith("]:", key_end):
            return NOWHERE
        return key_end

    def footnote_at(self, position: int) -> FootnoteDefinition | None:
        """Return the footnote that starts there, its text moved to the left."""
        key_end = self._footnote_key_end(position)
        if key_end == NOWHERE:
            return None
        match = _FOOTNOTE.match(self.text, key_end + 1)
        assert match is not None
        return FootnoteDefinition(key_of(self.text[position + 2 : key_end]), _outdented(match[1]), match.end())


def _outdented(text: str) -> str:
    """Remove from every line but the first what all indented lines begin with."""
    first, *lines = text.split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines]
    least = min((indent for indent in indents if indent), default=None)
    return "\n".join([first, *(line[least:] for line in lines)])
