"""`notify usage`, `rates`, `allowance` and `billing`, against a real database, as docs/billing.md shows them."""

from __future__ import annotations

import json
import shlex
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase, make_engine
from notify_adapters.system import SystemIds
from notify_core.calendar import london_date
from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel, ProviderName
from tests.integration.commands.test_operator_commands import Run, document, documented, notify
from tests.integration.contracts.conftest import ADDED_RATES, CIPHER, message_of

__all__ = ["notify"]


@pytest.fixture(autouse=True)
def _rates_are_put_back(postgres_url: str) -> Iterator[None]:
    yield
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        for table in ("rates", "letter_rates"):
            connection.execute(f"DELETE FROM {table} WHERE {ADDED_RATES}".encode())  # noqa: S608 - constants


@pytest.fixture
def service_id(notify: Run) -> str:
    made = document(notify("service", "create", f"Bins {uuid.uuid4()}", "--organisation-type", "local", "--json"))
    assert made["organisation_type"] == "local"
    return str(made["id"])


NEXT_APRIL = f"{datetime.now(UTC).year + 1}-04-01"


def send(postgres_url: str, service_id: str, *, at: datetime, fragments: int) -> None:
    """Have two texts of one fragment or more, and an email, sent by the service."""
    engine = make_engine(postgres_url, pool_size=1, statement_timeout_ms=5_000, application_name="test")
    clock = FixedClock(at)
    new_id = SystemIds(clock)
    more: dict[str, Any] = {"status": Status.DELIVERED, "sent_by": ProviderName.MMG}
    messages = [
        message_of(uuid.UUID(service_id), clock, new_id, **more, billable_units=fragments, rate_multiplier=2),
        message_of(uuid.UUID(service_id), clock, new_id, **more, billable_units=1),
        message_of(uuid.UUID(service_id), clock, new_id, channel=Channel.EMAIL, status=Status.SENDING),
    ]
    with PostgresDatabase(engine, CIPHER, clock).statement() as work:
        work.notifications.accept_many(messages, [])
    engine.dispose()


def test_what_the_guide_tells_to_type_works(notify: Run, service_id: str) -> None:
    lines = documented("billing.md")
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "notify"
        words = {"SERVICE_ID": service_id, "2027-04-01": NEXT_APRIL}
        typed = [words.get(word, word) for word in arguments]
        table = notify(*typed)
        assert table.returncode == 0, table.stderr
        assert table.stdout
        if arguments[:2] != ["service", "create"]:
            document(notify(*typed, "--json"))
    assert len(lines) == 11


def test_usage_counts_today_once_and_at_once(notify: Run, service_id: str, postgres_url: str) -> None:
    assert document(notify("allowance", "set", service_id, "5", "--json"))["custom"]
    now = datetime.now(UTC)
    today = f"{london_date(now)}"
    send(postgres_url, service_id, at=now, fragments=1)
    assert document(notify("billing", "count", today, "--json"))["facts"] >= 3
    send(postgres_url, service_id, at=now, fragments=3)
    shown = document(notify("usage", service_id, "--json"))
    rate = document(notify("rates", "list", "--json"))[0]["pounds"]
    assert shown["yearly"] == [
        {
            "notification_type": "email",
            "chargeable_units": 0,
            "notifications_sent": 2,
            "rate": 0.0,
            "cost": 0.0,
            "free_allowance_used": 0,
            "charged_units": 0,
        },
        {
            "notification_type": "sms",
            "chargeable_units": 10,
            "notifications_sent": 4,
            "rate": rate,
            "cost": pytest.approx(5 * rate),
            "free_allowance_used": 5,
            "charged_units": 5,
        },
    ]
    assert (shown["free_fragments"], shown["free_fragments_left"]) == (5, 0)
    assert shown["cost"] == pytest.approx(5 * rate)
    assert sum(line["charged_units"] for line in shown["monthly"]) == 5
    assert {line["notification_type"] for line in shown["monthly"]} == {"sms"}
    assert "0 of 5 free fragments are left. To be paid: £" in notify("usage", service_id).stdout
    facts = document(notify("usage", service_id, "--day", today, "--json"))
    assert [(fact["notification_type"], fact["provider"], fact["rate_multiplier"]) for fact in facts] == [
        ("email", "ses", 0),
        ("sms", "mmg", 1),
        ("sms", "mmg", 2),
    ]


def test_a_rate_ends_where_the_next_one_begins(notify: Run) -> None:
    options = ["--from", NEXT_APRIL, "--postage", "first", "--sheets", "2", "--pounds", "1.655"]
    ended = notify("rates", "add", "letter", *options, "--json")
    first = [one for one in document(ended) if (one["postage"], one["sheets"]) == ("first", 2)]
    kind = {"type": "letter", "postage": "first", "sheets": 2}
    assert first[:2] == [
        kind | {"from": NEXT_APRIL, "until": None, "pounds": 1.655},
        kind | {"from": "2026-04-07", "until": NEXT_APRIL, "pounds": 1.61},
    ]
    assert document(notify("rates", "list", "--json")) == json.loads(ended.stdout)


SMS = ["rates", "add", "sms"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([*SMS, "--from", "2020-01-01", "--pounds", "0.03"], 5, "from: 2020-01-01 has begun"),
        ([*SMS, "--from", "2027-04-01", "--pounds", "-0.03"], 5, "pounds: -0.03 is not more than 0"),
        ([*SMS, "--from", "2027-04-01", "--pounds", "3p"], 2, "'3p' is not a sum in pounds"),
        ([*SMS, "--from", "April", "--pounds", "0.03"], 2, "'April' does not match the format"),
        ([*SMS, "--pounds", "0.03"], 2, "Missing option '--from'"),
        (
            [
                "rates",
                "add",
                "letter",
                "--from",
                "2027-04-01",
                "--postage",
                "first",
                "--sheets",
                "6",
                "--pounds",
                "1",
            ],
            5,
            "sheets: 6 is not from 1 to 5",
        ),
        (
            [
                "rates",
                "add",
                "letter",
                "--from",
                "2027-04-01",
                "--postage",
                "third",
                "--sheets",
                "1",
                "--pounds",
                "1",
            ],
            2,
            "'third' is not one of",
        ),
        (["usage", str(uuid.uuid4())], 4, "There is no service with id"),
        (["usage", str(uuid.uuid4()), "--year", "2026", "--day", "2026-11-20"], 2, "either --year or --day"),
        (["allowance", "show", str(uuid.uuid4())], 4, "There is no service with id"),
        (["allowance", "set", str(uuid.uuid4()), "-1"], 2, "No such option"),
        (["allowance", "set", str(uuid.uuid4()), "2000000001"], 5, "fragments: 2000000001 is not from 0"),
        (["billing", "count", "yesterday"], 2, "'yesterday' does not match the format"),
        (["service", "create", "Bins", "--organisation-type", "pub"], 2, "'pub' is not one of"),
    ],
)
def test_what_will_not_do_is_said(notify: Run, arguments: list[str], code: int, message: str) -> None:
    ended = notify(*arguments)
    assert (ended.returncode, message in ended.stderr) == (code, True), ended.stderr


@pytest.mark.parametrize(("year", "message"), [("2015", "before 2016 is invalid"), ("2222", "in a future financial")])
def test_years_that_have_no_allowance(notify: Run, service_id: str, year: str, message: str) -> None:
    for command in (["usage"], ["allowance", "show"]):
        ended = notify(*command, service_id, "--year", year)
        assert (ended.returncode, message in ended.stderr) == (5, True), ended.stderr


def test_a_missing_rate_refuses_the_usage_and_says_which(notify: Run, service_id: str, postgres_url: str) -> None:
    engine = make_engine(postgres_url, pool_size=1, statement_timeout_ms=5_000, application_name="test")
    clock = FixedClock(datetime.now(UTC))
    letter = message_of(
        uuid.UUID(service_id),
        clock,
        SystemIds(clock),
        channel=Channel.LETTER,
        status=Status.SENDING,
        billable_units=6,
    )
    with PostgresDatabase(engine, CIPHER, clock).statement() as work:
        work.notifications.accept_many([letter], [])
    engine.dispose()
    ended = notify("usage", service_id)
    assert ended.returncode == 5
    assert "There is no rate for letters without postage with 6 sheets on" in ended.stderr
