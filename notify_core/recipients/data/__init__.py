"""Tables that rules look things up in, as they are published: rates, postal zones, bank holidays."""

from __future__ import annotations

import csv
from importlib.resources import files


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of one table, by column.

    >>> read_table("bank_holidays_england_wales")[0]["date"]
    '2018-01-01'
    """
    text = (files(__name__) / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
