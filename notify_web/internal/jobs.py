"""Jobs from files: the website puts a file into the bucket, with what it found out about it, and asks for a job."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from litestar import get
from litestar.params import FromPath

from notify_core.jobs.list_rows import RowsAsked
from notify_core.jobs.show import JobsAsked
from notify_web.answers import Answer, json_answer
from notify_web.internal import presenters, queries
from notify_web.internal.bodies import id_in_address, id_of_something
from notify_web.internal.clients import admit_admin
from notify_web.ports import HttpRequest, ports_of
from notify_web.public.queries import read_query

_JOBS = "/service/{service_id:str}/job"
_JOB = f"{_JOBS}/{{job_id:str}}"


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


def _admitted(request: HttpRequest, service_id: str) -> UUID:
    service = id_in_address(service_id)
    admit_admin(request, service)
    return service
