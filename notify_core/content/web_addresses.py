"""Addresses of the web in running text, with or without `https://` in front, as eager programs find them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import NamedTuple

# Labels with dots between them; the last one to begin with letters only is taken for a top-level domain.
_LABELS = re.compile(r"[\w\-]+(?:\.[\w\-]+)+")
_TOP_LEVEL = re.compile(r"\.[a-z]{2,63}(?!@)\b", re.IGNORECASE)
_START = re.compile(r"\b(?<![@.])(?=[\w\-])")
_SCHEME = re.compile(r"\b(?<![@.])https?://\Z", re.IGNORECASE)
_LONGEST_SCHEME = len("https://")
_PATH = re.compile(r"[/?#][^<\s]*")


class WebAddress(NamedTuple):
    """An address found in a text, from `start` to before `end`."""

    start: int
    end: int


def find_web_addresses(text: str) -> Iterator[WebAddress]:
    """Yield the addresses in a text, in order, without overlaps.

    >>> text = "See gov.uk/pay, HTTPS://example.com or jo@example.org"
    >>> [text[start:end] for start, end in find_web_addresses(text)]
    ['gov.uk/pay,', 'HTTPS://example.com']
    """
    top_levels = [(match.start(), match.end()) for match in _TOP_LEVEL.finditer(text)]
    taken = 0
    for labels in _LABELS.finditer(text) if top_levels else ():
        while taken < labels.end():
            found = _address_in(text, labels, taken, top_levels)
            if found is None:
                break
            yield found
            taken = found.end


def _address_in(text: str, labels: re.Match[str], taken: int, top_levels: list[tuple[int, int]]) -> WebAddress | None:
    """Return the first address within these labels that starts where nothing is taken."""
    index = bisect_left(top_levels, (labels.end(), 0)) - 1
    if index < 0:
        return None
    dot, domain_end = top_levels[index]
    start = _start(text, labels, taken)
    if start is None or start >= dot:
        return None
    path = _PATH.match(text, domain_end)
    return WebAddress(start, domain_end if path is None else path.end())


def _start(text: str, labels: re.Match[str], taken: int) -> int | None:
    if taken <= labels.start():
        scheme = _SCHEME.search(text, max(taken, labels.start() - _LONGEST_SCHEME), labels.start())
        if scheme is not None:
            return scheme.start()
    match = _START.search(text, max(taken, labels.start()), labels.end())
    return None if match is None else match.start()


def replace_web_addresses(text: str, replace: Callable[[str], str]) -> str:
    """Return the text with each address replaced by what the function makes of it.

    >>> replace_web_addresses("a gov.uk b", str.upper)
    'a GOV.UK b'
    """
    pieces: list[str] = []
    position = 0
    for start, end in find_web_addresses(text):
        pieces += [text[position:start], replace(text[start:end])]
        position = end
    return "".join([*pieces, text[position:]])
