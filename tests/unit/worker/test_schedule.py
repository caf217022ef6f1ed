"""The schedule: that of the platform which this one follows, what of it runs, and what `docs/schedule.md` tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from attrs import field, frozen
from celery.schedules import crontab

from notify_adapters.settings import Settings
from notify_core.calendar import london_date, london_midnight
from notify_worker.beat import SCHEDULE, Entry, beat_schedule
from notify_worker.configuration import celery_settings
from notify_worker.tasks import JOBS

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "schedule.md"
ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| `?(?P<when>[^`|]+?)`? \| `(?P<queue>[^`]+)` \| (?P<runs>yes|no) \|$")
WAITING = re.compile(r"^\| `(?P<name>[^`]+)` \| (?P<subject>[^`|]+) \|$")
PERIODIC, REPORTING = "periodic-tasks", "reporting-tasks"
VIRUS_CHECK = "check-if-letters-still-pending-virus-check"


@frozen
class Known:
    """An entry of the platform's schedule, as everybody who operates it knows it."""

    name: str
    when: str
    queue: str
    task: str | None = None
    kwargs: Mapping[str, int] = field(factory=dict)


PLATFORM = (
    Known("run-scheduled-jobs", "0,15,30,45 * * * *", PERIODIC),
    Known("replay-created-notifications", "0,15,30,45 * * * *", PERIODIC),
    Known("delete-verify-codes", "every 63 minutes", PERIODIC),
    Known("delete-invitations", "every 66 minutes", PERIODIC),
    Known("generate-sms-delivery-stats", "* * * * *", PERIODIC),
    Known("switch-current-sms-provider-on-slow-delivery", "* * * * *", PERIODIC),
    Known("check-job-status", "* * * * *", PERIODIC),
    Known("update-status-of-fully-processed-jobs", "*/1 * * * *", PERIODIC),
    Known("tend-providers-back-to-middle", "*/5 * * * *", PERIODIC),
    Known("check-for-missing-rows-in-completed-jobs", "*/10 * * * *", PERIODIC),
    Known(f"{VIRUS_CHECK}-ten-minutely", "*/10 * * * *", PERIODIC, VIRUS_CHECK, {"max_minutes_ago_to_check": 120}),
    Known("update-ft-billing-for-today", "0 * * * *", REPORTING),
    Known("timeout-sending-notifications", "5 0 * * *", PERIODIC),
    Known("archive-unsubscribe-requests", "5 0 * * *", REPORTING),
    Known("create-nightly-billing", "15 0 * * *", REPORTING),
    Known("create-nightly-notification-status", "30 0 * * *", REPORTING),
    Known("zendesk-new-email-branding-report", "30 0 * * mon-fri", PERIODIC),
    Known("deep-archive-notification-history-up-to-limit", "35 1 * * *", REPORTING),
    Known("delete-inbound-sms", "40 1 * * *", PERIODIC),
    Known("save-daily-notification-processing-time", "0 2 * * *", PERIODIC),
    Known("update-report-status-to-deleted", "0 2 * * *", PERIODIC),
    Known("run-populate-annual-billing", "1 2 1 4 *", PERIODIC),
    Known("delete-notifications-older-than-retention", "0 3 * * *", REPORTING),
    Known("delete-old-records-from-events-table", "4 3 * * *", PERIODIC),
    Known("archive-pending-files", "33 3 * * *", PERIODIC),
    Known("remove_sms_email_jobs", "0 4 * * *", PERIODIC),
    Known("remove_letter_jobs", "20 4 * * *", PERIODIC),
    Known("remove-archived-template-email-files-from-s3", "40 4 * * *", PERIODIC),
    Known("check-if-letters-still-in-created", "0 7 * * mon-fri", PERIODIC),
    Known("check-if-letters-in-technical-failure", "0 7 * * *", PERIODIC),
    Known("check-for-low-available-inbound-sms-numbers", "0 9 * * mon", PERIODIC),
    Known("weekly-dwp-report", "0 9 * * mon", REPORTING),
    Known("change-dvla-api-key", "0 9 1-7 * tue", PERIODIC),
    Known("change-dvla-password", "0 9 2-8 * wed", PERIODIC),
    Known("weekly-user-research-email", "0 10 * * wed", PERIODIC),
    Known("check-for-services-with-high-failure-rates-or-sending-to-tv-numbers", "30 10 * * mon-fri", PERIODIC),
    Known("check-time-to-collate-letters", "50 16,17 * * *", PERIODIC),
    Known("raise-alert-if-letter-notifications-still-sending", "0 19 * * *", PERIODIC),
    Known(
        f"{VIRUS_CHECK}-nightly",
        "0 20 * * *",
        PERIODIC,
        VIRUS_CHECK,
        {"max_minutes_ago_to_check_only": 7200, "max_minutes_ago_to_check_and_rescan": 4320},
    ),
)
KNOWN = {known.name: known for known in PLATFORM}
RUNNING = {entry.name: entry for entry in SCHEDULE}
# What works on days that are over, and must therefore begin on the next one, in London too.
OF_THE_NIGHT = [known for known in PLATFORM if re.match(r"\d+ [0-4] ", known.when)]
# The days before, of and after both changes of London's clocks.
CLOCK_CHANGES = [
    date(2026, month, day) for month, changed in ((3, 29), (10, 25)) for day in range(changed - 1, changed + 2)
]


def lines() -> list[str]:
    return DOCUMENT.read_text(encoding="utf-8").splitlines()


def documented() -> dict[str, re.Match[str]]:
    rows = (ROW.match(line) for line in lines())
    return {row["name"]: row for row in rows if row is not None}


def waiting() -> dict[str, str]:
    rows = (WAITING.match(line) for line in lines())
    return {row["name"]: row["subject"] for row in rows if row is not None}


def test_the_platforms_schedule_has_39_entries() -> None:
    assert len(KNOWN) == len(PLATFORM) == 39


def test_the_documentation_has_every_entry_of_the_platform_at_its_time_and_on_its_queue() -> None:
    told = {name: (row["when"], row["queue"]) for name, row in documented().items()}
    assert {name: told.get(name) for name in KNOWN} == {known.name: (known.when, known.queue) for known in PLATFORM}


def test_an_entry_of_our_own_is_only_there_to_run() -> None:
    """What the platform does not have needs no place kept for it."""
    assert set(documented()) - set(KNOWN) == set(RUNNING) - set(KNOWN)


def test_the_documentation_has_no_entry_twice() -> None:
    names = [row["name"] for row in map(ROW.match, lines()) if row is not None]
    assert len(names) == len(set(names))


def test_what_the_documentation_says_is_running_is_what_beat_runs() -> None:
    running = {(row["name"], row["when"], row["queue"]) for row in documented().values() if row["runs"] == "yes"}

    assert running == {(entry.name, entry.cron, entry.queue.value) for entry in SCHEDULE}


def test_of_what_does_not_run_it_is_told_what_it_waits_for() -> None:
    assert set(waiting()) == {name for name, row in documented().items() if row["runs"] == "no"}


@pytest.mark.parametrize("known", [known for known in PLATFORM if known.task], ids=lambda known: str(known.name))
def test_what_an_entry_passes_to_another_task_is_told(known: Known) -> None:
    text = " ".join(lines())
    assert f"`{known.task}`" in text
    for name, value in known.kwargs.items():
        assert f"`{name}={value}`" in text


@pytest.mark.parametrize("entry", SCHEDULE, ids=lambda entry: entry.name)
def test_an_entry_starts_the_task_and_passes_the_values_that_the_platforms_does(entry: Entry) -> None:
    known = KNOWN.get(entry.name, Known(entry.name, entry.cron, entry.queue.value))
    as_celery = beat_schedule()[entry.name]
    assert as_celery["task"] == (known.task or entry.name)
    assert as_celery.get("kwargs", {}) == known.kwargs


@pytest.mark.parametrize("row", documented().values(), ids=lambda row: str(row["name"]))
def test_nothing_runs_only_in_the_last_hour_of_the_utc_day(row: re.Match[str]) -> None:
    if row["when"].startswith("every"):
        assert re.fullmatch(r"every \d+ minutes", row["when"]), "an interval has no hour of its own"
    else:
        assert crontab.from_string(row["when"]).hour != {23}


@pytest.mark.parametrize("entry", SCHEDULE, ids=lambda entry: entry.name)
def test_every_entry_starts_a_task_that_exists(entry: Entry) -> None:
    assert (entry.task or entry.name) in {job.name for job in JOBS}


def test_every_task_with_the_name_of_an_entry_is_started_by_it() -> None:
    """A task that somebody wrote and nobody scheduled would never run."""
    assert {job.name for job in JOBS} & set(documented()) <= set(RUNNING)


def test_times_are_those_of_utc() -> None:
    settings = Settings(environment="test", database_url="postgresql+psycopg://nowhere", encryption_keys={})
    configured = celery_settings(settings)
    assert configured["timezone"] == "UTC"
    assert configured["enable_utc"]


@pytest.mark.parametrize("known", OF_THE_NIGHT, ids=lambda known: str(known.name))
def test_what_runs_at_night_runs_when_the_day_is_over_in_london(known: Known) -> None:
    """Whichever way the clocks were changed: so "yesterday" is the London day that has just ended, whole."""
    cron = crontab.from_string(known.when)
    (hour,), (minute,) = cron.hour, cron.minute
    for day in CLOCK_CHANGES:
        runs_at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        assert london_date(runs_at) == day
        ended = london_date(runs_at) - timedelta(days=1)
        assert london_midnight(ended + timedelta(days=1)) <= runs_at


def test_messages_that_were_forgotten_are_looked_for_every_quarter_of_an_hour() -> None:
    entry = beat_schedule()["replay-created-notifications"]

    assert entry["schedule"] == crontab(minute="0,15,30,45")
    assert entry["options"] == {"queue": "periodic-tasks"}
