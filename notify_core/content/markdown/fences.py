"""Fenced code: from a line of ``` or ~~~ to the end of a line that ends with as many."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import accumulate

from attrs import Factory, define

_OPENING = re.compile(r" *+(`{3,}+|~{3,}+)([^\n]*+)\n")
_LANGUAGE = re.compile(r" *(?:[^`\s]+)? *")
_REST_OF_TILDES = re.compile(r"~[^`\s]* *")
_CLOSING = {character: re.compile(rf"(?<!{character}){character}{{3,}}+(?= *+(?:\n|\Z))") for character in "`~"}
_AFTER = re.compile(r" *(?:\n+|\Z)")
_SHORTEST = 3


@define
class Fences:
    """The fences of one text."""

    text: str
    _closing: dict[str, ClosingRuns] = Factory(dict)

    def code_at(self, position: int) -> tuple[str, int] | None:
        """Return the code whose fence opens there, and where it ends; None without a closing fence."""
        opening = _OPENING.match(self.text, position)
        if opening is None or not _LANGUAGE.fullmatch(opening[2]):
            return None
        fence, start = opening[1], opening.end()
        closing = self._closing_runs(fence[0])
        # Tildes may count towards the language instead: the fence is as long as some closing one allows.
        length = min(len(fence), closing.longest_from(start))
        if length < _SHORTEST or (length < len(fence) and not _REST_OF_TILDES.fullmatch(fence[0] + opening[2])):
            return None
        return self._code(start, closing.first_end_from(start, length), length)

    def _code(self, start: int, fence_end: int, length: int) -> tuple[str, int]:
        code = self.text[start : fence_end - length]
        after = _AFTER.match(self.text, fence_end)
        assert after is not None
        return code.rstrip() or code[:1], after.end()

    def _closing_runs(self, character: str) -> ClosingRuns:
        runs = self._closing.get(character)
        if runs is None:
            runs = ClosingRuns([(match.end(), len(match[0])) for match in _CLOSING[character].finditer(self.text)])
            self._closing[character] = runs
        return runs


class ClosingRuns:
    """The runs of one character that end a line, with the end and the length of each."""

    def __init__(self, runs: list[tuple[int, int]]) -> None:
        self._runs = runs
        self._longest = list(accumulate((length for _, length in reversed(runs)), max))[::-1]
        self._ends_by_length: dict[int, list[int]] = {}

    def longest_from(self, start: int) -> int:
        """Return the length of the longest run at or after `start`; 0 if there is none.

        One that begins right there is shorter by the one character that is the least that code consists of.
        """
        index = bisect_left(self._runs, (start + 1, 0))
        if index == len(self._runs):
            return 0
        end, length = self._runs[index]
        if end - length > start:
            return self._longest[index]
        return max([length - 1, *self._longest[index + 1 : index + 2]])

    def first_end_from(self, start: int, length: int) -> int:
        """Return where the first run ends that has the length and leaves a character of code before it."""
        ends = self._ends_by_length.get(length)
        if ends is None:
            ends = self._ends_by_length[length] = [end for end, longest in self._runs if longest >= length]
        return ends[bisect_left(ends, start + 1 + length)]
