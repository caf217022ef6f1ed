"""Where the PDF of a letter is kept."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from notify_core.calendar import london_time
from notify_core.notifications.status import Status
from notify_core.vocabulary import KeyType

# A letter made later than this, by London's clocks, is printed on the next day.
_LAST_OF_THE_DAY = time(17, 30)


class LetterBucket(StrEnum):
    """The buckets that letters' PDFs are kept in: those to be printed, those that will not do, those of test keys."""

    LETTERS = "letters-pdf"
    INVALID = "invalid-pdf"
    TEST = "test-letters"


def bucket_of(key_type: KeyType, status: Status) -> LetterBucket:
    """Return the bucket that a letter's PDF is in.

    >>> str(bucket_of(KeyType.NORMAL, Status.DELIVERED)), str(bucket_of(KeyType.TEST, Status.VALIDATION_FAILED))
    ('letters-pdf', 'invalid-pdf')
    """
    if status is Status.VALIDATION_FAILED:
        return LetterBucket.INVALID
    return LetterBucket.TEST if key_type is KeyType.TEST else LetterBucket.LETTERS


def print_date(created_at: datetime) -> date:
    """Return the London day on which a letter is to be printed.

    >>> from datetime import UTC
    >>> print_date(datetime(2026, 7, 1, 16, 30, tzinfo=UTC)), print_date(datetime(2026, 7, 1, 16, 30, 1, tzinfo=UTC))
    (datetime.date(2026, 7, 1), datetime.date(2026, 7, 2))
    """
    local = london_time(created_at)
    return local.date() + timedelta(days=local.time() > _LAST_OF_THE_DAY)


def name_prefix(bucket: LetterBucket, reference: str, created_at: datetime) -> str:
    """Return what the name of a letter's PDF begins with. What follows tells printers how to print it.

    >>> from datetime import UTC
    >>> name_prefix(LetterBucket.LETTERS, "foo1", datetime(2026, 1, 2, 18, tzinfo=UTC))
    '2026-01-03/NOTIFY.FOO1.'
    """
    folder = f"{print_date(created_at)}/" if bucket is LetterBucket.LETTERS else ""
    return f"{folder}NOTIFY.{reference.upper()}."
