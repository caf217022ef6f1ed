"""What a message costs: the rate of the London day on which it was accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from attrs import field, frozen

from notify_core.calendar import london_midnight
from notify_core.errors import NotifyError
from notify_core.notifications.model import Notification
from notify_core.notifications.status import NEVER_PRINTED, Status
from notify_core.vocabulary import Channel, Postage

MOST_SHEETS = 5

_Since = tuple[tuple[datetime, Decimal], ...]


@frozen(kw_only=True)
class SmsRate:
    """Pounds for a fragment of a text, from the London day `valid_from` until the day of the next rate."""

    valid_from: date
    pounds: Decimal


@frozen(kw_only=True)
class LetterRate:
    """Pounds for a letter of so many sheets, from the London day `valid_from` until the day of its next rate."""

    postage: Postage
    sheets: int
    valid_from: date
    pounds: Decimal


class NoRate(NotifyError):
    """Nobody has said what this costs on that day."""

    code = "no-rate"

    def __init__(self, what: str, day: date) -> None:
        super().__init__(f"There is no rate for {what} on {day}: add one that holds from that day or from one before")


@frozen(kw_only=True)
class Tariff:
    """What everything costs on every day. Every price of the platform comes from here.

    >>> tariff = Tariff(texts=(SmsRate(valid_from=date(2026, 4, 1), pounds=Decimal("0.024")),), letters=())
    >>> tariff.of_text(date(2026, 11, 21))
    Decimal('0.024')
    >>> tariff.of_text(date(2026, 3, 31))
    Traceback (most recent call last):
    ...
    notify_core.billing.rates.NoRate: There is no rate for texts on 2026-03-31: ...
    """

    texts: tuple[SmsRate, ...]
    letters: tuple[LetterRate, ...]
    _texts: _Since = field(init=False, eq=False, repr=False)
    _letters: Mapping[tuple[Postage, int], _Since] = field(init=False, eq=False, repr=False)

    @_texts.default
    def _newest_text_first(self) -> _Since:
        return _newest_first(self.texts)

    @_letters.default
    def _newest_letter_first(self) -> dict[tuple[Postage, int], _Since]:
        alike: dict[tuple[Postage, int], list[LetterRate]] = {}
        for rate in self.letters:
            alike.setdefault((rate.postage, rate.sheets), []).append(rate)
        return {kind: _newest_first(rates) for kind, rates in alike.items()}

    def of_text(self, day: date) -> Decimal:
        """Return pounds for a fragment on a London day. Raises NoRate."""
        rate = self.of_text_at(london_midnight(day))
        if rate is None:
            raise NoRate("texts", day)
        return rate

    def of_letter(self, day: date, postage: Postage | None, sheets: int) -> Decimal:
        """Return pounds for a letter on a London day; one without sheets was never printed. Raises NoRate."""
        rate = self.of_letter_at(london_midnight(day), postage, sheets)
        if rate is None:
            kind = "without postage" if postage is None else f"of postage {postage}"
            raise NoRate(f"letters {kind} with {sheets} {'sheet' if sheets == 1 else 'sheets'}", day)
        return rate

    def of_text_at(self, moment: datetime) -> Decimal | None:
        """Return pounds for a fragment on the London day of `moment`, or None where there is no rate."""
        return _rate_at(self._texts, moment)

    def of_letter_at(self, moment: datetime, postage: Postage | None, sheets: int) -> Decimal | None:
        """Return pounds for a letter on the London day of `moment`, or None where there is no rate."""
        if not sheets:
            return Decimal(0)
        return None if postage is None else _rate_at(self._letters.get((postage, sheets), ()), moment)


def _newest_first(rates: Iterable[SmsRate | LetterRate]) -> _Since:
    """Return rates by the moment from which they hold: comparing moments is much quicker than finding their days."""
    return tuple(sorted(((london_midnight(rate.valid_from), rate.pounds) for rate in rates), reverse=True))


def _rate_at(rates: _Since, moment: datetime) -> Decimal | None:
    return next((pounds for start, pounds in rates if start <= moment), None)


@frozen(kw_only=True, cache_hash=True)
class Cost:
    """The price of one message, before any free allowance. Not `ready` until it is known what is to be paid."""

    ready: bool
    pounds: Decimal | None = None
    details: Mapping[str, Decimal | int | str] = field(factory=dict, hash=False)


_NOT_YET = Cost(ready=False)
_FREE = Cost(ready=True, pounds=Decimal(0))


def cost_of(notification: Notification, tariff: Tariff) -> Cost:
    """Price a message. Emails are free; a text costs its fragments × its country's multiplier, a letter its sheets.

    It is not ready while the message waits to be rendered or scanned, nor where there is no rate.
    """
    if notification.channel is Channel.EMAIL:
        return _FREE
    if notification.status is Status.CREATED and notification.billable_units == 0:
        return _NOT_YET
    if notification.channel is Channel.LETTER:
        return _cost_of_letter(notification, tariff)
    rate = tariff.of_text_at(notification.created_at)
    if rate is None:
        return _NOT_YET
    multiplier = notification.rate_multiplier
    return _priced_text(notification.billable_units, 1 if multiplier is None else multiplier, rate)


def _cost_of_letter(letter: Notification, tariff: Tariff) -> Cost:
    if letter.status is Status.PENDING_VIRUS_CHECK:
        return _NOT_YET
    sheets = 0 if letter.status in NEVER_PRINTED else letter.billable_units
    rate = tariff.of_letter_at(letter.created_at, letter.postage, sheets)
    return _NOT_YET if rate is None else _priced_letter(sheets, letter.postage, rate)


@lru_cache
def _priced_text(fragments: int, multiplier: int, rate: Decimal) -> Cost:
    """Return the price of a text: one of the few that nearly all of them have."""
    return Cost(
        ready=True,
        pounds=fragments * multiplier * rate,
        details={
            "billable_sms_fragments": fragments,
            "international_rate_multiplier": Decimal(multiplier),
            "sms_rate": rate,
        },
    )


@lru_cache
def _priced_letter(sheets: int, postage: Postage | None, rate: Decimal) -> Cost:
    return Cost(
        ready=True,
        pounds=rate,
        details={"billable_sheets_of_paper": sheets} | ({} if postage is None else {"postage": postage.value}),
    )
