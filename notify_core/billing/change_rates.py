"""Say what something costs from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from attrs import frozen

from notify_core.billing.rates import MOST_SHEETS, LetterRate, SmsRate, Tariff
from notify_core.calendar import london_date
from notify_core.clock import Clock
from notify_core.errors import NotifyError
from notify_core.unit_of_work import Database

_MOST_POUNDS = 100
_MOST_DECIMALS = 5
_FARTHEST = timedelta(days=2 * 366)


class InvalidRate(NotifyError):
    """Nothing can cost that, or not from that day on."""

    code = "invalid-rate"


@frozen
class ListRates:
    """All rates that there are."""

    database: Database

    def __call__(self) -> Tariff:
        """Return them."""
        with self.database.statement() as work:
            return work.billing.tariff()


@frozen
class AddRate:
    """Add a rate. The one before it ends on the day from which it holds."""

    database: Database
    clock: Clock

    def __call__(self, rate: SmsRate | LetterRate, *, correct: bool = False) -> Tariff:
        """Return all rates as they now are. Raises InvalidRate. Safe to repeat.

        Only with `correct` may a rate hold from a day that has begun, or take the place of another: what was sent
        since then costs something else afterwards.
        """
        _check(rate, today := london_date(self.clock()))
        with self.database.begin() as work:
            tariff = work.billing.tariff()
            if rate in tariff.texts or rate in tariff.letters:
                return tariff
            if not correct:
                _check_changes_nothing(rate, tariff, today)
            work.billing.put_rate(rate)
            tariff = work.billing.tariff()
            work.commit()
        return tariff


def _check(rate: SmsRate | LetterRate, today: date) -> None:
    pounds = rate.pounds
    if not pounds.is_finite() or not 0 < pounds < _MOST_POUNDS:
        raise InvalidRate(f"pounds: {pounds} is not more than 0 and less than {_MOST_POUNDS}")
    if round(pounds, _MOST_DECIMALS) != pounds:
        raise InvalidRate(f"pounds: {pounds} has more than {_MOST_DECIMALS} decimals")
    if isinstance(rate, LetterRate) and not 1 <= rate.sheets <= MOST_SHEETS:
        raise InvalidRate(f"sheets: {rate.sheets} is not from 1 to {MOST_SHEETS}")
    if rate.valid_from > today + _FARTHEST:
        raise InvalidRate(f"from: {rate.valid_from} is more than two years ahead")


def _check_changes_nothing(rate: SmsRate | LetterRate, tariff: Tariff, today: date) -> None:
    if rate.valid_from <= today:
        raise InvalidRate(
            f"from: {rate.valid_from} has begun, so what was sent since would cost something else;"
            " give a day to come, or ask for a correction"
        )
    for other in alike(rate, tariff):
        if other.valid_from == rate.valid_from:
            raise InvalidRate(
                f"from: there is a rate from {rate.valid_from} already, {other.pounds} pounds;"
                " give another day, or ask for a correction"
            )


def alike(rate: SmsRate | LetterRate, tariff: Tariff) -> Sequence[SmsRate | LetterRate]:
    """Return the rates of the same kind: of texts, or of letters of the same postage and as many sheets."""
    if isinstance(rate, SmsRate):
        return tariff.texts
    return [one for one in tariff.letters if (one.postage, one.sheets) == (rate.postage, rate.sheets)]


def ends_on(rate: SmsRate | LetterRate, tariff: Tariff) -> date | None:
    """Return the day from which the next rate of its kind holds, or None while there is no next one."""
    later = [other.valid_from for other in alike(rate, tariff) if other.valid_from > rate.valid_from]
    return min(later, default=None)
