"""What a text message may hold: the GSM alphabet, Welsh letters, and what the rest is replaced with.

The GSM 7-bit alphabet is that of 3GPP TS 23.038; a character of its extension table takes two places. Welsh
letters outside of it are kept, at the price of sending the whole message as UCS-2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from notify_core.content.whitespace import FULL_WIDTH, ZERO_WIDTH

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("^{}\\[~]|€")
WELSH = frozenset("àáäâèéëêìíïîòóöôùúüûẁẃẅŵỳýÿŷÀÁÄÂÈÉËÊÌÍÏÎÒÓÖÔÙÚÜÛẀẂẄŴỲÝŸŶ")
WELSH_OUTSIDE_GSM = WELSH - GSM_BASIC

SMS_ALPHABET = GSM_BASIC | GSM_EXTENSION | WELSH
PRINTABLE_ASCII = frozenset(map(chr, range(0x20, 0x7F)))

UNSUPPORTED = "?"

_REPLACEMENTS = {
    **dict.fromkeys("\u2011–—−", "-"),
    "…": "...",
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys(ZERO_WIDTH, ""),
    **dict.fromkeys(FULL_WIDTH + "\t", " "),
    "Ł": "L",
    "ł": "l",
}

_ACCENT = re.compile("[\u0300-\u036f]")

# A letter and the accents typed after it, joined into one character where Unicode has one. Only so many
# accents at a time: sorting a long run of them takes quadratic time.
_LETTER_WITH_ACCENTS = re.compile("[^\u0300-\u036f][\u0300-\u036f]{1,4}")


class _Downgrade(dict[int, str]):
    """A table for `str.translate` that works out what it does not hold."""

    def __init__(self, alphabet: frozenset[str]) -> None:
        super().__init__({ord(character): character for character in alphabet})
        for character, replacement in _REPLACEMENTS.items():
            self.setdefault(ord(character), replacement)
        self._alphabet = alphabet

    def __missing__(self, code: int) -> str:
        decomposition = unicodedata.decomposition(chr(code))
        if not decomposition or decomposition.startswith("<"):
            return UNSUPPORTED
        first = chr(int(decomposition.split()[0], base=16))
        return first if first in self._alphabet else UNSUPPORTED


_TO_SMS: Mapping[int, str] = _Downgrade(SMS_ALPHABET)
_TO_ASCII: Mapping[int, str] = _Downgrade(PRINTABLE_ASCII)


def has_separate_accents(text: str) -> bool:
    r"""Whether an accent is typed as a character of its own.

    >>> has_separate_accents("cafe\u0301"), has_separate_accents("caf\u00e9")
    (True, False)
    """
    return not text.isascii() and _ACCENT.search(text) is not None


def compose_accents(text: str) -> str:
    r"""Join letters with the accents that follow them, as far as Unicode has one character for both.

    >>> compose_accents("cafe\u0301") == "caf\u00e9"
    True
    """
    if not has_separate_accents(text):
        return text
    return _LETTER_WITH_ACCENTS.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)


def downgrade_to_sms(text: str) -> str:
    """Replace what a text message cannot hold: accents fall off, dashes and quotes become plain, the rest `?`.

    >>> downgrade_to_sms("Škoda – ŵyth… 👍")
    'Skoda - ŵyth... ?'
    """
    if text.isascii() and text.isprintable() and "`" not in text:
        return text
    return text if SMS_ALPHABET.issuperset(text) else text.translate(_TO_SMS)


def downgrade_to_ascii(text: str) -> str:
    r"""Replace whatever is not printable ASCII in the same manner.

    >>> downgrade_to_ascii("Łódź\n£5")
    'Lodz??5'
    """
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_TO_ASCII)


def unsupported_characters(text: str) -> frozenset[str]:
    """Return the characters that a text message can only show as `?`.

    >>> sorted(unsupported_characters("Да?"))
    ['Д', 'а']
    """
    if text.isascii() and "`" not in text and text.isprintable():
        return frozenset()
    return frozenset(
        character for character in set(text) if character != UNSUPPORTED and _TO_SMS[ord(character)] == UNSUPPORTED
    )
