"""Look a message up, and list them."""

from __future__ import annotations

from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from notify_core.errors import NotFound
from notify_core.notifications.list import PAGE_SIZE, ListRequest
from notify_core.vocabulary import Channel
from notify_web.answers import Answer, json_answer
from notify_web.authentication import authenticate
from notify_web.documentation.operation import Operation, Parameter, Returns, Unlisted, parameters_of
from notify_web.ports import HttpRequest, ports_of, root_url
from notify_web.public import examples, presenters, shapes
from notify_web.public.bodies import MESSAGES
from notify_web.public.formats import id_from, not_an_id, uuid
from notify_web.public.queries import links, parse_query, read_query
from notify_web.public.schema import InvalidRequest

_REPEATED = frozenset({"status", "template_type"})
_ONE = "/v2/notifications/{notification_id:str}"

NOTIFICATION_ID = Parameter(
    "notification_id", uuid, "The id that you were given when you sent it.", examples.NOTIFICATION["id"]
)
NOT_FOUND = (not_an_id("notification_id"), NotFound("no such message"))
TO_TIMELINE = {"find_timeline": {"notification_id": "$response.body#/id"}}
TO_MESSAGE = {"find_notification": {"notification_id": "$response.body#/id"}}
TO_ITS_TEMPLATE = {
    "show_version": {"template_id": "$response.body#/template/id", "version": "$response.body#/template/version"}
}
_TO_CANCEL = {"cancel_notification": {"notification_id": "$response.body#/id"}}
WHERE_ACCEPTED_LEADS = {**TO_MESSAGE, **TO_TIMELINE, **_TO_CANCEL, **TO_ITS_TEMPLATE}
_WHERE_LISTS_LEAD = {
    "find_notification": {"notification_id": "$response.body#/notifications/0/id"},
    # After a full page; `links.next` holds for every page.
    "list_notifications": {"older_than": f"$response.body#/notifications/{PAGE_SIZE - 1}/id"},
}


@get(
    _ONE,
    sync_to_thread=True,
    described=Operation(
        "Get one message",
        "Shows a message of your service, whichever of its keys it was sent with, for as long as its contents are "
        "kept. Messages to the simulated recipients are not kept at all.",
        parameters=(NOTIFICATION_ID,),
        answers={
            200: Returns(
                "The message.",
                shapes.Notification,
                examples.NOTIFICATION,
                leads_to={**TO_TIMELINE, **_TO_CANCEL, **TO_ITS_TEMPLATE},
            )
        },
        errors=NOT_FOUND,
    ),
)
def find_notification(request: HttpRequest, notification_id: FromPath[str]) -> Answer:
    """Show one message of the service, sent with whichever of its keys."""
    caller = authenticate(request)
    wanted = id_from(notification_id, "notification_id")
    found = ports_of(request).notify.find_notification(caller.service.id, wanted)
    return json_answer(presenters.notification(found, root_url(request)))


@get(
    "/v2/notifications",
    sync_to_thread=True,
    described=Operation(
        "List messages",
        f"Shows up to {PAGE_SIZE} of your service's messages, newest first: those sent with keys of the same type as "
        "yours. The link `next` leads to those before them; it is there as long as there was something on the page.",
        parameters=parameters_of(MESSAGES, many=_REPEATED, status="delivered", template_type="sms"),
        answers={
            200: Returns(
                "A page of messages.", shapes.Notifications, examples.NOTIFICATIONS, leads_to=_WHERE_LISTS_LEAD
            )
        },
        errors=(InvalidRequest("older_than is not a valid UUID"),),
    ),
)
def list_notifications(request: HttpRequest) -> Answer:
    """Show a page of the messages that were sent with keys of the caller's type, newest first."""
    ports, caller = ports_of(request), authenticate(request)
    query = read_query(request)
    wanted = parse_query(MESSAGES, query, ports.clock(), many=_REPEATED)
    found = ports.notify.list_notifications(
        ListRequest(
            key=caller.key,
            statuses=tuple(wanted.get("status", ())),
            channels=tuple(map(Channel, wanted.get("template_type", ()))),
            reference=wanted.get("reference"),
            older_than=wanted.get("older_than"),
            include_jobs="include_jobs" in wanted,
        )
    )
    last_id = found[-1].notification.id if found else None
    return json_answer(
        presenters.notifications(found, links(request, query, last_id, shown=query), root_url(request))
    )


def find_nothing(request: HttpRequest) -> Answer:
    """Answer a look-up whose id is the name of a channel: it shares its address with sending."""
    authenticate(request)
    raise not_an_id("notification_id")


find_by_channel = [
    get(
        f"/v2/notifications/{channel}",
        name=f"find_{channel}",
        sync_to_thread=True,
        described=Unlisted("shares its address with sending, and only ever refuses"),
    )(find_nothing)
    for channel in Channel
]


@post(_ONE, sync_to_thread=True, described=Unlisted("only ever says that there is no such channel"))
def send_unknown(request: HttpRequest) -> Answer:
    """Refuse to send by a channel that there is not."""
    authenticate(request)
    raise NotFoundException
