"""Receipts come early, late, twice and in the wrong order; where a message ends does not depend on luck."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from notify_core.notifications.model import Notification, apply_receipt, expiry_date
from notify_core.notifications.status import Status, accepts_receipt
from notify_core.vocabulary import Channel, KeyType, ProviderName

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 13, tzinfo=UTC)
TEXT = Notification(
    id=UUID(int=1),
    service_id=UUID(int=2),
    template_id=UUID(int=3),
    template_version=1,
    channel=Channel.SMS,
    key_type=KeyType.NORMAL,
    api_key_id=UUID(int=4),
    created_at=NOW,
    expires_on=date(2026, 11, 29),
    status=Status.SENDING,
    country_prefix="44",
)
FINAL = [Status.DELIVERED, Status.TEMPORARY_FAILURE, Status.PERMANENT_FAILURE, Status.TECHNICAL_FAILURE]
receipts = st.lists(st.sampled_from([*FINAL, Status.PENDING]), max_size=6)


@given(receipts)
def test_the_first_final_receipt_decides_whatever_follows(statuses: list[Status]) -> None:
    notification = TEXT
    for status in statuses:
        notification = apply_receipt(notification, status, at=LATER)
    final = [status for status in statuses if status in FINAL]
    expected = final[0] if final else (Status.PENDING if statuses else Status.SENDING)
    assert notification.status is expected


@given(receipts, st.sampled_from(Status))
def test_a_repeated_receipt_changes_nothing(statuses: list[Status], start: Status) -> None:
    notification = evolve(TEXT, status=start)
    for status in statuses:
        once = apply_receipt(notification, status, at=LATER)
        assert apply_receipt(once, status, at=LATER) == once
        notification = once


def test_a_receipt_may_come_before_we_know_that_the_text_was_sent() -> None:
    early = apply_receipt(evolve(TEXT, status=Status.CREATED), Status.DELIVERED, at=NOW, provider=ProviderName.MMG)
    assert (early.status, early.sent_by, early.completed_at) == (Status.DELIVERED, ProviderName.MMG, NOW)


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [("7", Status.DELIVERED), ("1", Status.SENT), ("249", Status.SENT)],
)
def test_receipts_from_abroad_count_only_where_networks_can_be_trusted(prefix: str, expected: Status) -> None:
    abroad = evolve(TEXT, status=Status.SENT, international=True, country_prefix=prefix)
    assert apply_receipt(abroad, Status.DELIVERED, at=LATER).status is expected


@pytest.mark.parametrize("prefix", ["1", "249"])
def test_a_test_keys_receipt_is_our_own_and_counts_wherever_the_text_went(prefix: str) -> None:
    abroad = evolve(
        TEXT, key_type=KeyType.TEST, status=Status.SENT, international=True, country_prefix=prefix, sent_at=NOW
    )
    assert apply_receipt(abroad, Status.DELIVERED, at=LATER) == evolve(
        abroad, status=Status.DELIVERED, updated_at=LATER
    )


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.DELIVERED, Status.VALIDATION_FAILED, Status.FAILED])
def test_ended_messages_accept_no_receipt(status: Status) -> None:
    assert not accepts_receipt(Channel.SMS, status)
    assert not accepts_receipt(Channel.EMAIL, status)


def test_an_email_accepts_receipts_before_and_after_its_reference_is_recorded() -> None:
    assert accepts_receipt(Channel.EMAIL, Status.CREATED), "one that names our own id"
    assert accepts_receipt(Channel.EMAIL, Status.SENDING)


def test_a_receipt_ends_every_doubt() -> None:
    doubtful = evolve(
        TEXT,
        status=Status.CREATED,
        attempting_with=ProviderName.MMG,
        doubts=1,
        in_doubt_until=LATER,
        leased_until=LATER,
    )
    told = apply_receipt(doubtful, Status.DELIVERED, at=NOW, provider=ProviderName.MMG)
    assert told == evolve(TEXT, status=Status.DELIVERED, updated_at=NOW, sent_by=ProviderName.MMG, doubts=1), (
        "that there was a doubt is not forgotten"
    )


@pytest.mark.parametrize(
    ("created_at", "days", "expected"),
    [
        (datetime(2026, 11, 21, 12, tzinfo=UTC), 7, date(2026, 11, 29)),
        # 23:30 UTC in June is half past midnight of the next day in London.
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), 7, date(2026, 7, 9)),
    ],
)
def test_contents_are_kept_for_whole_london_days(created_at: datetime, days: int, expected: date) -> None:
    assert expiry_date(created_at, days) == expected
