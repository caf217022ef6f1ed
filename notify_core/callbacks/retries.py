"""When to call again, and when to stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from attrs import frozen

from notify_core.retries import GiveUp, RetryAfter

#: A wait that an endpoint asks for is kept, up to this.
LONGEST_WAIT = timedelta(hours=24)


@frozen(kw_only=True)
class CallbackRetryPolicy:
    """Wait for each of `delays` in turn, then for the last again and again, until it is `give_up_after` old."""

    delays: tuple[timedelta, ...]
    give_up_after: timedelta

    def after(self, attempts: int, age: timedelta, retry_after: timedelta | None = None) -> RetryAfter | GiveUp:
        """Decide what follows when `attempts` (1 or more) have failed in a way that may pass.

        `age` is for how long it has been tried, `retry_after` what the endpoint asked for.

        >>> CALLBACK_RETRIES.after(1, timedelta(0)).delay, CALLBACK_RETRIES.after(9, timedelta(days=1)).delay
        (datetime.timedelta(seconds=5), datetime.timedelta(seconds=21600))
        >>> CALLBACK_RETRIES.after(1, timedelta(0), timedelta(seconds=90)).delay
        datetime.timedelta(seconds=90)
        >>> CALLBACK_RETRIES.after(20, timedelta(days=3, seconds=1))
        GiveUp()
        """
        if age > self.give_up_after:
            return GiveUp()
        delay = self.delays[min(attempts, len(self.delays)) - 1]
        return RetryAfter(max(delay, min(retry_after or timedelta(0), LONGEST_WAIT)))


CALLBACK_RETRIES = CallbackRetryPolicy(
    delays=(
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(hours=1),
        timedelta(hours=2),
        timedelta(hours=4),
        timedelta(hours=6),
    ),
    give_up_after=timedelta(days=3),
)


def read_retry_after(header: str | None, now: datetime) -> timedelta | None:
    """Return the wait that a Retry-After header asks for, in seconds or as a date; None for nonsense, or no wait.

    >>> read_retry_after("120", datetime(2026, 11, 21, tzinfo=UTC))
    datetime.timedelta(seconds=120)
    >>> read_retry_after("Sat, 21 Nov 2026 00:00:05 GMT", datetime(2026, 11, 21, tzinfo=UTC))
    datetime.timedelta(seconds=5)
    >>> read_retry_after("soon", datetime(2026, 11, 21, tzinfo=UTC))
    """
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        wait = min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
        wait = min((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now, LONGEST_WAIT)
    return wait if wait > timedelta(0) else None
