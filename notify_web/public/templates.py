"""Look templates up, list them, and see how a message from one would read."""

from __future__ import annotations

from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, RawBody

from notify_core.errors import NotFound
from notify_core.notifications.refusals import MissingPersonalisation
from notify_core.templates.show import LATEST
from notify_core.violations import echo
from notify_web.answers import Answer, json_answer
from notify_web.authentication import authenticate
from notify_web.documentation.operation import Body, Operation, Parameter, Returns, parameters_of
from notify_web.ports import HttpRequest, ports_of
from notify_web.public import examples, presenters, shapes
from notify_web.public.bodies import PREVIEW, PREVIEW_BODY, TEMPLATES
from notify_web.public.documents import read_document
from notify_web.public.formats import id_from, not_an_id, uuid, whole_number
from notify_web.public.queries import parse_query, read_query
from notify_web.public.schema import InvalidRequest, parse

_ONE = "/v2/template/{template_id:str}"
_GROUP = "Templates"
_TEMPLATE_ID = Parameter("template_id", uuid, "The template's id.", examples.TEMPLATE["id"])
_TO_TEMPLATE = {"show_template": {"template_id": "$response.body#/id"}}
_TO_VERSION = {"show_version": {"template_id": "$response.body#/id", "version": "$response.body#/version"}}
_TO_PREVIEW = {"preview_template": {"template_id": "$response.body#/id"}}
_WHERE_LISTS_LEAD = {
    "show_template": {"template_id": "$response.body#/templates/0/id"},
    "show_version": {
        "template_id": "$response.body#/templates/0/id",
        "version": "$response.body#/templates/0/version",
    },
    "preview_template": {"template_id": "$response.body#/templates/0/id"},
}
_NOT_FOUND = (not_an_id("id"), NotFound("no such template"))
# More digits than any version has; Python does not read numbers of thousands of them.
_MOST_DIGITS = 11


@get(
    _ONE,
    sync_to_thread=True,
    described=Operation(
        "Get a template",
        "Shows the latest version of one of your service's templates, archived or not.",
        parameters=(_TEMPLATE_ID,),
        answers={
            200: Returns("The template.", shapes.Template, examples.TEMPLATE, leads_to={**_TO_VERSION, **_TO_PREVIEW})
        },
        errors=_NOT_FOUND,
        group=_GROUP,
    ),
)
def show_template(request: HttpRequest, template_id: FromPath[str]) -> Answer:
    """Show the latest version of a template."""
    return _show(request, template_id, LATEST)


@get(
    f"{_ONE}/version/{{version:str}}",
    sync_to_thread=True,
    described=Operation(
        "Get a version of a template",
        "Shows one version of a template, as messages were made from it; version 0 is the latest.",
        parameters=(_TEMPLATE_ID, Parameter("version", whole_number, "The version, counted from 1.", "3")),
        answers={
            200: Returns(
                "That version of the template.",
                shapes.Template,
                examples.TEMPLATE,
                leads_to={**_TO_TEMPLATE, **_TO_PREVIEW},
            )
        },
        errors=_NOT_FOUND,
        group=_GROUP,
    ),
)
def show_version(request: HttpRequest, template_id: FromPath[str], version: FromPath[str]) -> Answer:
    """Show one version of a template; version 0 is the latest. Another word there is no address of ours."""
    if not (version.isascii() and version.isdigit()):
        raise NotFoundException
    return _show(request, template_id, int((version.lstrip("0") or "0")[:_MOST_DIGITS]))


@get(
    "/v2/templates",
    sync_to_thread=True,
    described=Operation(
        "List templates",
        "Shows all templates that your service can send with, by name. Archived ones are left out.",
        parameters=parameters_of(TEMPLATES, type="sms"),
        answers={200: Returns("The templates.", shapes.Templates, examples.TEMPLATES, leads_to=_WHERE_LISTS_LEAD)},
        errors=(InvalidRequest("type coconut is not one of [sms, email, letter]"),),
        group=_GROUP,
    ),
)
def show_templates(request: HttpRequest) -> Answer:
    """Show all templates that the service can send with."""
    ports, caller = ports_of(request), authenticate(request)
    wanted = parse_query(TEMPLATES, read_query(request), ports.clock())
    found = ports.notify.show_templates(caller.service.id, wanted.get("type"))
    return json_answer(presenters.templates(found))


@post(
    f"{_ONE}/preview",
    status_code=200,
    sync_to_thread=True,
    described=Operation(
        "Preview a template",
        "Shows how a message from the latest version of a template would read. Nothing is sent.",
        body=Body(PREVIEW_BODY, examples.PREVIEW_BODY, required=False),
        parameters=(_TEMPLATE_ID,),
        answers={
            200: Returns("The message.", shapes.Preview, examples.PREVIEW, leads_to={**_TO_TEMPLATE, **_TO_VERSION})
        },
        errors=(*_NOT_FOUND, MissingPersonalisation(["name"])),
        group=_GROUP,
    ),
)
def preview_template(request: HttpRequest, template_id: FromPath[str], body: RawBody) -> Answer:
    """Show how a message from the latest version of a template would read."""
    ports, caller = ports_of(request), authenticate(request)
    document = read_document(body) if body else {}
    if not isinstance(document, dict):
        raise InvalidRequest(f"{echo(document)} is not of type object")
    form = parse(PREVIEW, {**document, "id": template_id}, ports.clock())
    made = ports.notify.preview_template(caller.service.id, form["id"], form.get("personalisation", {}))
    return json_answer(presenters.preview(made))


def _show(request: HttpRequest, template_id: str, version: int) -> Answer:
    caller = authenticate(request)
    shown = ports_of(request).notify.show_template(caller.service.id, id_from(template_id, "id"), version)
    return json_answer(presenters.template(shown))
