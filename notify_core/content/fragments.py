"""How many fragments a text message is sent, and billed, as."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from notify_core.content.alphabet import GSM_EXTENSION, WELSH_OUTSIDE_GSM

Encoding = Literal["gsm7", "unicode"]


@frozen
class FragmentSize:
    """How many characters one fragment holds: `alone`, or `joined` to others, with a header that joins them."""

    alone: int
    joined: int


SIZES: dict[Encoding, FragmentSize] = {
    "gsm7": FragmentSize(alone=160, joined=153),
    "unicode": FragmentSize(alone=70, joined=67),
}
_EXTENSION = "".join(sorted(GSM_EXTENSION))


def unicode_characters(message: str) -> tuple[str, ...]:
    """Return the letters that keep a downgraded message out of the GSM alphabet, in order of appearance.

    >>> unicode_characters("tŷ a thŷ, café â")
    ('ŷ', 'â')
    """
    if message.isascii():
        return ()
    return tuple(character for character in dict.fromkeys(message) if character in WELSH_OUTSIDE_GSM)


def encoding_of(message: str) -> Encoding:
    """Return how a downgraded message travels: one letter outside the GSM alphabet makes all of it unicode.

    >>> encoding_of("Crème"), encoding_of("Dŵr")
    ('gsm7', 'unicode')
    """
    if message.isascii() or WELSH_OUTSIDE_GSM.isdisjoint(message):
        return "gsm7"
    return "unicode"


def extension_count(message: str) -> int:
    """Return how many characters of a downgraded message take two places in the GSM alphabet.

    >>> extension_count("[€5]")
    3
    """
    return sum(map(message.count, _EXTENSION))


def places(message: str, encoding: Encoding) -> int:
    """Return how much room a downgraded message takes, in characters of its encoding.

    >>> places("[€5]", "gsm7"), places("[€5]", "unicode")
    (7, 4)
    """
    return len(message) + extension_count(message) if encoding == "gsm7" else len(message)


def count_fragments(places: int, encoding: Encoding) -> int:
    """Return the number of fragments for that much room; at least 1.

    >>> [count_fragments(length, "gsm7") for length in (0, 160, 161, 306, 307)]
    [1, 1, 2, 2, 3]
    """
    size = SIZES[encoding]
    return 1 if places <= size.alone else -(-places // size.joined)


def above_previous_boundary(places: int, encoding: Encoding) -> int:
    """Return how many characters the last fragment begins with, as if it had been begun by them alone.

    >>> [above_previous_boundary(length, "gsm7") for length in (160, 161, 307)]
    [160, 1, 1]
    """
    size = SIZES[encoding]
    fragments = count_fragments(places, encoding)
    boundary = size.alone if fragments == 2 else size.joined * (fragments - 1)
    return places - boundary
