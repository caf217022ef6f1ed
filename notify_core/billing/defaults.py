"""What everything cost since there is a platform, and how many texts were free: what a new one starts with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from notify_core.billing.rates import LetterRate, SmsRate, Tariff
from notify_core.services.model import OrganisationType
from notify_core.vocabulary import Postage

_SMS = (
    ("2016-05-18", "0.0165"),
    ("2017-04-01", "0.0158"),
    ("2021-04-01", "0.0160"),
    ("2022-04-01", "0.0161"),
    ("2022-05-01", "0.0172"),
    ("2023-04-01", "0.0197"),
    ("2024-04-01", "0.0227"),
    ("2025-04-01", "0.0233"),
    ("2026-04-01", "0.024"),
)

# By the number of sheets, from one to five.
_LETTERS = (
    ("economy", "2025-04-01", "0.59 0.64 0.68 0.73 0.78"),
    ("economy", "2026-01-05", "0.64 0.69 0.73 0.78 0.82"),
    ("economy", "2026-07-01", "0.638 0.684 0.724 0.779 0.823"),
    ("second", "2025-04-01", "0.68 0.72 0.77 0.82 0.86"),
    ("second", "2026-01-05", "0.73 0.77 0.82 0.87 0.91"),
    ("first", "2025-04-01", "1.49 1.53 1.57 1.63 1.67"),
    ("first", "2026-04-07", "1.56 1.61 1.66 1.71 1.76"),
    ("europe", "2025-02-06", "1.56 1.61 1.66 1.71 1.76"),
    ("europe", "2026-01-05", "1.72 1.77 1.82 1.85 1.90"),
    ("europe", "2026-05-03", "1.80 1.84 1.88 1.92 1.96"),
    ("rest-of-world", "2025-02-06", "1.56 1.61 1.66 1.71 1.76"),
    ("rest-of-world", "2026-01-05", "1.72 1.77 1.82 1.85 1.90"),
    ("rest-of-world", "2026-05-03", "1.80 1.84 1.88 1.92 1.96"),
)


def _letter_rates() -> Iterator[LetterRate]:
    for postage, day, pounds in _LETTERS:
        for sheets, rate in enumerate(pounds.split(), start=1):
            yield LetterRate(
                postage=Postage(postage), sheets=sheets, valid_from=date.fromisoformat(day), pounds=Decimal(rate)
            )


DEFAULT_TARIFF = Tariff(
    texts=tuple(SmsRate(valid_from=date.fromisoformat(day), pounds=Decimal(rate)) for day, rate in _SMS),
    letters=tuple(_letter_rates()),
)

_LARGE = {2016: 250_000, 2021: 150_000, 2022: 40_000, 2023: 40_000, 2024: 30_000, 2026: 20_000}
_MIDDLE = {2016: 25_000, 2021: 25_000, 2022: 20_000, 2023: 20_000, 2024: 10_000, 2026: 10_000}
_SMALL = {2016: 25_000, 2021: 10_000, 2022: 10_000, 2023: 10_000, 2024: 5_000, 2026: 5_000}

#: Free fragments of texts in a year, by the financial year from which that holds. None is who has not said.
DEFAULT_ALLOWANCES: Mapping[OrganisationType | None, Mapping[int, int]] = {
    OrganisationType.CENTRAL: _LARGE,
    OrganisationType.NHS_CENTRAL: _LARGE,
    OrganisationType.LOCAL: _MIDDLE,
    OrganisationType.NHS_LOCAL: _MIDDLE,
    OrganisationType.EMERGENCY_SERVICE: _MIDDLE,
    OrganisationType.SCHOOL_OR_COLLEGE: _SMALL,
    OrganisationType.OTHER: _SMALL,
    None: _SMALL,
    OrganisationType.NHS_GP: _SMALL | {2024: 0, 2026: 0},
    OrganisationType.NHS_NOTIFY: {2016: 0, 2026: 0},
}
