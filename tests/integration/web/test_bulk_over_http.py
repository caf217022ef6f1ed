"""Bulks over sockets: two processes, a real database, and a process that is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from typing import Any

import psycopg
import pytest
import urllib3

from notify_core.bulk.model import PAGE_SIZE
from tests.integration.processes import children_of
from tests.integration.web.conftest import RunningWeb

BULK = "/v2/notifications/bulk"
# Granian gives up on a server whose processes die sooner than this after they were started.
_CRASH_LOOP_SECONDS = 6.0


def body_of(web: RunningWeb, rows: int, bad: int = 0) -> bytes:
    """Return a bulk of so many texts, of which the first ones are `bad`."""
    named = {"personalisation": {"name": "Zoë"}}
    numbers = ["x"] * bad + [f"07400{number:06d}" for number in range(rows - bad)]
    asked = [{"phone_number": number, "reference": f"r{row}", **named} for row, number in enumerate(numbers)]
    return json.dumps({"template_id": str(web.sms.id), "rows": asked}).encode()


def post(web: RunningWeb, body: bytes, key: str | None = None) -> urllib3.BaseHTTPResponse:
    return web.ask("POST", BULK, body, web.signed() | ({} if key is None else {"Idempotency-Key": key}), seconds=120)


def stored(postgres_url: str, web: RunningWeb) -> Counter[str]:
    """Return how many messages, contents, promises and jobs the service has."""
    counted: Counter[str] = Counter()
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        for table, column in (
            ("notifications", "service_id"),
            ("notification_contents", "service_id"),
            ("outbox", "group_id"),
            ("jobs", "service_id"),
        ):
            row = connection.execute(
                f"SELECT count(*) FROM {table} WHERE {column} = %s",  # noqa: S608 - named above
                [web.key.service_id],
            ).fetchone()
            counted[table] = row[0] if row else 0
    return counted


def test_a_bulk_is_stored_and_can_be_read_back(running_web: RunningWeb, postgres_url: str) -> None:
    before = stored(postgres_url, running_web)
    answer = post(running_web, body_of(running_web, 2600, bad=100))
    told: Any = answer.json()
    assert (answer.status, told["accepted"], told["refused"]) == (201, 2500, 100)
    added = stored(postgres_url, running_web) - before
    assert added == {"notifications": 2500, "notification_contents": 2500, "outbox": 2500, "jobs": 1}
    found: Any = running_web.ask("GET", f"{BULK}/{told['id']}").json()
    assert (found["state"], found["statuses"], found["refused"]) == ("sending", {"created": 2500}, 100)
    shown: list[Any] = []
    for page in range(1, 2600 // PAGE_SIZE + 2):
        rows: Any = running_web.ask("GET", f"{BULK}/{told['id']}/rows?page={page}").json()["rows"]
        shown += rows
    assert [row["reference"] for row in shown] == [f"r{number}" for number in range(2600)]
    assert [row["id"] for row in shown] == [row.get("id") for row in told["rows"]]
    assert Counter(row["status"] for row in shown) == {"refused": 100, "created": 2500}
    cancelled: Any = running_web.ask("POST", f"{BULK}/{told['id']}/cancel").json()
    assert (cancelled["state"], cancelled["cancelled"], cancelled["too_late"]) == ("cancelled", 2500, 0)


def test_at_once_under_one_key_they_are_one(running_web: RunningWeb, postgres_url: str) -> None:
    before = stored(postgres_url, running_web)
    body, answers = body_of(running_web, 1500), []
    threads = [threading.Thread(target=lambda: answers.append(post(running_web, body, "at once"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} <= {201, 409}
    again = post(running_web, body, "at once")
    assert again.headers["idempotent-replayed"] == "true"
    assert {answer.data for answer in answers if answer.status == 201} == {again.data}
    assert (stored(postgres_url, running_web) - before)["notifications"] == 1500


@pytest.mark.parametrize("seconds", [0.3, 0.9])
def test_killed_in_the_middle_it_can_be_asked_again(
    running_web: RunningWeb, postgres_url: str, seconds: float
) -> None:
    time.sleep(_CRASH_LOOP_SECONDS)
    before = stored(postgres_url, running_web)
    body, lost = body_of(running_web, 20_000), []

    def ask() -> None:
        try:
            lost.append(post(running_web, body).status)
        except urllib3.exceptions.HTTPError:
            lost.append(0)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(seconds)
    kill_workers(running_web)
    asking.join()
    assert lost == [0], "it was answered before anybody was killed"
    wait_until_nothing_is_under_way(postgres_url)
    assert stored(postgres_url, running_web) == before, "nothing is half there"
    running_web.child.wait_until(lambda: answers(running_web), timeout=30)
    told: Any = post(running_web, body).json()
    assert told["accepted"] == 20_000
    assert (stored(postgres_url, running_web) - before)["notifications"] == 20_000


def answers(web: RunningWeb) -> bool:
    try:
        return web.ask("GET", "/_status?simple=1").status == 200
    except urllib3.exceptions.HTTPError:
        return False


def kill_workers(web: RunningWeb) -> None:
    """Kill the processes that serve; the one above them starts others."""
    for worker in children_of(web.child.pid):
        os.kill(worker, signal.SIGKILL)


def wait_until_nothing_is_under_way(postgres_url: str) -> None:
    """Wait until the server has noticed that its client is gone, and has rolled back."""
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        for _ in range(300):
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()"
                " AND datname = current_database()"
            ).fetchone()
            if row == (0,):
                return
            time.sleep(0.1)
    raise AssertionError("a transaction is still under way")
