"""Spaces that cannot be seen, or that are not what they seem: which there are, and how text gets rid of them."""

from __future__ import annotations

import re

ZERO_WIDTH = "\u180e\u200b\u200c\u200d\u2060\ufeff\u2028\u2029"
"""Characters that take no room on the page. U+2028 and U+2029 are line breaks where lines are looked at."""

FULL_WIDTH = "\u00a0\u202f"
"""Spaces that do not break."""

ASCII_SPACE = " \t\n\r\v\f"
ALL_SPACE = ASCII_SPACE + ZERO_WIDTH + FULL_WIDTH

_NOTHING_OBSCURE = {ord(character): None for character in ZERO_WIDTH + FULL_WIDTH}
_NO_ZERO_WIDTH = {ord(character): None for character in ZERO_WIDTH}
# The first character of a run, then the rest of it: a run that leads to nothing is looked at only once.
_LOOSE = (" ,", " .", "\t,", "\t.")
_SPACE_BEFORE_PUNCTUATION = re.compile(r"[ \t](?<![ \t][ \t])[ \t]*([,.])")


def clean(text: str) -> str:
    r"""Delete every obscure space, wherever it is, and ordinary space from the ends.

    >>> clean(" 07400\u00a0123 456\u200b\n")
    '07400123 456'
    """
    if text.isascii():
        return text.strip(ASCII_SPACE)
    return text.translate(_NOTHING_OBSCURE).strip(ASCII_SPACE)


def one_line(text: str) -> str:
    r"""Put text on one line, with single spaces between words and none at the ends.

    >>> one_line("  a\u00a0\u200b b\nc ")
    'a b c'
    """
    if text.isascii():
        return " ".join(text.split())
    return " ".join(text.translate(_NO_ZERO_WIDTH).split())


def normalise_lines(text: str) -> str:
    r"""Apply `one_line` to every line. Whatever Python takes for a line break becomes a newline.

    >>> normalise_lines(" a  b \r\n\r\n c\u2028d")
    'a b\n\nc\nd'
    """
    return "\n".join([one_line(line) for line in text.splitlines()])


def tighten(text: str) -> str:
    """Delete spaces and tabs that stand before a comma or full stop.

    >>> tighten("Dear Jo , welcome .")
    'Dear Jo, welcome.'
    """
    if not any(map(text.__contains__, _LOOSE)):
        return text
    return _SPACE_BEFORE_PUNCTUATION.sub(r"\1", text)
