"""What is kept by the day, when its day is, and what becomes of it when that changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from attrs import Factory, frozen

from notify_core.notifications.model import expiry_date
from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel, KeyType


class Kind(StrEnum):
    """What is kept by the London day at whose start it goes, under the name of its table."""

    CONTENTS = "notification_contents"
    EVENTS = "notification_events"
    ROWS_APART = "bulk_rows_apart"
    TEXTS = "inbound_sms"
    CALLBACKS = "callbacks"
    CALLS = "callback_attempts"


#: All that is about messages and not about texts that people sent.
OF_MESSAGES = (Kind.CONTENTS, Kind.EVENTS, Kind.ROWS_APART, Kind.CALLBACKS, Kind.CALLS)

#: A letter in one of these may still have to be printed, or looked for: it is kept until that is settled.
UNRESOLVED = frozenset({Status.CREATED, Status.SENDING, Status.PENDING_VIRUS_CHECK})
# A letter that is kept is moved a day before its day, so that it is never hidden from its midnight to the next run.
_AHEAD = timedelta(days=2)


@frozen(order=True)
class ExpiredDay:
    """One kind's rows of one day that has begun, so that nobody can read them any more."""

    day: date
    kind: Kind


@frozen(kw_only=True)
class Applied:
    """What one run of retention did.

    `dropped` are days that are gone, `held` those that others held on to for too long. `swept` counts what was
    removed row by row, because its day had no partition. `letters_kept` is how many letters got another day because
    they are not settled yet, `test_messages` how many messages of test keys are gone for good. `unfinished`: there
    was more to do than there was time for, or something is held, and the rest is promised.
    """

    dropped: tuple[ExpiredDay, ...] = ()
    held: tuple[ExpiredDay, ...] = ()
    swept: Mapping[Kind, int] = Factory(dict)
    letters_kept: int = 0
    test_messages: int = 0
    unfinished: bool = False

    @property
    def got_on(self) -> bool:
        """Whether it did anything: then there is no need to wait before going on."""
        return bool(self.dropped or self.swept or self.letters_kept or self.test_messages)


@frozen(kw_only=True)
class Dated:
    """A message, received text or bulk, and the day on which what is personal about it goes. Nothing personal."""

    id: UUID
    channel: Channel
    made_at: datetime
    expires_on: date
    key_type: KeyType = KeyType.NORMAL
    status: Status | None = None

    @property
    def is_stuck(self) -> bool:
        """Whether it is a letter that is not settled yet. Those of test keys are nobody's."""
        return self.channel is Channel.LETTER and self.key_type is not KeyType.TEST and self.status in UNRESOLVED


@frozen(kw_only=True)
class DatedCallback:
    """A callback and its day. `subject_expires_on` is that of its message, None when it is about none that is known.

    `text_id` is the received text that it is about, if it is about one.
    """

    id: UUID
    made_at: datetime
    expires_on: date
    subject_expires_on: date | None
    text_id: UUID | None


@frozen(kw_only=True)
class Move:
    """What expires on `before` is to expire on `after`; where that day has begun, it goes at once."""

    id: UUID
    before: date
    after: date


@frozen(kw_only=True)
class LetterGone:
    """A letter whose contents are gone, and whose PDF is still to go. `status` is what it was in the end."""

    id: UUID
    reference: str
    created_at: datetime
    key_type: KeyType
    status: Status


class Stage(StrEnum):
    """What a re-dating is at: messages by their keys' type, then what else is dated by the same setting."""

    NORMAL = "normal"
    TEAM = "team"
    TEST = "test"
    ROWS_APART = "rows apart"
    TEXTS = "received texts"
    CALLBACKS = "callbacks"

    @property
    def next(self) -> Stage | None:
        """The stage that comes after it."""
        stages = list(Stage)
        place = stages.index(self) + 1
        return stages[place] if place < len(stages) else None


@frozen(kw_only=True)
class Redating:
    """How far a service's data have been moved to the days of its new setting.

    `change_id` is the change of setting that it is about: a later change begins another. Within `stage`, all from the
    id `before` on is done (None: nothing yet).
    """

    service_id: UUID
    change_id: UUID
    stage: Stage = Stage.NORMAL
    before: UUID | None = None


def day_of(dated: Dated, days_kept: int, today: date) -> date:
    """Return the day on which something goes, kept for `days_kept` days: a letter not before it is settled.

    >>> from datetime import UTC
    >>> made = datetime(2021, 6, 1, 22, 59, tzinfo=UTC)
    >>> text = Dated(id=UUID(int=1), channel=Channel.SMS, made_at=made, expires_on=date(2021, 6, 9))
    >>> day_of(text, 3, date(2021, 6, 2))
    datetime.date(2021, 6, 5)
    """
    wanted = expiry_date(dated.made_at, days_kept)
    return max(wanted, day_of_stuck_letters(today)) if dated.is_stuck else wanted


def day_of_stuck_letters(today: date) -> date:
    """Return the day until which letters that are not settled are kept, as of today."""
    return today + _AHEAD
