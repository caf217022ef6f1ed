"""How many fragments of texts a service has free in a financial year."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.errors import NotifyError

FIRST_YEAR = 2016
#: Who sent so many units in the last financial year has none free in this one.
HIGH_VOLUME = 300_000
MOST_FRAGMENTS = 2_000_000_000


@frozen(kw_only=True)
class Allowance:
    """`fragments` free for a service in the financial year that begins in April of `year`.

    `custom` means that somebody decided on another number than the default. `high_volume` means that there are none,
    since the service sent so much in the year before.
    """

    service_id: UUID
    year: int
    fragments: int
    custom: bool = False
    high_volume: bool = False


@frozen(kw_only=True)
class Grounds:
    """What decides on a service's allowance for a year.

    `default` is that of its type of organisation, `custom_before` what somebody decided for the year before, and
    `sent_before` how many units it sent in that year: fragments, each times the multiplier of its country.
    """

    service_id: UUID
    year: int
    default: int
    custom_before: int | None = None
    sent_before: int = 0


class InvalidYear(NotifyError):
    """There is no allowance for that financial year."""

    code = "invalid-year"


class InvalidAllowance(NotifyError):
    """No service can have so many fragments free."""

    code = "invalid-allowance"


def check_year(year: int, this_year: int) -> None:
    """Raise InvalidYear for a financial year before there was a platform, or that has not begun."""
    if year < FIRST_YEAR:
        raise InvalidYear(f"year_start before {FIRST_YEAR} is invalid")
    if year > this_year:
        raise InvalidYear("year_start cannot be in a future financial year")


def allowance_on(grounds: Grounds) -> Allowance:
    """Return the allowance that a service has unless somebody decides otherwise.

    >>> allowance_on(Grounds(service_id=UUID(int=1), year=2026, default=5000, custom_before=9000)).fragments
    9000
    """
    if grounds.sent_before >= HIGH_VOLUME:
        return Allowance(service_id=grounds.service_id, year=grounds.year, fragments=0, high_volume=True)
    if grounds.custom_before is not None:
        return Allowance(
            service_id=grounds.service_id, year=grounds.year, fragments=grounds.custom_before, custom=True
        )
    return Allowance(service_id=grounds.service_id, year=grounds.year, fragments=grounds.default)
