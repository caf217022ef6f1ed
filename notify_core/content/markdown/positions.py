"""Where things are in a text, looked up instead of searched for.

A search that may run to the end of the text, begun at every bracket, takes quadratic time when somebody
writes nothing but brackets. Finding all places once, and then looking up the next one, does not.
"""

from __future__ import annotations

import re
from bisect import bisect_left

NOWHERE = -1


class Positions:
    """The places at which a pattern matches, in order."""

    __slots__ = ("_places",)

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self._places = [match.start() for match in pattern.finditer(text)]

    def first_from(self, position: int) -> int:
        """Return the first place at or after `position`, or NOWHERE.

        >>> commas = Positions(re.compile(","), "a,b,c")
        >>> commas.first_from(2), commas.first_from(4)
        (3, -1)
        """
        index = bisect_left(self._places, position)
        return self._places[index] if index < len(self._places) else NOWHERE
