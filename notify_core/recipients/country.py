"""Countries as people write them, and the postal zone that each is in."""

from __future__ import annotations

import re
from enum import StrEnum

from attrs import frozen

from notify_core.content.alphabet import UNSUPPORTED, downgrade_to_ascii
from notify_core.recipients.data import read_table


class Zone(StrEnum):
    """What postage to a country is priced by. The Channel Islands and the Isle of Man count as the UK."""

    UNITED_KINGDOM = "united-kingdom"
    EUROPE = "europe"
    REST_OF_WORLD = "rest-of-world"


@frozen
class Country:
    """A country under the name that is printed on letters."""

    name: str
    zone: Zone


UNITED_KINGDOM = Country("United Kingdom", Zone.UNITED_KINGDOM)

_AND = str.maketrans({"&": "and", "+": "and"})
_IGNORED = {ord(character): None for character in " _-'’,.()"}
_ARTICLES = ("", "the", "yr", "y")
_LEADING_ARTICLE = re.compile(r"\s*the[\s_-]+", re.IGNORECASE)


def _key(name: str) -> str:
    key = name.translate(_AND).translate(_IGNORED).lower()
    in_ascii = downgrade_to_ascii(key)
    return key if UNSUPPORTED in in_ascii else in_ascii


_COUNTRIES = {
    row["lookup_key"]: Country(row["canonical_name"], Zone(row["zone"])) for row in read_table("postal_zones")
}


def find_country(name: str) -> Country | None:
    """Return the country of that name, code, former name or usual misspelling, in many languages; or None.

    >>> find_country("côte d’ivoire").name, find_country("The Netherlands").zone.value
    ('Ivory Coast', 'europe')
    >>> find_country("France 75001") is None
    True
    """
    if any(character.isdigit() for character in name):
        return None
    key = _key(name)
    for article in _ARTICLES:
        country = _COUNTRIES.get(f"{article}{key}")
        if country is not None:
            return country
    return _COUNTRIES.get(_key(_LEADING_ARTICLE.sub("", name, count=1))) if _LEADING_ARTICLE.match(name) else None
