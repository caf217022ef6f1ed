"""Jobs from files: the website puts a file into the bucket, with what it found out about it, and asks for a job."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, RawBody
from litestar.response import Stream

from notify_core.errors import Conflict
from notify_core.jobs.create import NewJob
from notify_core.jobs.list_rows import RowsAsked
from notify_core.jobs.refusals import FileNotFound, InvalidJob, LettersNotPossible, ServiceInactive
from notify_core.jobs.show import JobsAsked
from notify_web.answers import Answer, json_answer
from notify_web.internal import presenters, queries
from notify_web.internal.bodies import id_in_address, id_of_something, read_body
from notify_web.internal.clients import admit_admin
from notify_web.internal.refusals import Refused
from notify_web.ports import HttpRequest, ports_of
from notify_web.public.formats import read_moment, read_uuid
from notify_web.public.queries import read_query

_JOBS = "/service/{service_id:str}/job"
_JOB = f"{_JOBS}/{{job_id:str}}"
_MISSING = "Missing data for required field."
_NOT_AN_ID = "Not a valid UUID."


@post(_JOBS, sync_to_thread=True)
def create_job(request: HttpRequest, body: RawBody, service_id: FromPath[str]) -> Answer:
    """Make a job of a file that is in the bucket."""
    service, notify = _admitted(request, service_id), ports_of(request).notify
    if not notify.find_service(service).active:
        raise Refused(403, str(ServiceInactive()))
    new = _new_job(service, read_body(body))
    try:
        notify.create_job(new)
    except (ServiceInactive, LettersNotPossible) as error:
        raise Refused(403, str(error)) from None
    except FileNotFound as error:
        raise Refused(400, {"id": [str(error)]}) from None
    except InvalidJob as error:
        raise Refused(400, error.problems) from None
    except Conflict:
        raise Refused(409, {"id": ["There is a job with this id already"]}) from None
    return json_answer({"data": presenters.job(notify.show_job(service, new.id))}, 201)


def _new_job(service_id: UUID, document: Mapping[str, Any]) -> NewJob:
    """Read what a job is to be made of, with what is wrong with it. Raises Refused when its id will not do."""
    if document.get("id") is None:
        raise Refused(400, {"id": [_MISSING]})
    job_id = read_uuid(document["id"])
    if job_id is None:
        raise Refused(400, {"id": [_NOT_AN_ID]})
    wrong: dict[str, list[str]] = {}
    ids = {name: read_uuid(document.get(name)) for name in ("created_by", "contact_list_id")}
    for name, found in ids.items():
        if found is None and document.get(name) is not None:
            wrong[name] = [_NOT_AN_ID]
        elif found is None and name == "created_by":
            wrong[name] = ["Field may not be null." if name in document else _MISSING]
    scheduled_for = _moment(document.get("scheduled_for"), wrong)
    return NewJob(
        id=job_id,
        service_id=service_id,
        created_by_id=ids["created_by"],
        scheduled_for=scheduled_for,
        contact_list_id=ids["contact_list_id"],
        problems=wrong,
    )


def _moment(value: object, wrong: dict[str, list[str]]) -> datetime | None:
    if value is None:
        return None
    try:
        return read_moment(str(value))
    except (ValueError, OverflowError):
        wrong["scheduled_for"] = ["Not a valid datetime."]
        return None


@get(_JOBS, sync_to_thread=True)
def list_jobs(request: HttpRequest, service_id: FromPath[str]) -> Answer:
    """Show a page of a service's jobs."""
    service, query = _admitted(request, service_id), read_query(request)
    days = queries.whole_number(query, "limit_days", "{} is not an integer")
    statuses = queries.first(query, "statuses")
    of_list = queries.first(query, "contact_list_id")
    page, size = queries.page_number(query), queries.PAGE_SIZE
    found = ports_of(request).notify.show_jobs(
        JobsAsked(
            service_id=service,
            page=page,
            page_size=size,
            days=days,
            statuses=None if not statuses else statuses.split(","),
            contact_list_id=id_of_something(of_list) if of_list else None,
        )
    )
    return json_answer(
        {
            "data": [presenters.job(shown) for shown in found.jobs],
            "page_size": size,
            "total": found.total,
            "links": queries.page_links(
                request, query, page=page, size=size, total=found.total, empty=not found.jobs
            ),
        }
    )


@get(f"{_JOBS}/scheduled-job-stats", sync_to_thread=True)
def show_scheduled(request: HttpRequest, service_id: FromPath[str]) -> Answer:
    """Tell how many jobs are scheduled, and when the first of them begins."""
    service = _admitted(request, service_id)
    scheduled = ports_of(request).notify.count_scheduled_jobs(service)
    soonest = None if scheduled.soonest is None else scheduled.soonest.astimezone(UTC).isoformat()
    return json_answer({"count": scheduled.count, "soonest_scheduled_for": soonest})


@get(_JOB, sync_to_thread=True)
def find_job(request: HttpRequest, service_id: FromPath[str], job_id: FromPath[str]) -> Answer:
    """Show one job."""
    service = _admitted(request, service_id)
    shown = ports_of(request).notify.show_job(service, id_of_something(job_id))
    return json_answer({"data": presenters.job(shown)})


@get(f"{_JOB}/notifications", sync_to_thread=True)
def list_messages(request: HttpRequest, service_id: FromPath[str], job_id: FromPath[str]) -> Answer:
    """Show a page of a job's messages, in the order of its rows; nothing for a job that there is not."""
    service, query = _admitted(request, service_id), read_query(request)
    page, size = queries.page_number(query), queries.page_size(query)
    found = ports_of(request).notify.list_job_rows(
        RowsAsked(
            service_id=service,
            job_id=id_of_something(job_id),
            page=page,
            page_size=size,
            statuses=tuple(query["status"]) if "status" in query else None,
            channels=queries.channels(query),
        )
    )
    present = presenters.csv_row if queries.flag(query, "format_for_csv") else presenters.notification
    return json_answer(
        {
            "notifications": [present(row) for row in found.rows],
            "page_size": size,
            "total": found.total,
            "links": queries.page_links(
                request, query, page=page, size=size, total=found.total, empty=not found.rows
            ),
        }
    )


@get(f"{_JOB}/notification_count", sync_to_thread=True)
def count_messages(request: HttpRequest, service_id: FromPath[str], job_id: FromPath[str]) -> Answer:
    """Tell how many messages a job has become."""
    service = _admitted(request, service_id)
    return json_answer({"count": ports_of(request).notify.count_job_rows(service, id_of_something(job_id))})


@post(f"{_JOB}/cancel", sync_to_thread=True, status_code=200)
def cancel_job(request: HttpRequest, service_id: FromPath[str], job_id: FromPath[str]) -> Answer:
    """Cancel a job that waits for its time. One that has begun is as good as none."""
    service = _admitted(request, service_id)
    notify = ports_of(request).notify
    cancelled = notify.cancel_scheduled_job(service, id_of_something(job_id))
    return json_answer({"data": presenters.job(notify.show_job(service, cancelled.id))})


@get(f"{_JOB}/report", sync_to_thread=True)
def report_job(request: HttpRequest, service_id: FromPath[str], job_id: FromPath[str]) -> Stream:
    """Show what became of each row of a job, as CSV, while it is made."""
    service = _admitted(request, service_id)
    report = ports_of(request).notify.report_job(service, id_of_something(job_id))
    return Stream(
        (piece.encode() for piece in report.pieces),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{report.file_name}"'},
    )


def _admitted(request: HttpRequest, service_id: str) -> UUID:
    service = id_in_address(service_id)
    admit_admin(request, service)
    return service
