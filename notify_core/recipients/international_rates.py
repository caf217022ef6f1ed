"""What texting a country costs, and what its networks do: the table by prefix."""

from __future__ import annotations

from attrs import frozen

from notify_core.recipients.data import read_table

NORTH_AMERICA = 1
"""The country code that many countries share; some of them have a longer prefix of their own."""

_PREFIX_IN_NORTH_AMERICA = 4


@frozen(kw_only=True)
class Rate:
    """One prefix. `multiplier` says how many domestic texts one costs; the others are as published."""

    prefix: str
    multiplier: int
    alphanumeric_senders: str
    delivery_receipts: str


RATES = {
    row["prefix"]: Rate(
        prefix=row["prefix"],
        multiplier=int(row["rate_multiplier"]),
        alphanumeric_senders=row["alpha"],
        delivery_receipts=row["dlr"],
    )
    for row in read_table("international_sms_rates")
}


def country_prefix(country_code: int, national_number: str) -> str:
    """Return the prefix that a number is rated by: its country code, or in North America a longer one.

    >>> country_prefix(33, "612345678"), country_prefix(1, "2025550123"), country_prefix(1, "8765551234")
    ('33', '1', '1876')
    """
    if country_code == NORTH_AMERICA:
        longer = f"{NORTH_AMERICA}{national_number}"[:_PREFIX_IN_NORTH_AMERICA]
        if longer in RATES:
            return longer
    return str(country_code)


def delivery_receipts_trusted(prefix: str) -> bool:
    """Whether networks of that country report truly what became of a text.

    >>> delivery_receipts_trusted("44"), delivery_receipts_trusted("1"), delivery_receipts_trusted("no prefix")
    (True, False, False)
    """
    rate = RATES.get(prefix)
    return rate is not None and rate.delivery_receipts.upper() == "YES"
