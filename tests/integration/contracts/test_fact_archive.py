"""What the database does for the archive: months, hours, claims, and the removal of what was verified."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_adapters.postgres.archive import _EXPORT, _TALLY
from notify_adapters.postgres.session import Mode, Session
from notify_core.archive.columns import rows_of, tally_of, values_of
from notify_core.archive.model import HOUR, ArchivedHour, ArchivedMonth, Removal, Span, Tally, name_of_file
from notify_core.identifiers import NewId, uuid7
from notify_core.notifications.model import Notification
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.contracts.conftest import (
    CIPHER,
    Accept,
    empty,
    entry_for,
    ids_of,
    message_of,
    put_partitions_back,
)

MONTH = date(2026, 11, 1)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = datetime(2027, 12, 26, 1, 35, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(request: pytest.FixtureRequest, database: Database) -> Iterator[Database]:
    yield database
    if isinstance(database, PostgresDatabase):
        put_partitions_back(request.getfixturevalue("postgres_engine"))


def hour_at(moment: datetime, month: date = MONTH) -> ArchivedHour:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return ArchivedHour(month=month, hour=hour, key=name_of_file("", month, hour))


def watch(database: Database, month: date = MONTH) -> None:
    with database.begin() as work:
        assert work.archive.watch(month)
        work.commit()


def ask(database: Database, method: str, *args: Any, **more: Any) -> Any:
    with database.statement() as work:
        return getattr(work.archive, method)(*args, **more)


def claim(database: Database, moment: datetime = NOON, now: datetime = LATER) -> ArchivedHour | None:
    found: ArchivedHour | None = ask(database, "claim", hour_at(moment), now=now, until=now + MINUTE)
    return found


def verify(database: Database, moment: datetime, *, fingerprint: str = "abc") -> ArchivedHour:
    """Have the hour of that moment verified, as if there were a file."""
    claimed = claim(database, moment)
    assert claimed is not None
    done = evolve(
        claimed,
        tally=ask(database, "tally", MONTH, claimed.hour),
        fingerprint=fingerprint,
        uploaded_at=LATER,
        verified_at=LATER,
    )
    assert ask(database, "save", done)
    return evolve(done, leased_until=None)


def verify_all(database: Database, *moments: datetime) -> None:
    watch(database)
    for moment in moments:
        verify(database, moment)
    empty = [hour_at(hour) for hour in ask(database, "unverified", MONTH)]
    assert ask(database, "skip_empty", empty, at=LATER) == []


def remove(database: Database, month: date = MONTH) -> Removal:
    with database.begin() as work:
        removal = work.archive.remove(month, at=LATER)
        if removal is Removal.REMOVED:
            work.commit()
    return removal


def change(database: Database, facts: Notification, **more: Any) -> None:
    with database.begin() as work:
        work.notifications.save(evolve(facts, **more))
        work.commit()


def test_months_that_ended_are_found(database: Database, accept: Accept) -> None:
    accept()
    assert MONTH in ask(database, "months_before", datetime(2026, 12, 1, tzinfo=UTC))
    assert MONTH not in ask(database, "months_before", datetime(2026, 11, 30, 23, tzinfo=UTC))
    months = ask(database, "months_before", LATER)
    assert months == sorted(months)


def test_a_month_reaches_as_far_as_its_messages(database: Database, accept: Accept) -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC)
    assert ask(database, "span", MONTH) == Span(datetime(2026, 11, 1, tzinfo=UTC), end)
    accept(created_at=end + timedelta(days=9, minutes=10), job_id=UUID(int=9), job_row_number=3)
    accept(created_at=datetime(2026, 10, 31, 22, 59, tzinfo=UTC))
    assert ask(database, "span", MONTH) == Span(
        datetime(2026, 10, 31, 22, tzinfo=UTC), end + timedelta(days=9, hours=1)
    )
    unverified = ask(database, "unverified", MONTH)
    assert (unverified[0], unverified[-1]) == (
        datetime(2026, 10, 31, 22, tzinfo=UTC),
        end + timedelta(days=9),
    )
    assert len(unverified) == len(set(unverified)) == 2 + 30 * 24 + 9 * 24 + 1


def test_an_hour_is_exported_and_counted_alike(database: Database, accept: Accept, clock: FixedClock) -> None:
    strange: list[dict[str, Any]] = [
        {"created_at": NOON + timedelta(microseconds=1)},
        {
            "channel": Channel.EMAIL,
            "key_type": KeyType.TEST,
            "api_key_id": None,
            "status": Status.PERMANENT_FAILURE,
            "updated_at": NOON + timedelta(days=3, microseconds=999_999),
            "sent_at": NOON,
            "sent_by": ProviderName.SES,
            "reference": 'a, "b"\nc\\N 🐈',
            "rate_multiplier": None,
            "country_prefix": None,
        },
        {"reference": "", "international": True, "billable_units": 7, "doubts": 2, "attempts": 48},
        {"job_id": UUID(int=3), "job_row_number": 0, "scheduled_for": NOON, "document_download_count": 1},
        {"leased_until": NOON, "in_doubt_until": NOON, "attempting_with": ProviderName.MMG},
        {"created_at": NOON + HOUR - timedelta(microseconds=1)},
    ]
    expected = [values_of(accept(**more).notification) for more in strange]
    accept(created_at=NOON + HOUR)
    accept(created_at=NOON - timedelta(microseconds=1))
    with database.statement() as work:
        lines = list(work.archive.export(MONTH, NOON))
        tally = work.archive.tally(MONTH, NOON)
        assert (list(work.archive.export(MONTH, NOON + 2 * HOUR)), work.archive.tally(MONTH, NOON + 2 * HOUR)) == (
            [],
            Tally(),
        )
    rows = [row for some in lines for row in rows_of(some)]
    assert sorted(rows, key=lambda row: row[0] or "") == expected
    assert tally == tally_of(expected)


def test_many_rows_come_in_batches(postgres_engine: Engine) -> None:
    session = Session(postgres_engine, Mode.STATEMENT, lambda: None)
    statement = "COPY (SELECT generate_series(1, 120)) TO STDOUT (FORMAT csv)"
    batches = list(session.copy_out(statement, rows_at_a_time=50))
    assert [batch.count(b"\n") for batch in batches] == [50, 50, 20]
    # Somebody who has seen enough leaves the connection as it was.
    assert next(iter(session.copy_out(statement, rows_at_a_time=1))) == b"1\n"
    assert [row.seven for row in session.rows("SELECT 7 AS seven", {})] == [7]
    session.end()


def test_only_one_can_be_at_an_hour(database: Database, accept: Accept) -> None:
    accept()
    first = claim(database)
    assert first is not None
    assert (first.key, first.leased_until, first.tally) == (hour_at(NOON).key, LATER + MINUTE, Tally())
    assert claim(database) is None
    assert claim(database, NOON + HOUR) is not None
    second = claim(database, now=LATER + MINUTE)
    assert second is not None
    assert second.leased_until == LATER + 2 * MINUTE
    uploaded = evolve(first, tally=ask(database, "tally", MONTH, NOON), fingerprint="x", uploaded_at=LATER)
    assert not ask(database, "save", uploaded), "it is somebody else's by now"
    ask(database, "redo", uploaded)
    assert ask(database, "save", evolve(uploaded, leased_until=second.leased_until))


def test_what_is_saved_is_found_when_it_is_claimed_again(database: Database, accept: Accept) -> None:
    accept()
    claimed = claim(database)
    assert claimed is not None
    uploaded = evolve(claimed, tally=ask(database, "tally", MONTH, NOON), fingerprint='"etag"', uploaded_at=LATER)
    assert ask(database, "save", uploaded)
    assert claim(database) == uploaded, "which ended the claim"
    assert ask(database, "count_uploaded", LATER) == 1
    assert ask(database, "count_uploaded", LATER + MINUTE) == 0
    assert ask(database, "find", claimed.key) == uploaded
    assert ask(database, "find", "another") is None
    ask(database, "redo", uploaded)
    again = claim(database)
    assert again is not None
    assert (again.uploaded_at, again.fingerprint) == (None, '"etag"')


def test_a_verified_hour_needs_nothing_more(database: Database, accept: Accept) -> None:
    accept()
    watch(database)
    done = verify(database, NOON)
    assert NOON not in ask(database, "unverified", MONTH)
    assert claim(database) is None
    assert ask(database, "hours", MONTH) == [done]
    ask(database, "redo", done)
    assert NOON in ask(database, "unverified", MONTH)


def test_hours_without_facts_are_skipped(database: Database, accept: Accept) -> None:
    accept()
    accept(created_at=NOON + 2 * HOUR)
    watch(database)
    assert claim(database, NOON + HOUR) is not None
    hours = [hour_at(NOON + number * HOUR) for number in range(5)]
    others = ask(database, "skip_empty", hours, at=LATER)
    assert others == hours[:3], "of the second somebody else is taking care"
    assert ask(database, "skip_empty", [], at=LATER) == []
    unverified = ask(database, "unverified", MONTH)
    assert [hour.hour in unverified for hour in hours] == [True, True, True, False, False]
    assert ask(database, "skip_empty", hours[1:2], at=LATER + MINUTE) == []
    assert ask(database, "find", hours[3].key) is None, "there is no file"


@pytest.mark.parametrize("how", ["save", "accept", "claim"])
def test_a_change_undoes_the_verification_of_its_hour(
    database: Database, accept: Accept, new_id: NewId, how: str
) -> None:
    facts = accept().notification
    accept(created_at=NOON + HOUR)
    verify_all(database, NOON, NOON + HOUR)
    assert ask(database, "unverified", MONTH) == []
    if how == "save":
        change(database, facts, status=Status.DELIVERED)
    elif how == "accept":
        accept()
    else:
        with database.statement() as work:
            work.notifications.claim([facts.id], now=NOON, until=NOON + MINUTE)
    assert ask(database, "unverified", MONTH) == [NOON]
    assert remove(database) is Removal.UNVERIFIED
    again = claim(database)
    assert again is not None
    assert (again.uploaded_at, again.verified_at) == (None, None)


def test_a_message_in_an_hour_that_was_empty_is_noticed(database: Database, accept: Accept) -> None:
    accept()
    verify_all(database, NOON)
    accept(created_at=NOON + 5 * HOUR)
    late = datetime(2027, 1, 3, 4, tzinfo=UTC)
    accept(created_at=late)
    unverified = ask(database, "unverified", MONTH)
    assert (unverified[0], unverified[-1]) == (NOON + 5 * HOUR, late)
    assert remove(database) is Removal.UNVERIFIED


def test_what_changed_while_it_was_archived_is_not_verified(database: Database, accept: Accept) -> None:
    facts = accept().notification
    watch(database)
    claimed = claim(database)
    assert claimed is not None
    before = ask(database, "tally", MONTH, NOON)
    change(database, facts, status=Status.DELIVERED)
    done = evolve(claimed, tally=before, fingerprint="x", uploaded_at=LATER, verified_at=LATER)
    assert not ask(database, "save", done)
    assert NOON in ask(database, "unverified", MONTH)


def test_a_month_is_removed_whole(database: Database, accept: Accept) -> None:
    old = accept().notification
    accept(created_at=NOON + HOUR)
    young = accept(id=uuid7(datetime(2026, 12, 2, tzinfo=UTC), 1)).notification
    verify_all(database, NOON, NOON + HOUR)
    assert ask(database, "facts_complete_since") is None
    assert remove(database) is Removal.REMOVED
    with database.statement() as work:
        assert work.notifications.find_for_receipt(notification_id=old.id) is None
        assert work.notifications.find_for_receipt(notification_id=young.id) == young
        assert MONTH not in work.archive.months_before(LATER)
        assert work.archive.months() == [
            ArchivedMonth(month=MONTH, hours=30 * 24, verified=30 * 24, files=2, rows=2, removed_at=LATER, untagged=2)
        ]


def test_what_was_removed_is_let_be(database: Database, accept: Accept) -> None:
    accept()
    verify_all(database, NOON)
    hours = ask(database, "hours", MONTH)
    remove(database)
    watch(database)
    assert ask(database, "unverified", MONTH) == []
    assert ask(database, "skip_empty", [hour_at(NOON + HOUR)], at=LATER) == []
    assert claim(database) is None
    assert remove(database) is Removal.UNVERIFIED
    assert ask(database, "span", MONTH) == Span(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert ask(database, "hours", MONTH) == hours


def test_files_of_removed_months_are_to_be_told(database: Database, accept: Accept) -> None:
    accept()
    accept(created_at=NOON + HOUR)
    verify_all(database, NOON, NOON + HOUR)
    assert ask(database, "untagged") == []
    remove(database)
    first, second = ask(database, "untagged")
    assert (first.hour, second.hour) == (NOON, NOON + HOUR)
    ask(database, "tagged", [first], at=LATER)
    assert ask(database, "untagged") == [second]
    assert ask(database, "hours", MONTH)[NOON.day * 24 - 24 + 12].contents_deleted_at == LATER


@pytest.mark.parametrize(
    ("accepted_at", "since"),
    [
        (NOON, date(2026, 11, 22)),
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), date(2026, 12, 1)),
        # Its job was made in November, and its row stored when summer had begun in London.
        (datetime(2027, 4, 2, 23, 30, tzinfo=UTC), date(2027, 4, 4)),
    ],
)
def test_days_are_complete_after_the_last_fact_that_was_removed(
    database: Database, accept: Accept, accepted_at: datetime, since: date
) -> None:
    accept(created_at=accepted_at)
    verify_all(database, accepted_at)
    remove(database)
    assert ask(database, "facts_complete_since") == since


def test_a_month_without_facts_leaves_all_days_complete(database: Database, accept: Accept) -> None:
    verify_all(database)
    remove(database)
    assert ask(database, "facts_complete_since") is None


@pytest.fixture
def postgres(postgres_engine: Engine, clock: FixedClock) -> Iterator[PostgresDatabase]:
    empty(postgres_engine)
    yield PostgresDatabase(postgres_engine, CIPHER, clock)
    put_partitions_back(postgres_engine)


def accept_into(database: PostgresDatabase, clock: FixedClock, **more: Any) -> Notification:
    new_id = ids_of(clock)
    message = message_of(UUID(int=5), clock, new_id, **more)
    with database.statement() as work:
        work.notifications.accept(message, entry_for(message.notification.id, message, new_id()))
    return message.notification


def test_a_month_that_others_read_is_not_waited_for(
    postgres: PostgresDatabase, postgres_engine: Engine, clock: FixedClock
) -> None:
    facts = accept_into(postgres, clock)
    verify_all(postgres, NOON)
    with postgres_engine.connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("SELECT count(*) FROM notifications")
        assert remove(postgres) is Removal.BUSY
        other.exec_driver_sql("ROLLBACK")
    with postgres.statement() as work:
        assert work.notifications.find_for_receipt(notification_id=facts.id) == facts
        assert work.archive.months()[0].removed_at is None
    assert remove(postgres) is Removal.REMOVED


def test_a_month_that_others_write_to_is_not_waited_for(
    postgres: PostgresDatabase, postgres_engine: Engine, clock: FixedClock
) -> None:
    accept_into(postgres, clock)
    with postgres_engine.connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("UPDATE notifications SET attempts = 1")
        with postgres.begin() as work:
            assert not work.archive.watch(MONTH)
        other.exec_driver_sql("ROLLBACK")
    verify_all(postgres, NOON)
    with postgres_engine.connect() as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("UPDATE notifications SET attempts = 1")
        assert remove(postgres) is Removal.BUSY
        other.exec_driver_sql("COMMIT")
    assert remove(postgres) is Removal.UNVERIFIED
    assert ask(postgres, "unverified", MONTH) == [NOON]


def test_who_verifies_waits_for_who_is_changing_a_fact(
    postgres: PostgresDatabase, postgres_engine: Engine, clock: FixedClock
) -> None:
    accept_into(postgres, clock)
    watch(postgres)
    claimed = claim(postgres)
    assert claimed is not None
    done = evolve(claimed, tally=ask(postgres, "tally", MONTH, NOON), fingerprint="x", verified_at=LATER)
    with postgres_engine.connect() as other, ThreadPoolExecutor(1) as threads:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("UPDATE notifications SET attempts = 1")
        saving = threads.submit(ask, postgres, "save", done)
        with pytest.raises(TimeoutError):
            saving.result(timeout=0.3)
        other.exec_driver_sql("COMMIT")
        assert saving.result(timeout=10) is False


def test_a_month_that_was_not_watched_is_verified_anew(
    postgres: PostgresDatabase, postgres_engine: Engine, clock: FixedClock
) -> None:
    accept_into(postgres, clock)
    verify_all(postgres, NOON)
    with postgres_engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE notifications_2026_11 DISABLE TRIGGER USER")
        connection.exec_driver_sql("UPDATE notifications SET attempts = 1")
        assert remove(postgres) is Removal.UNVERIFIED
        connection.exec_driver_sql("DROP TRIGGER archived_fact_changed ON notifications_2026_11")
    watch(postgres)
    assert len(ask(postgres, "unverified", MONTH)) == 30 * 24


def test_what_no_month_holds_stays(postgres: PostgresDatabase, postgres_engine: Engine, clock: FixedClock) -> None:
    clock.now = datetime(2020, 5, 5, tzinfo=UTC)
    stray = accept_into(postgres, clock)
    assert date(2020, 5, 1) not in ask(postgres, "months_before", LATER)
    clock.now = NOON
    accept_into(postgres, clock)
    verify_all(postgres, NOON)
    assert remove(postgres) is Removal.REMOVED
    with postgres.statement() as work:
        assert work.notifications.find_for_receipt(notification_id=stray.id) == stray


SPREAD = """
INSERT INTO notifications_2026_11 (id, service_id, template_id, created_at, expires_on, template_version,
    billable_units, attempts, international, channel, key_type, status)
SELECT (%(first)s || lpad(to_hex(n), 12, '0'))::uuid, %(service)s, %(service)s,
    '2026-11-01T00:00:00Z'::timestamptz + n * interval '1 minute', '2026-12-01', 1, 1, 1, false, 'sms', 'normal',
    'delivered'
FROM generate_series(0, 43199) AS n
"""


def test_an_hour_is_found_without_reading_the_month(postgres_engine: Engine, postgres: PostgresDatabase) -> None:
    with postgres_engine.connect() as connection:
        connection.exec_driver_sql(SPREAD, {"service": UUID(int=5), "first": str(uuid7(NOON, 0))[:-12]})
        connection.exec_driver_sql("SELECT brin_summarize_new_values('notifications_2026_11_created_at_idx')")
        connection.exec_driver_sql("ANALYZE notifications_2026_11")
    session = Session(postgres_engine, Mode.STATEMENT, lambda: None)
    for statement in (_TALLY, _EXPORT):
        query = statement.format(table="notifications_2026_11", start=NOON, end=NOON + HOUR)
        asked = query[query.index("SELECT") :].partition(")\nTO STDOUT")[0]
        plan = "\n".join(row[0] for row in session.rows(f"EXPLAIN {asked}", {}))
        assert "Bitmap Index Scan on notifications_2026_11_created_at_idx" in plan
    session.end()
    assert ask(postgres, "tally", MONTH, NOON).rows == 60
    watch(postgres)
    assert len(ask(postgres, "skip_empty", [hour_at(NOON + n * HOUR) for n in range(24)], at=LATER)) == 24
