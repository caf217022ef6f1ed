"""On which day what is personal goes, and where a letter's PDF is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from notify_core.calendar import london_midnight
from notify_core.letters.files import LetterBucket, bucket_of, name_prefix
from notify_core.notifications.model import expiry_date
from notify_core.notifications.status import Status
from notify_core.retention.model import Dated, Stage, day_of
from notify_core.vocabulary import Channel, KeyType

LETTER = Dated(
    id=UUID(int=1),
    channel=Channel.LETTER,
    made_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
    expires_on=date(2026, 11, 9),
    status=Status.SENDING,
)
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("night", "days", "cutoff"),
    [
        (datetime(2021, 6, 5, 3, tzinfo=UTC), 3, datetime(2021, 6, 1, 23, tzinfo=UTC)),
        (datetime(2021, 4, 5, 3, tzinfo=UTC), 14, datetime(2021, 3, 22, 0, tzinfo=UTC)),
    ],
)
def test_a_night_removes_what_came_before_the_midnight_that_is_so_many_days_ago(
    night: datetime, days: int, cutoff: datetime
) -> None:
    today = night.date()
    moment = timedelta(milliseconds=1)
    assert expiry_date(cutoff - moment, days) <= today
    assert expiry_date(cutoff, days) == today + timedelta(days=1)


@given(seconds=st.integers(0, 15 * 366 * 24 * 3600), days=st.integers(1, 90))
def test_whole_london_days_are_kept_whatever_clocks_do(seconds: int, days: int) -> None:
    made_at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    gone_at = london_midnight(expiry_date(made_at, days))
    kept = gone_at - made_at
    assert timedelta(days=days, hours=-1) <= kept <= timedelta(days=days + 1, hours=1)


@pytest.mark.parametrize("status", [Status.CREATED, Status.SENDING, Status.PENDING_VIRUS_CHECK])
def test_a_letter_that_is_not_settled_goes_the_day_after_tomorrow_at_the_earliest(status: Status) -> None:
    assert day_of(evolve(LETTER, status=status), 7, TODAY) == date(2026, 11, 23)
    assert day_of(evolve(LETTER, status=status), 30, TODAY) == date(2026, 12, 2)


@pytest.mark.parametrize(
    "settled",
    [
        evolve(LETTER, status=Status.DELIVERED),
        evolve(LETTER, status=Status.RETURNED_LETTER),
        evolve(LETTER, key_type=KeyType.TEST),
        evolve(LETTER, channel=Channel.EMAIL),
    ],
)
def test_everything_else_goes_on_its_day(settled: Dated) -> None:
    assert day_of(settled, 7, TODAY) == date(2026, 11, 9)


@pytest.mark.parametrize(
    ("created_at", "folder"),
    [
        (datetime(2026, 1, 2, 17, 30, tzinfo=UTC), "2026-01-02/"),
        (datetime(2026, 1, 2, 17, 30, 0, 1, tzinfo=UTC), "2026-01-03/"),
        (datetime(2026, 7, 1, 16, 31, tzinfo=UTC), "2026-07-02/"),
        (datetime(2026, 7, 1, 23, 0, tzinfo=UTC), "2026-07-02/"),
    ],
)
def test_a_letter_made_after_half_past_five_is_in_the_next_days_folder(created_at: datetime, folder: str) -> None:
    assert name_prefix(LetterBucket.LETTERS, "ab12", created_at) == f"{folder}NOTIFY.AB12."
    assert name_prefix(LetterBucket.TEST, "ab12", created_at) == "NOTIFY.AB12."
    assert name_prefix(LetterBucket.INVALID, "ab12", created_at) == "NOTIFY.AB12."


def test_the_bucket_depends_on_what_became_of_the_letter() -> None:
    assert bucket_of(KeyType.TEST, Status.DELIVERED) is LetterBucket.TEST
    assert bucket_of(KeyType.TEAM, Status.VIRUS_SCAN_FAILED) is LetterBucket.LETTERS
    assert bucket_of(KeyType.NORMAL, Status.VALIDATION_FAILED) is LetterBucket.INVALID


def test_stages_follow_each_other_to_the_last() -> None:
    stages = [Stage.NORMAL]
    while (after := stages[-1].next) is not None:
        stages.append(after)
    assert stages == list(Stage)
