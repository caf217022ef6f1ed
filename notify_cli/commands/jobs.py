"""`notify job`: send to everybody in a file, and see what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import click
from attrs import evolve

from notify_cli.exit_codes import ExitCode
from notify_cli.output import json_option, notify_for_command, one_or_all, service_option, show
from notify_cli.parameters import Moment
from notify_core.jobs.model import JobStatus, RowError
from notify_core.jobs.show import ShownJob
from notify_core.jobs.submit import FileRefused, Spreadsheet, Submission
from notify_core.jobs.validate import Assessment
from notify_core.users.model import NOTIFY_USER_ID

_PAGE = 50
_SHOWN_ERRORS = 20
_PIECE = 1024 * 1024


@click.group("job")
def jobs() -> None:
    """Send a message to everybody in a file, watch it, and see what became of each row."""


@jobs.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@service_option
@click.option("--template", "template_id", type=click.UUID, required=True, help="What to send: its id.")
@click.option("--contact-list", "list_id", type=click.UUID, help="Send to a contact list, in place of FILE.")
@click.option(
    "--sender", "sender_id", type=click.UUID, help="The sender of texts, or reply-to address. Left out: the default."
)
@click.option("--schedule", type=Moment(), help="When to send: ISO 8601, at most 7 days ahead. Left out: now.")
@click.option("--name", help="What to call the job. Left out: the file's name.")
@click.option("--dry-run", is_flag=True, help="Only check the file, and say what it would cost.")
@click.option("--follow", is_flag=True, help="Watch it until every message has come to its end.")
@click.option("--timeout", type=click.FloatRange(min=0), help="Stop watching after so many seconds.")
@json_option
def create(
    file: Path | None,
    service_id: UUID,
    template_id: UUID,
    list_id: UUID | None,
    sender_id: UUID | None,
    schedule: datetime | None,
    name: str | None,
    dry_run: bool,
    follow: bool,
    timeout: float | None,
    as_json: bool,
) -> int:
    """Send a template to everybody in FILE: a spreadsheet saved as CSV, with a column for each placeholder.

    Every row is checked first. When anything is wrong with one, what it is is shown, nothing is sent, and the exit
    code is 5. With --follow it is 8 unless every message was delivered.
    """
    if (file is None) == (list_id is None):
        raise click.UsageError("Give either FILE or --contact-list.")
    if dry_run and follow:
        raise click.UsageError("A dry run makes no job to --follow.")
    with notify_for_command() as platform:
        sheet = _local(file) if file is not None else platform.notify.open_contact_list(service_id, list_id)
        if name is not None:
            sheet = evolve(sheet, original_file_name=name)
        if dry_run:
            found = platform.notify.validate_spreadsheet(
                service_id, template_id, sheet.size, sheet.read_from, sender_id=sender_id
            )
            _show_assessment(found, as_json=as_json)
            return ExitCode.OK if found.is_valid else ExitCode.REFUSED
        wanted = Submission(
            service_id=service_id,
            template_id=template_id,
            spreadsheet=sheet,
            sender_id=sender_id,
            scheduled_for=schedule,
            created_by_id=NOTIFY_USER_ID,
        )
        try:
            job = platform.notify.submit_file(wanted)
        except FileRefused as refused:
            _show_assessment(refused.assessment, as_json=as_json)
            raise
        if follow:
            return _follow(platform, service_id, job.id, timeout, as_json=as_json)
        _show_one(platform.notify.show_job(service_id, job.id), as_json=as_json)
    return ExitCode.OK


def _local(file: Path) -> Spreadsheet:
    """Return a file of this machine, of which no more than a piece is held at a time."""

    def read_from(start: int) -> Iterator[bytes]:
        with file.open("rb") as opened:
            opened.seek(start)
            while piece := opened.read(_PIECE):
                yield piece

    return Spreadsheet(original_file_name=file.name, size=file.stat().st_size, read_from=read_from)


def _show_assessment(found: Assessment, *, as_json: bool) -> None:
    document = {
        "valid": found.is_valid,
        "rows": found.rows,
        "columns": None if found.sheet is None else list(found.sheet.header),
        "fragments": found.fragments,
        "pounds": None if found.pounds is None else float(found.pounds),
        "error_count": found.error_count,
        "errors": [_error(error) for error in found.errors],
    }
    cost = None if found.pounds is None else f"£{found.pounds:,.2f}"
    show(
        document,
        as_json=as_json,
        title="Dry run",
        columns=("rows", "errors", "fragments", "cost"),
        rows=[(found.rows, found.error_count, found.fragments, cost)],
    )
    if not as_json:
        _show_errors(found.errors, found.error_count)


@jobs.command("list")
@service_option
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in JobStatus]),
    help="Only jobs in this state; may be repeated.",
)
@click.option("--limit-days", type=click.IntRange(0), help="Only jobs made since the midnight so many days ago.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help=f"{_PAGE} jobs each.")
@json_option
def list_(service_id: UUID, statuses: tuple[str, ...], limit_days: int | None, page: int, as_json: bool) -> None:
    """List the jobs of a service: those that wait first, then the last started."""
    from notify_core.jobs.show import JobsAsked

    asked = JobsAsked(service_id=service_id, page=page, page_size=_PAGE, days=limit_days, statuses=statuses or None)
    with notify_for_command() as platform:
        platform.notify.find_service(service_id)
        found = platform.notify.show_jobs(asked)
    _show(found.jobs, as_json=as_json)
    if not as_json and found.total > page * _PAGE:
        click.echo(f"{found.total} in all; see more with --page {page + 1}.")


@jobs.command("show")
@click.argument("job_id", type=click.UUID)
@service_option
@click.option("--follow", is_flag=True, help="Watch it until every message has come to its end.")
@click.option("--timeout", type=click.FloatRange(min=0), help="Stop watching after so many seconds.")
@json_option
def show_(job_id: UUID, service_id: UUID, follow: bool, timeout: float | None, as_json: bool) -> int:
    """Show a job: how far it is, and how many of its messages are in which state.

    With --follow exits with 8 unless every message was delivered.
    """
    with notify_for_command() as platform:
        if follow:
            return _follow(platform, service_id, job_id, timeout, as_json=as_json)
        shown = platform.notify.show_job(service_id, job_id)
    _show_one(shown, as_json=as_json)
    return ExitCode.OK


@jobs.command()
@click.argument("job_id", type=click.UUID)
@service_option
@json_option
def cancel(job_id: UUID, service_id: UUID, as_json: bool) -> None:
    """Cancel what has not been sent of a job: no message whose delivery has not begun will be."""
    with notify_for_command() as platform:
        platform.notify.cancel_job(service_id, job_id)
        shown = platform.notify.show_job(service_id, job_id)
    _show_one(shown, as_json=as_json)


@jobs.command()
@click.argument("job_id", type=click.UUID)
@service_option
@json_option
def retry(job_id: UUID, service_id: UUID, as_json: bool) -> None:
    """Take a job up again that stopped half-way. No row is ever sent twice."""
    with notify_for_command() as platform:
        platform.notify.retry_job(service_id, job_id)
        shown = platform.notify.show_job(service_id, job_id)
    _show_one(shown, as_json=as_json)


@jobs.command()
@click.argument("job_id", type=click.UUID)
@service_option
@click.option("--output", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="A file to write to.")
def report(job_id: UUID, service_id: UUID, output: IO[str]) -> None:
    """Write what became of each row, as CSV: the columns of the file, and the state of its message."""
    with notify_for_command() as platform:
        for piece in platform.notify.report_job(service_id, job_id).pieces:
            output.write(piece)


def _follow(platform: Any, service_id: UUID, job_id: UUID, timeout: float | None, *, as_json: bool) -> int:
    from notify_cli.following import StillGoing, all_arrived, follow

    def look() -> ShownJob:
        shown: ShownJob = platform.notify.show_job(service_id, job_id)
        return shown

    try:
        shown = follow(look, timeout=timeout, visible=not as_json)
    except StillGoing:
        _show_one(look(), as_json=as_json)
        click.echo(f"After {timeout:g} s it is not over.", err=True)
        return ExitCode.NOT_DELIVERED
    _show_one(shown, as_json=as_json)
    return ExitCode.OK if all_arrived(shown) else ExitCode.NOT_DELIVERED


def _show_one(shown: ShownJob, *, as_json: bool) -> None:
    _show([shown], as_json=as_json, one=True)
    if as_json:
        return
    show(
        None,
        as_json=False,
        title="Messages",
        columns=("state", "messages"),
        rows=sorted((status.value, count) for status, count in shown.statistics.items()),
    )
    _show_errors(shown.job.errors, shown.job.error_count)


def _show_errors(errors: Sequence[RowError], error_count: int) -> None:
    """Print the first errors, with rows as a spreadsheet program counts them: the header is row 1."""
    if not error_count:
        return
    show(
        None,
        as_json=False,
        title="Errors",
        columns=("row", "column", "problem"),
        rows=[(_row_shown(error.row), error.column, error.problem) for error in errors[:_SHOWN_ERRORS]],
    )
    if error_count > _SHOWN_ERRORS:
        click.echo(f"{error_count} errors in all.")


def _row_shown(row: int | None) -> int | None:
    return None if row is None else row + 2


def _show(found: Sequence[ShownJob], *, as_json: bool, one: bool = False) -> None:
    documents = [_document(shown) for shown in found]
    show(
        one_or_all(documents, one=one),
        as_json=as_json,
        title="Jobs",
        columns=("id", "file", "template", "rows", "state", "made", "scheduled for"),
        rows=[
            (
                shown.job.id,
                shown.job.original_file_name,
                shown.template.name,
                shown.job.notification_count,
                shown.job.status,
                shown.job.created_at,
                shown.job.scheduled_for,
            )
            for shown in found
        ],
    )


def _document(shown: ShownJob) -> dict[str, Any]:
    job = shown.job
    return {
        "id": job.id,
        "service_id": job.service_id,
        "template": {"id": job.template_id, "version": job.template_version, "name": shown.template.name},
        "type": job.channel,
        "original_file_name": job.original_file_name,
        "rows": job.notification_count,
        "status": job.status,
        "statistics": {status.value: count for status, count in sorted(shown.statistics.items())},
        "sender_id": job.sender_id,
        "contact_list_id": job.contact_list_id,
        "created_at": job.created_at,
        "scheduled_for": job.scheduled_for,
        "processing_started": job.processing_started,
        "processing_finished": job.processing_finished,
        "error_count": job.error_count,
        "errors": [_error(error) for error in job.errors],
    }


def _error(error: RowError) -> dict[str, Any]:
    return {"row": _row_shown(error.row), "column": error.column, "problem": error.problem}
