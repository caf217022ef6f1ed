"""The closed sets of words that more than one subject uses. Their values are on the wire and in the database."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """How a message travels. Also the type of a template and of a notification."""

    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"


class KeyType(StrEnum):
    """What an API key may do: write to anyone, to the team and guest list, or to no one really."""

    NORMAL = "normal"
    TEAM = "team"
    TEST = "test"


class Postage(StrEnum):
    """How a letter travels: three classes within the country, two zones abroad."""

    FIRST = "first"
    SECOND = "second"
    ECONOMY = "economy"
    EUROPE = "europe"
    REST_OF_WORLD = "rest-of-world"


class ProviderName(StrEnum):
    """The outside companies that carry messages the last mile."""

    MMG = "mmg"
    FIRETEXT = "firetext"
    SES = "ses"
    DVLA = "dvla"
