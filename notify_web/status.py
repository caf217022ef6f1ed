"""Is the platform there, and which version of it."""

from __future__ import annotations

from litestar import HttpMethod, route

from notify_core.unit_of_work import DatabaseUnavailable
from notify_web.answers import Answer, json_answer
from notify_web.documentation.operation import Operation, Parameter, Returns
from notify_web.ports import HttpRequest, ports_of
from notify_web.public import examples, shapes
from notify_web.public.formats import of_type

_STATUS = "/_status"


@route("/", http_method=HttpMethod.GET, sync_to_thread=True)
def show_root(request: HttpRequest) -> Answer:
    """Answer as `/_status` does."""
    return _status(request)


@route(
    _STATUS,
    http_method=[HttpMethod.GET, HttpMethod.POST],
    sync_to_thread=True,
    described=Operation(
        "Ask how the platform is",
        "Needs no token. With a `simple` that is not empty the database is left out, and the answer is "
        '`{"status":"ok"}`.',
        parameters=(Parameter("simple", of_type("string"), "Anything, to leave the database out."),),
        answers={
            200: Returns("It is well.", shapes.StatusShown, examples.STATUS),
            500: Returns(
                "The database cannot be reached; or something that nobody foresaw, in the form of errors.",
                shapes.StatusFailed | shapes.Refusal,
                {"status": "error"},
            ),
        },
        group="Platform",
    ),
)
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
