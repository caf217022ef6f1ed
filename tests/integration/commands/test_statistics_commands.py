"""What operators see of statistics and checks, in a database with a history of its own."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from attrs import frozen

from notify_adapters.assembly import Platform, Role, assemble, migrate_database
from notify_adapters.embedded import EmbeddedPostgres
from notify_adapters.settings import read_settings
from notify_core.calendar import london_date, london_midnight
from notify_core.identifiers import uuid7
from notify_core.inbound.model import InboundNumber
from notify_core.notifications.model import Contents, Message, Notification, expiry_date
from notify_core.notifications.status import Status
from notify_core.services.create import NewService
from notify_core.services.model import Service
from notify_core.statistics.model import ProcessingTime
from notify_core.templates.model import Template
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.commands.test_operator_commands import KEYS, Run, document, documented, run_with

DAY = timedelta(days=1)


@frozen(kw_only=True)
class History:
    """A service that sent ten texts on each of the last three days, and one today: three of ten have failed.

    Another one has just sent 501 texts to a number for drama. One number is left that people could text.
    """

    notify: Run
    platform: Platform
    service: Service
    template: Template
    dramatic: Service
    today: date


@pytest.fixture(scope="module")
def history(postgres_server: EmbeddedPostgres) -> Iterator[History]:
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE statistics")
    environment = {
        "NOTIFY_ENVIRONMENT": "test",
        "SQLALCHEMY_DATABASE_URI": postgres_server.url_of("statistics"),
        "NOTIFY_ENCRYPTION_KEYS": KEYS,
    }
    settings = read_settings(environment)
    migrate_database(settings)
    platform = assemble(settings, Role.COMMAND)
    service = platform.notify.create_service(NewService(name="Bins"))
    template = platform.notify.create_template(
        NewTemplate(service_id=service.id, name="Bin day", channel=Channel.SMS, content="Bins go out")
    )
    today = london_date(datetime.now(UTC))
    for ago in range(4):
        for number in range(10 if ago else 1):
            store(platform, [text_of(service, template, london_midnight(today - ago * DAY), number)])
    tried = text_of(service, template, london_midnight(today), 9, key_type=KeyType.TEST)
    dramatic = platform.notify.create_service(NewService(name="Drama"))
    now = datetime.now(UTC) - timedelta(seconds=5)
    many = [text_of(dramatic, template, now, number, status=Status.CREATED) for number in range(501)]
    store(platform, [tried, *many])
    for ago in range(1, 4):
        platform.notify.build_status_facts(today - ago * DAY)
    with platform.notify.build_status_facts.database.statement() as work:
        work.statistics.save_processing_time(ProcessingTime(day=today - DAY, total=40, within_10_seconds=38))
        work.inbound.add_number(InboundNumber(id=UUID(int=1), number="07700900001", provider=ProviderName.MMG))

    def run(*arguments: str, text: str | None = None, **more: str) -> Any:
        # What a terminal can show is asked for when Python starts.
        fresh = "PYTHONIOENCODING" in more
        return run_with(environment | more, *arguments, text=text, fresh=fresh)

    yield History(notify=run, platform=platform, service=service, template=template, dramatic=dramatic, today=today)
    platform.close()


def text_of(service: Service, template: Template, moment: datetime, number: int, **more: Any) -> Message:
    """Return a text to a number for drama that was accepted at that moment."""
    values: dict[str, Any] = {
        "id": uuid7(moment, number << 40 | service.id.int & 0xFFFF),
        "service_id": service.id,
        "template_id": template.id,
        "template_version": 1,
        "channel": Channel.SMS,
        "key_type": KeyType.NORMAL,
        "api_key_id": UUID(int=1),
        "created_at": moment,
        "expires_on": expiry_date(moment, 7),
        "status": Status.PERMANENT_FAILURE if number in (1, 2, 3) else Status.DELIVERED,
    }
    contents = Contents(recipient="07700 900123", normalised_recipient="447700900123")
    return Message(notification=Notification(**values | more), contents=contents)


def store(platform: Platform, messages: list[Message]) -> None:
    with platform.notify.build_status_facts.database.statement() as work:
        work.notifications.accept_many(messages, [])


def test_the_last_days_of_a_service(history: History) -> None:
    shown = document(history.notify("stats", str(history.service.id), "--days", "2", "--json"))
    assert shown["totals"] == [
        {
            "channel": "sms",
            "requested": 21,
            "delivered": 15,
            "failed": 6,
            "waiting": 0,
            "failure_rate": 6 / 21,
        }
    ]
    days = [str(history.today - ago * DAY) for ago in (2, 1, 0)]
    assert [(line["day"], line["requested"], line["failed"]) for line in shown["lines"]] == [
        (days[0], 10, 3),
        (days[1], 10, 3),
        (days[2], 1, 0),
    ]
    assert shown["counted_now"][-1] == days[2]
    table = history.notify("stats", str(history.service.id), "--days", "2").stdout
    assert "28.6%" in table
    assert "█" * 28 + "▒" * 12 in table, "seven of ten arrived"
    assert "\x1b" not in table, "there are no colours where nobody looks"
    plain = history.notify("stats", str(history.service.id), "--days", "2", PYTHONIOENCODING="ascii").stdout
    assert "#" * 28 + "x" * 12 in plain


def test_a_services_templates_and_statuses(history: History) -> None:
    [line] = document(history.notify("stats", str(history.service.id), "--by", "template", "--json"))["lines"]
    assert (line["template"], line["template_id"], line["requested"]) == ("Bin day", str(history.template.id), 31)
    shown = document(history.notify("stats", str(history.service.id), "--by", "status", "--json"))
    assert shown["lines"] == [
        {"channel": "sms", "status": "delivered", "messages": 22},
        {"channel": "sms", "status": "permanent-failure", "messages": 9},
    ]
    assert "Bin day" in history.notify("stats", str(history.service.id), "--by", "template").stdout
    assert "permanent-failure" in history.notify("stats", str(history.service.id), "--by", "status").stdout


def test_months_and_years(history: History) -> None:
    yesterday = history.today - DAY
    month = f"{yesterday:%Y-%m}"
    shown = document(history.notify("stats", str(history.service.id), "--month", month, "--json"))
    assert shown["first"] == f"{month}-01"
    year = yesterday.year if yesterday >= date(yesterday.year, 4, 1) else yesterday.year - 1
    by_month = document(history.notify("stats", str(history.service.id), "--year", str(year), "--json"))
    assert by_month["by"] == "month"
    assert month in {line["month"] for line in by_month["lines"]}


def test_the_whole_platform(history: History) -> None:
    shown = document(history.notify("stats", "--json"))
    assert [(line["key_type"], line["requested"]) for line in shown["totals"]] == [
        ("normal", 31 + 501),
        ("test", 1),
    ]
    assert shown["processing_times"][-1] == {
        "day": str(history.today - DAY),
        "total": 40,
        "within_10_seconds": 38,
        "percentage": 95.0,
    }
    history.platform.notify.measure_sms_delivery()
    assert {line["provider"] for line in document(history.notify("stats", "--json"))["texts_now"]} == {
        "mmg",
        "firetext",
    }
    table = history.notify("stats").stdout
    for words in ("key type", "95.0%", "0 of 0", "on its way"):
        assert words in table
    services = document(history.notify("stats", "--by", "service", "--json"))
    assert sum(line["delivered"] for line in services) == 21
    assert {line["service_name"] for line in services} == {"Bins"}, "the other one's are still created"
    assert "Live services" in history.notify("stats", "--by", "service", COLUMNS="160").stdout


def test_nothing_is_said_of_nothing(history: History) -> None:
    other = history.platform.notify.create_service(NewService(name="Parks"))
    ended = history.notify("stats", str(other.id))
    assert ended.returncode == 0
    assert "No messages of service" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["stats", str(UUID(int=9))], 4, "There is no service with id"),
        (["stats", "Bins"], 2, "is not a valid UUID"),
        (["stats", "--days", "7", "--year", "2026"], 2, "Give one of --days, --month and --year"),
        (["stats", "--month", "2026-13"], 2, "'2026-13' is not a month such as 2026-11"),
        (["stats", "--month", "0000-01"], 2, "is not a month"),
        (["stats", "--month", "9999-12"], 2, "is not a month"),
        (["stats", "--by", "template"], 2, "give SERVICE"),
        (["stats", str(UUID(int=9)), "--by", "service"], 2, "leave SERVICE out"),
        (["stats", "--days", "-1"], 2, "is not in the range"),
    ],
)
def test_what_will_not_do_is_said(history: History, arguments: list[str], code: int, message: str) -> None:
    ended = history.notify(*arguments)
    assert (ended.returncode, message in ended.stderr) == (code, True), ended.stderr


def test_a_check_tells_what_to_look_into(history: History) -> None:
    ended = history.notify("check", "--json", LOW_INBOUND_SMS_NUMBER_THRESHOLD="1")
    assert ended.returncode == 9
    found = json.loads(ended.stdout)
    assert found["inbound_numbers"] == {"available": 1, "threshold": 1, "low": True}
    assert [(one["concern"], one["service_name"], one["texts"]) for one in found["services"]] == [
        ("texts-to-tv-numbers", "Drama", 501)
    ]
    table = history.notify("check", COLUMNS="200").stdout
    for words in (f"Drama ({history.dramatic.id})", "501 texts to numbers for drama", "low-inbound-numbers"):
        assert words in table
    fine = {"LOW_INBOUND_SMS_NUMBER_THRESHOLD": "0"}
    assert history.notify("check", **fine).returncode == 9, "there is the service"
    history.platform.notify.archive_service(history.dramatic.id)
    assert document(history.notify("check", "--json", **fine)) == {
        "ok": True,
        "services": [],
        "inbound_numbers": {"available": 1, "threshold": 0, "low": False},
    }
    assert "No concerns." in history.notify("check", **fine).stdout


def test_what_the_page_on_statistics_tells_to_type_works(history: History) -> None:
    for line in documented("statistics.md"):
        program, *arguments = shlex.split(line)
        assert program == "notify"
        words = [str(history.service.id) if word == "SERVICE_ID" else word for word in arguments]
        ended = history.notify(*words)
        assert ended.returncode == (9 if words[0] == "check" else 0), ended.stderr
