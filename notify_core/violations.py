"""The sentences that tell what is wrong with a value, in the words clients of the API know.

They are those of a JSON Schema validator: values are echoed as Python writes them, without apostrophes.
"""

from __future__ import annotations

from collections.abc import Iterable

# A value is echoed whole as long as clients may depend on it; a megabyte of it helps nobody.
LONGEST_ECHO = 1100
SHORTENED_ECHO = 200


def echo(value: object) -> str:
    """Return a value as error messages show it.

    >>> echo({"a": [None, "b"]}), echo("it's")
    ('{a: [None, b]}', '"its"')
    """
    return shorten(bare(value))


def bare(value: object) -> str:
    """Return a value as Python writes it, without apostrophes."""
    return repr(value).replace("'", "")


def shorten(text: str) -> str:
    """Return the text, cut short when it is longer than anybody would read."""
    return text if len(text) <= LONGEST_ECHO else text[:SHORTENED_ECHO]


def unexpected(names: Iterable[str]) -> str:
    """Return the sentence about properties that there should not be; there must be one at least.

    >>> unexpected({"foo", "bar"})
    'Additional properties are not allowed (bar, foo were unexpected)'
    """
    surplus = sorted(names)
    verb = "was" if len(surplus) == 1 else "were"
    told = shorten(", ".join(bare(name) for name in surplus))
    return f"Additional properties are not allowed ({told} {verb} unexpected)"
