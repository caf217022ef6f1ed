"""When a letter is printed, when it arrives, and until when it can be called back. All in London time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from attrs import frozen

from notify_core.calendar import (
    MONDAY_TO_FRIDAY,
    MONDAY_TO_SATURDAY,
    WorkingDays,
    from_london_time,
    london_time,
)
from notify_core.errors import NotifyError

CUT_OFF = time(17, 30)
"""Letters that arrive at this time or later are printed a working day later."""

PRINTED_BY = time(15, 0)
DELIVERED_BY = time(16, 0)

DVLA = MONDAY_TO_FRIDAY
"""The days on which the printers work."""

CANCELLABLE_STATUSES = frozenset({"created", "pending-virus-check"})
"""The statuses of a letter that nobody has begun to print."""

CANCELLABLE_STATUSES_IN_JOBS = CANCELLABLE_STATUSES | {
    "cancelled",
    "virus-scan-failed",
    "validation-failed",
    "technical-failure",
}
"""The statuses of letters that do not stand in the way of cancelling a whole job."""

_WHAT_IS_LEFT_OF_THE_DAY = timedelta(hours=24 - CUT_OFF.hour, minutes=-CUT_OFF.minute)


class _Postage(NamedTuple):
    """Between which working days after the first one a letter arrives."""

    earliest: int
    latest: int
    royal_mail: WorkingDays


_POSTAGES = {
    "first": _Postage(0, 0, MONDAY_TO_SATURDAY),
    "second": _Postage(3, 4, MONDAY_TO_FRIDAY),
    "economy": _Postage(3, 6, MONDAY_TO_FRIDAY),
    "europe": _Postage(3, 5, MONDAY_TO_FRIDAY),
    "rest-of-world": _Postage(5, 7, MONDAY_TO_FRIDAY),
}


class UnknownPostage(NotifyError):
    """There is no postage of that name."""

    code = "unknown-postage"

    def __init__(self, postage: object) -> None:
        super().__init__(f"{postage!r} is not a postage. Choose among: {', '.join(_POSTAGES)}")


@frozen(kw_only=True)
class LetterTimings:
    """What is expected of a letter. Moments are UTC."""

    printed_by: datetime
    earliest_delivery: datetime
    latest_delivery: datetime

    def is_printed(self, now: datetime) -> bool:
        """Whether it should have been printed."""
        return now > self.printed_by

    @property
    def estimated_delivery(self) -> str:
        """The latest delivery, as the API writes it."""
        return self.latest_delivery.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def royal_mail(postage: str) -> WorkingDays:
    """Return the days on which letters of that postage are delivered. Raises UnknownPostage.

    >>> royal_mail("first") == royal_mail("second")
    False
    """
    return _postage(postage).royal_mail


def _postage(name: str) -> _Postage:
    postage = _POSTAGES.get(name)
    if postage is None:
        raise UnknownPostage(name)
    return postage


def letter_timings(uploaded_at: datetime, postage: str) -> LetterTimings:
    """Return what is expected of a letter that was uploaded at that aware moment. Raises UnknownPostage.

    Seconds of the upload survive in every moment: the original never set them, and its clients see them.

    >>> from datetime import UTC
    >>> timings = letter_timings(datetime(2025, 6, 2, 10, tzinfo=UTC), "second")
    >>> timings.printed_by.isoformat(), timings.estimated_delivery
    ('2025-06-03T14:00:00+00:00', '2025-06-10T15:00:00.000000Z')
    """
    terms = _postage(postage)
    uploaded = london_time(uploaded_at).replace(tzinfo=None)
    print_day = DVLA.after((uploaded + _WHAT_IS_LEFT_OF_THE_DAY).date(), 1)

    def at(day: date, clock: time) -> datetime:
        seconds = time(clock.hour, clock.minute, uploaded.second, uploaded.microsecond)
        return from_london_time(datetime.combine(day, seconds))

    return LetterTimings(
        printed_by=at(print_day, PRINTED_BY),
        earliest_delivery=at(terms.royal_mail.after(print_day, 1 + terms.earliest), DELIVERED_BY),
        latest_delivery=at(terms.royal_mail.after(print_day, 1 + terms.latest), DELIVERED_BY),
    )


def too_late_to_cancel(created_at: datetime, now: datetime) -> bool:
    """Whether a letter that was created at that aware moment is on its way to the printers by `now`.

    The cut-off is taken to the minute.

    >>> from datetime import UTC
    >>> created_at = datetime(2025, 6, 3, 9, tzinfo=UTC)
    >>> too_late_to_cancel(created_at, datetime(2025, 6, 3, 16, 29, tzinfo=UTC))
    False
    >>> too_late_to_cancel(created_at, datetime(2025, 6, 3, 16, 30, tzinfo=UTC))
    True
    """
    created, current = london_time(created_at), london_time(now)
    cut_off_today, cut_off_then = _cut_off(current), _cut_off(created)
    days = (current.date() - created.date()).days
    if current >= cut_off_today and created <= cut_off_today:
        return True
    return days > 1 or (days == 1 and created <= cut_off_then)


def _cut_off(moment: datetime) -> datetime:
    return moment.replace(hour=CUT_OFF.hour, minute=CUT_OFF.minute)


def can_be_cancelled(status: str, created_at: datetime, now: datetime) -> bool:
    """Whether a letter can still be called back.

    >>> from datetime import UTC
    >>> made, same_morning = datetime(2025, 6, 2, 8, tzinfo=UTC), datetime(2025, 6, 2, 9, tzinfo=UTC)
    >>> can_be_cancelled("created", made, same_morning), can_be_cancelled("sending", made, same_morning)
    (True, False)
    """
    return status in CANCELLABLE_STATUSES and not too_late_to_cancel(created_at, now)
