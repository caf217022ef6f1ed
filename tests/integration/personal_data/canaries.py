"""Values that occur nowhere else, each in the place of somebody's data, and how they are found again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from itertools import count
from urllib.parse import unquote_plus

from attrs import define, field

_LETTERS = "bcdfghjkmnpqrstvwxz"  # no vowels: neither words nor hexadecimal digits come of them
_LENGTH = 12
# From the numbers that Ofcom keeps free for drama; the first of them have a meaning to the simulators.
_FIRST_NUMBER, _LAST_NUMBER = 300, 899
_BESIDE_DIGITS = re.compile(r"[\s()-]+")


@define
class Canaries:
    """All that were made, by what each of them stands for."""

    _needles: dict[str, str] = field(factory=dict)
    _numbers: Iterator[int] = field(factory=lambda: count(_FIRST_NUMBER))

    def word(self, what: str) -> str:
        """Return a new word, which stands for `what`."""
        word = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        self._needles[word] = what
        return word

    def address(self, what: str, domain: str = "canary.example") -> str:
        """Return a new email address."""
        return f"{self.word(what)}@{domain}"

    def number(self, what: str) -> str:
        """Return a new phone number, as people write it."""
        number = next(self._numbers)
        assert number <= _LAST_NUMBER, "all numbers are used up"
        self._needles[f"7700900{number}"] = what
        return f"07700 900{number}"

    def found_in(self, text: str) -> frozenset[str]:
        """Return what those stand for that are in the text: in any case, and with anything between digits."""
        plain = text.lower()
        readings = {plain, unquote_plus(plain), _BESIDE_DIGITS.sub("", plain)}
        return frozenset(
            what for needle, what in self._needles.items() if any(needle in reading for reading in readings)
        )
