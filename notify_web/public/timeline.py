"""Show what happened to a message."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath

from notify_web.answers import Answer, json_answer
from notify_web.authentication import authenticate
from notify_web.documentation.operation import Operation, Returns
from notify_web.ports import HttpRequest, ports_of
from notify_web.public import examples, presenters, shapes
from notify_web.public.formats import id_from
from notify_web.public.notifications import NOT_FOUND, NOTIFICATION_ID, TO_MESSAGE


@get(
    "/v2/notifications/{notification_id:str}/events",
    sync_to_thread=True,
    described=Operation(
        "Get a message's timeline",
        "Shows what happened to a message, oldest first: when it was accepted and queued, each attempt to deliver "
        "it, and what its provider reported. More kinds of events may be added: pass over those you do not know.",
        parameters=(NOTIFICATION_ID,),
        answers={200: Returns("Its events.", shapes.Timeline, examples.TIMELINE, leads_to=TO_MESSAGE)},
        errors=NOT_FOUND,
    ),
)
def find_timeline(request: HttpRequest, notification_id: FromPath[str]) -> Answer:
    """Show what happened to one message of the service, oldest first."""
    caller = authenticate(request)
    wanted = id_from(notification_id, "notification_id")
    events = ports_of(request).notify.find_timeline(caller.service.id, wanted)
    return json_answer(presenters.timeline(wanted, events))
