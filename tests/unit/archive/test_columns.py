"""Every fact is archived, and nothing personal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from notify_adapters.postgres.tables import notification_contents, notifications
from notify_core.archive.columns import COLUMNS, checksum_of, lines_of, rows_of, tally_of, values_of
from notify_core.archive.model import Tally, end_of_month, month_of, name_of_file
from notify_core.notifications.model import Notification
from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel, KeyType, ProviderName

FACTS = Notification(
    id=UUID("019aa3fd-2400-7000-8000-000000000000"),
    service_id=UUID(int=1),
    template_id=UUID(int=2),
    template_version=3,
    channel=Channel.EMAIL,
    key_type=KeyType.NORMAL,
    api_key_id=None,
    created_at=datetime(2025, 10, 26, 1, 30, 0, 123456, tzinfo=UTC),
    expires_on=date(2025, 11, 3),
    status=Status.DELIVERED,
    sent_by=ProviderName.SES,
    reference="",
)
# What others keep of old messages, in the order in which they do. We know nothing of who created them.
THEIRS = [
    "id",
    "job_id",
    "job_row_number",
    "service_id",
    "template_id",
    "template_version",
    "api_key_id",
    "key_type",
    "notification_type",
    "created_at",
    "sent_at",
    "sent_by",
    "updated_at",
    "notification_status",
    "reference",
    "billable_units",
    "international",
    "phone_prefix",
    "rate_multiplier",
    "document_download_count",
    "postage",
]


def test_every_fact_that_is_stored_is_archived() -> None:
    stored = {column.name for column in notifications.columns if column.computed is None}
    assert {column.fact for column in COLUMNS} == stored
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)


def test_nothing_of_the_contents_is_archived() -> None:
    shared = {"service_id", "expires_on"}
    personal = {column.name for column in notification_contents.columns} - shared
    assert not personal & {column.name for column in COLUMNS}


def test_columns_have_the_names_that_others_know() -> None:
    assert [column.name for column in COLUMNS][: len(THEIRS)] == THEIRS


def test_a_value_can_be_read_as_what_it_was() -> None:
    values = dict(zip((column.fact for column in COLUMNS), values_of(FACTS), strict=True))
    assert (values["api_key_id"], values["reference"], values["international"]) == (None, "", "false")
    for column in COLUMNS:
        assert column.read(values[column.fact]) == getattr(FACTS, column.fact)


def test_lines_bring_back_what_was_written() -> None:
    rows = [values_of(FACTS), ["a,b", 'c"d', "e\nf", "ŵ", "", None, *[None] * (len(COLUMNS) - 6)]]
    assert list(rows_of(lines_of(rows))) == rows


def test_a_line_with_too_few_values_is_refused() -> None:
    with pytest.raises(ValueError, match="a row has 2 values, and should have 28"):
        list(rows_of(b"1,2\n"))


def test_the_order_of_rows_makes_no_difference_and_everything_else_does() -> None:
    one, other = values_of(FACTS), [*values_of(FACTS)[:-1], "7"]
    assert tally_of([one, other]) == tally_of([other, one]) == tally_of([one]) + tally_of([other])
    assert tally_of([one]).checksum != tally_of([other]).checksum
    assert tally_of([one, one]) != tally_of([one])
    assert tally_of([[""]]) != tally_of([[None]])
    assert tally_of([]) == Tally(0, 0)


def test_a_checksum_is_a_signed_number_of_64_bits() -> None:
    checksums = [checksum_of(str(number).encode()) for number in range(100)]
    assert all(-(2**63) <= checksum < 2**63 for checksum in checksums)
    assert any(checksum < 0 for checksum in checksums)


def test_a_file_has_one_name_whoever_writes_it() -> None:
    hour = datetime(2025, 11, 2, 3, tzinfo=UTC)
    names = {
        name_of_file("", month, at)
        for month in (date(2025, 10, 1), date(2025, 11, 1))
        for at in (hour, hour.replace(hour=4))
        for _ in range(2)
    }
    assert len(names) == 4
    assert {name.partition("/")[0] for name in names} == {
        "created_at_date_hour=2025-11-02T03",
        "created_at_date_hour=2025-11-02T04",
    }


def test_months_begin_and_end_in_utc() -> None:
    assert month_of(datetime.fromisoformat("2025-07-01T00:30:00+01:00")) == date(2025, 6, 1)
    assert end_of_month(date(2025, 12, 1)) == datetime(2026, 1, 1, tzinfo=UTC)
    assert end_of_month(date(2024, 2, 1)) == datetime(2024, 3, 1, tzinfo=UTC)
