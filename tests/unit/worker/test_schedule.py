from __future__ import annotations

import re
from pathlib import Path

import pytest
from celery.schedules import crontab

from notify_worker.beat import SCHEDULE, Entry, beat_schedule
from notify_worker.tasks import JOBS

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "schedule.md"
ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| `?(?P<when>[^`|]+?)`? \| `(?P<queue>[^`]+)` \| (?P<runs>yes|no) \|$")


def documented() -> dict[str, re.Match[str]]:
    rows = (ROW.match(line) for line in DOCUMENT.read_text(encoding="utf-8").splitlines())
    return {row["name"]: row for row in rows if row is not None}


def test_the_documentation_knows_all_entries_of_the_platform_and_our_own() -> None:
    assert len(documented()) == 39 + 3


def test_what_the_documentation_says_is_running_is_what_beat_runs() -> None:
    running = {(row["name"], row["when"], row["queue"]) for row in documented().values() if row["runs"] == "yes"}

    assert running == {(entry.name, entry.cron, entry.queue.value) for entry in SCHEDULE}


@pytest.mark.parametrize("row", documented().values(), ids=lambda row: str(row["name"]))
def test_nothing_runs_only_in_the_last_hour_of_the_utc_day(row: re.Match[str]) -> None:
    if not row["when"].startswith("every"):
        assert crontab.from_string(row["when"]).hour != {23}


@pytest.mark.parametrize("entry", SCHEDULE, ids=lambda entry: entry.name)
def test_every_entry_starts_a_task_that_exists(entry: Entry) -> None:
    assert (entry.task or entry.name) in {job.name for job in JOBS}


def test_messages_that_were_forgotten_are_looked_for_every_quarter_of_an_hour() -> None:
    entry = beat_schedule()["replay-created-notifications"]

    assert entry["schedule"] == crontab(minute="0,15,30,45")
    assert entry["options"] == {"queue": "periodic-tasks"}
