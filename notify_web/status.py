"""Is the platform there, and which version of it."""

from __future__ import annotations

from litestar import HttpMethod, route

from notify_core.unit_of_work import DatabaseUnavailable
from notify_web.answers import Answer, json_answer
from notify_web.ports import HttpRequest, ports_of

_STATUS = "/_status"


@route("/", http_method=HttpMethod.GET, sync_to_thread=True)
def show_root(request: HttpRequest) -> Answer:
    """Answer as `/_status` does."""
    return _status(request)


@route(_STATUS, http_method=[HttpMethod.GET, HttpMethod.POST], sync_to_thread=True)
def show_status(request: HttpRequest) -> Answer:
    """Say that we are well; with `?simple=1` without asking the database, which suits a liveness probe."""
    return _status(request)


def _status(request: HttpRequest) -> Answer:
    if request.query_params.get("simple"):
        return json_answer({"status": "ok"})
    ports = ports_of(request)
    try:
        version = ports.health.database_version()
    except DatabaseUnavailable:
        return json_answer({"status": "error"}, 500)
    return json_answer(
        {
            "status": "ok",
            "build_time": ports.options.build_time,
            "git_commit": ports.options.git_commit,
            "db_version": version,
            # There is one database; the name is kept for those who compare the two.
            "db_bulk_version": version,
        }
    )
