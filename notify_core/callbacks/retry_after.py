"""For how long an endpoint asks us to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from notify_core.retries import CALLBACK_RETRIES


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
        wait = min(timedelta(seconds=int(text[:9])), CALLBACK_RETRIES.most_patience)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
        wait = min((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now, CALLBACK_RETRIES.most_patience)
    return wait if wait > timedelta(0) else None
