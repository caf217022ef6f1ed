"""Brackets in running text: which of them enclose the text of a link, and where the link leads.

The text of a link may hold one level of brackets, and a `]` that another `]` follows. The longest text wins
behind which stands a target. Whether there is one depends only on the brackets to the right, so each bracket is
looked at once, from the right, and the answer is kept for all that start further left.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from attrs import define

from notify_core.content.markdown.positions import NOWHERE, Positions

_BRACKET = re.compile(r"[\[\]]")
_END_OF_GROUP = re.compile(r"[\^\]]")
_CLOSING_BRACKET = re.compile(r"\]")
_SPACE = re.compile(r"\s*")
_LINK_END = re.compile(r"\)")
_SPACED_LINK_END = re.compile(r"(?<!\s)\s*\)")
_TITLE_START = re.compile(r"(?<!\s)\s+(?=['\"])")
_TITLE_END = re.compile(r"['\"](?=\s*\))")
_ANGLE_END = re.compile(r">(?=\s*\))")
_ANGLE_BEFORE_TITLE = re.compile(r">(?=\s+['\"])")
_NEXT_KEY = re.compile(r"\]\s*\[")


class Span(NamedTuple):
    """A part of the text, from `start` to before `end`."""

    start: int
    end: int


class Destination(NamedTuple):
    """Where it says where a link leads, and where its closing bracket ends."""

    target: Span
    title: Span | None
    end: int


@define(slots=False)
class Brackets:
    """The brackets of one stretch of running text."""

    text: str

    @cached_property
    def _brackets(self) -> list[int]:
        return [match.start() for match in _BRACKET.finditer(self.text)]

    @cached_property
    def _ends_of_groups(self) -> Positions:
        return Positions(_END_OF_GROUP, self.text)

    @cached_property
    def _closing(self) -> Positions:
        return Positions(_CLOSING_BRACKET, self.text)

    @cached_property
    def _targets(self) -> Targets:
        return Targets(self.text)

    @cached_property
    def _followed_by_target(self) -> dict[int, int]:
        """For each bracket: the last `]` that a text reaching that bracket can end at, before a target."""
        return self._reachable(self._targets.at)

    @cached_property
    def _followed_by_key(self) -> dict[int, int]:
        return self._reachable(self._has_key)

    def _has_key(self, closing: int) -> bool:
        return self._key_after(closing) is not None

    def _reachable(self, fits: Callable[[int], object]) -> dict[int, int]:
        """For each bracket that a text can reach from the left, return the last `]` at or behind it that fits."""
        last: dict[int, int] = {}
        following = NOWHERE
        index_of = {place: index for index, place in enumerate(self._brackets)}
        for place in reversed(self._brackets):
            if self.text[place] == "]":
                goes_on = following != NOWHERE and self.text[following] == "]"
                end = last[following] if goes_on else NOWHERE
                last[place] = place if end == NOWHERE and fits(place) else end
            else:
                last[place] = self._behind_group(place, index_of, last)
            following = place
        return last

    def _behind_group(self, opening: int, index_of: dict[int, int], last: dict[int, int]) -> int:
        closing = self._ends_of_groups.first_from(opening + 1)
        if closing == NOWHERE or self.text[closing] != "]":
            return NOWHERE
        index = index_of[closing] + 1
        return last[self._brackets[index]] if index < len(self._brackets) else NOWHERE

    def link_at(self, opening: int) -> tuple[int, Destination] | None:
        """Return where the text of the link ends that begins with this `[`, and where it leads."""
        closing = self._last_closing(opening, self._followed_by_target)
        if closing == NOWHERE:
            return None
        destination = self._targets.at(closing)
        assert destination is not None
        return closing, destination

    def reference_at(self, opening: int) -> tuple[int, Span] | None:
        """The same for `[text][key]`: where the text ends, and where the key is."""
        closing = self._last_closing(opening, self._followed_by_key)
        key = None if closing == NOWHERE else self._key_after(closing)
        return None if key is None else (closing, key)

    def _last_closing(self, opening: int, last: dict[int, int]) -> int:
        index = bisect_right(self._brackets, opening)
        return last[self._brackets[index]] if index < len(self._brackets) else NOWHERE

    def _key_after(self, closing: int) -> Span | None:
        match = _NEXT_KEY.match(self.text, closing)
        if match is None:
            return None
        end = self._ends_of_groups.first_from(match.end())
        if end == NOWHERE or self.text[end] != "]":
            return None
        return Span(match.end(), end)

    @cached_property
    def _simple_ends(self) -> dict[int, int]:
        """For each bracket: the `]` at which a text ends that reaches it, and that is itself a key."""
        ends: dict[int, int] = {}
        index_of = {place: index for index, place in enumerate(self._brackets)}
        for place in reversed(self._brackets):
            if self.text[place] == "]":
                ends[place] = place
                continue
            closing = self._closing.first_from(place + 1)
            index = NOWHERE if closing == NOWHERE else index_of[closing] + 1
            behind = self._brackets[index] if NOWHERE < index < len(self._brackets) else NOWHERE
            ends[place] = ends.get(behind, NOWHERE)
        return ends

    def name_end(self, opening: int) -> int:
        """Return where the `]` is that ends the `[name]` beginning with this `[`, or NOWHERE."""
        return self._last_closing(opening, self._simple_ends)

    def footnote_end(self, opening: int) -> int:
        """Return where the `]` is that ends the `[^name]` beginning with this `[`, or NOWHERE."""
        if not self.text.startswith("[^", opening):
            return NOWHERE
        end = self._closing.first_from(opening + 2)
        return end if end > opening + 2 else NOWHERE


class Targets:
    """What stands in round brackets behind the text of a link: `(target "title")`, `(<target>)`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._link_ends = Positions(_LINK_END, text)
        self._spaced_link_ends = Positions(_SPACED_LINK_END, text)
        self._title_starts = Positions(_TITLE_START, text)
        self._title_ends = Positions(_TITLE_END, text)
        self._angle_ends = Positions(_ANGLE_END, text)
        self._angles_before_title = Positions(_ANGLE_BEFORE_TITLE, text)

    def at(self, closing: int) -> Destination | None:
        """Return the target behind the `]` at that place."""
        if not self._text.startswith("](", closing):
            return None
        start = _end_of_space(self._text, closing + 2)
        if self._text.startswith("<", start):
            in_angles = self._in_angles(start + 1)
            if in_angles is not None:
                return in_angles
        link_end = self._link_ends.first_from(start)
        if link_end == NOWHERE:
            return None
        title_start = self._title_starts.first_from(start)
        if title_start != NOWHERE and title_start < link_end:
            titled = self._titled(Span(start, title_start), title_start)
            if titled is not None:
                return titled
        target_end = start if link_end == start else self._spaced_link_ends.first_from(start)
        return Destination(Span(start, target_end), None, link_end + 1)

    def _in_angles(self, start: int) -> Destination | None:
        plain = self._angle_ends.first_from(start)
        before_title = self._angles_before_title.first_from(start)
        if before_title != NOWHERE and (plain == NOWHERE or before_title < plain):
            titled = self._titled(Span(start, before_title), before_title + 1)
            if titled is not None:
                return titled
        if plain == NOWHERE:
            return None
        return Destination(Span(start, plain), None, _end_of_space(self._text, plain + 1) + 1)

    def _titled(self, target: Span, space: int) -> Destination | None:
        quote = _end_of_space(self._text, space)
        title_end = self._title_ends.first_from(quote + 1)
        if title_end == NOWHERE:
            return None
        end = _end_of_space(self._text, title_end + 1) + 1
        return Destination(target, Span(quote + 1, title_end), end)


def _end_of_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return position if match is None else match.end()
