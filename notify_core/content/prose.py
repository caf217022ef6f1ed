"""Lists of things, as people read them."""

from __future__ import annotations

from collections.abc import Sequence


def prose_list(items: Sequence[object]) -> str:
    """Join things with commas and a last "and".

    >>> prose_list(["a pen", "some ID", "a photo"])
    'a pen, some ID and a photo'
    >>> prose_list(["a pen"]), prose_list([])
    ('a pen', '')
    """
    words = [str(item) for item in items]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]])) if words else ""


def markdown_list(items: Sequence[object]) -> str:
    r"""Put things into a bulleted list of their own, even a single one.

    >>> markdown_list(["a pen", "some ID"])
    '\n\n* a pen\n* some ID'
    """
    return "\n\n" + "\n".join(f"* {item}" for item in items)
