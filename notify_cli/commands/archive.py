"""`notify archive`: see where old facts are, put more of them there, and look into what is there."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import click

from notify_cli.exit_codes import ExitCode
from notify_cli.output import json_option, notify_for_command, show
from notify_core.archive.find import ReadFile
from notify_core.archive.model import ArchivedHour, ArchivedMonth
from notify_core.archive.steps import Did
from notify_core.errors import ConfigurationError, Conflict

_TRIES = 10
_PAUSE_SECONDS = 3.0
_MONTH = re.compile(r"\d{4}-\d{2}")


class Month(click.ParamType[date]):
    """A month, such as 2025-10."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read the month."""
        month = _read_month(str(value))
        if month is None:
            self.fail(f"{value!r} is not a month such as 2025-10", param, ctx)
        return month


def _read_month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01") if _MONTH.fullmatch(text) else None
    except ValueError:
        return None


@click.group("archive")
def archive() -> None:
    """Put facts that are older than a year into files, and see what is in them.

    A fact is what is kept of a message: which service and template, when, what became of it, what it costs. A file
    has those of an hour. A month's facts leave the database together, once each is in a file that was read back.
    """


@archive.command()
@click.option("--until", type=Month(), help="The last month to archive, such as 2025-10. Left out: all that are due.")
@click.option("--dry-run", is_flag=True, help="Only tell what is due.")
@json_option
def run(until: date | None, dry_run: bool, as_json: bool) -> int:
    """Archive the facts that are old enough, all of them: no matter how many hours a night may do.

    It can be interrupted at any point, and goes on there the next time. Workers may do the same meanwhile.
    """
    with _platform_with_archive() as platform:
        if dry_run:
            due = platform.notify.plan_archive(until)
            show(
                [{"month": _name(one.month), "hours": one.hours, "hours_left": one.hours_left} for one in due],
                as_json=as_json,
                title="Months due",
                columns=("month", "hours", "hours left"),
                rows=[(_name(one.month), one.hours, one.hours_left) for one in due],
            )
            return ExitCode.OK
        done = _archive(platform, until, visible=not as_json)
    document = {
        "files": done[Did.UPLOADED],
        "changed": done[Did.CHANGED],
        "months_removed": done[Did.REMOVED],
    }
    show(
        document,
        as_json=as_json,
        title="Archived",
        columns=("files written", "written again, for facts changed", "months removed"),
        rows=[tuple(document.values())],
    )
    return ExitCode.OK


def _archive(platform: Any, until: date | None, *, visible: bool) -> Counter[Did]:
    """Do everything, and tell how far it is on standard error. Raises Conflict when a table stays in use."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    done: Counter[Did] = Counter()
    with Progress(*columns, console=Console(stderr=True), disable=not visible) as progress:
        hours = sum(month.hours_left for month in platform.notify.plan_archive(until))
        bar = progress.add_task("hours", total=hours)
        for _ in range(_TRIES):
            busy = False
            for step in platform.notify.archive_in_steps(until=until):
                done[step.did] += step.count or 1
                busy = step.did is Did.BUSY
                completed = done[Did.VERIFIED] + done[Did.SKIPPED]
                progress.update(bar, completed=completed, description=f"{_name(step.month)}: {step.did}")
            if not busy:
                return done
            time.sleep(_PAUSE_SECONDS)
    raise Conflict("Others are using the facts of a month all the time. Run it again when they are done")


@contextmanager
def _platform_with_archive() -> Iterator[Any]:
    """Lend the platform. Raises ConfigurationError when it has no archive."""
    with notify_for_command() as platform:
        if platform.settings.deep_history_bucket is None:
            raise ConfigurationError(
                "S3_BUCKET_NOTIFICATION_DEEP_HISTORY is not set. Set it in the environment to the bucket of old facts"
            )
        yield platform


@archive.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the months of which anything is archived."""
    with notify_for_command() as platform:
        months: list[ArchivedMonth] = platform.notify.list_archive()
    show(
        [
            {
                "month": _name(month.month),
                "files": month.files,
                "rows": month.rows,
                "hours": month.hours,
                "hours_verified": month.verified,
                "removed_at": month.removed_at,
                "files_to_tag": month.untagged,
            }
            for month in months
        ],
        as_json=as_json,
        title="Archived months",
        columns=("month", "files", "rows", "hours verified", "removed from the database", "files to tag"),
        rows=[
            (
                _name(month.month),
                month.files,
                month.rows,
                f"{month.verified} of {month.hours}",
                month.removed_at,
                month.untagged,
            )
            for month in months
        ],
    )


@archive.command("show")
@click.argument("what", metavar="MONTH|KEY")
@click.option("--rows", type=click.IntRange(0, 1000), default=10, show_default=True, help="How many rows to show.")
@json_option
def show_(what: str, rows: int, as_json: bool) -> int:
    """List the files of a MONTH such as 2025-10, or read a file back, whose name is KEY.

    A file's rows are counted and compared with what was written; the first ones are shown, as JSON, one a line. Exits
    with 5 when the file is not what was written.
    """
    month = _read_month(what)
    if month is not None:
        with notify_for_command() as platform:
            _show_files(platform.notify.show_archived_month(month), as_json=as_json)
        return ExitCode.OK
    with _platform_with_archive() as platform:
        found: ReadFile = platform.notify.read_archived_file(what, rows=rows)
    _show_file(found, as_json=as_json)
    return ExitCode.OK if found.problem is None else ExitCode.REFUSED


def _show_files(hours: list[ArchivedHour], *, as_json: bool) -> None:
    show(
        [
            {
                "hour": hour.hour,
                "key": hour.key,
                "rows": hour.tally.rows,
                "uploaded_at": hour.uploaded_at,
                "verified_at": hour.verified_at,
                "contents_deleted_at": hour.contents_deleted_at,
            }
            for hour in hours
        ],
        as_json=as_json,
        title="Files",
        columns=("hour", "key", "rows", "verified", "tagged as the only copy"),
        rows=[(hour.hour, hour.key, hour.tally.rows, hour.verified_at, hour.contents_deleted_at) for hour in hours],
    )


def _show_file(found: ReadFile, *, as_json: bool) -> None:
    rows_found = None if found.tally is None else found.tally.rows
    document = {
        "key": found.hour.key,
        "rows_written": found.hour.tally.rows,
        "rows_found": rows_found,
        "problem": found.problem,
        "tags": dict(found.tags),
        "sample": list(found.sample),
    }
    show(
        document,
        as_json=as_json,
        title="File",
        columns=("rows written", "rows found", "problem", "tags"),
        rows=[
            (
                found.hour.tally.rows,
                rows_found,
                found.problem,
                ", ".join(f"{name}={value}" for name, value in found.tags.items()),
            )
        ],
    )
    if not as_json:
        for row in found.sample:
            click.echo(json.dumps(row, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _name(month: date) -> str:
    return f"{month:%Y-%m}"
