"""UK postcodes: which can exist, and how they are printed."""

from __future__ import annotations

import re

_AREAS = (
    "AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX "
    "FK FY G GIR GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE "
    "NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR "
    "TS TW UB W WA WC WD WF WN WR WS WV YO ZE"
)
_POSTCODE = re.compile(rf"(?:{_AREAS.replace(' ', '|')})[0-9][0-9A-Z]?[0-9][ABD-HJLNP-UW-Z]{{2}}")
_LONGEST_TYPED = 100
_INWARD_LENGTH = 3


def format_postcode(text: str) -> str | None:
    """Return a postcode as it is printed, or None when the text cannot be one.

    >>> format_postcode("sw1a1aa"), format_postcode("XX1 1AA")
    ('SW1A 1AA', None)
    """
    if len(text) > _LONGEST_TYPED:
        return None
    postcode = "".join(text.split()).upper()
    if _POSTCODE.fullmatch(postcode) is None:
        return None
    return f"{postcode[:-_INWARD_LENGTH]} {postcode[-_INWARD_LENGTH:]}"
