"""Take a message back."""

from __future__ import annotations

from litestar import post
from litestar.params import FromPath

from notify_core.notifications.cancel import TooLateToCancel
from notify_core.notifications.status import Status
from notify_web.answers import Answer, json_answer
from notify_web.authentication import authenticate
from notify_web.documentation.operation import Operation, Returns
from notify_web.ports import HttpRequest, ports_of, root_url
from notify_web.public import examples, presenters, shapes
from notify_web.public.formats import id_from
from notify_web.public.notifications import NOT_FOUND, NOTIFICATION_ID, TO_MESSAGE, TO_TIMELINE


@post(
    "/v2/notifications/{notification_id:str}/cancel",
    sync_to_thread=True,
    status_code=200,
    described=Operation(
        "Cancel a message",
        "Takes a message back whose delivery has not begun: one that is scheduled, or was accepted a moment ago. "
        "When you are told that it is cancelled, it will not be sent. From the first attempt to deliver it on it is "
        "too late, for a provider may have it. Safe to repeat.",
        parameters=(NOTIFICATION_ID,),
        answers={
            200: Returns(
                "The message, cancelled.",
                shapes.Notification,
                examples.CANCELLED,
                leads_to={**TO_MESSAGE, **TO_TIMELINE},
            )
        },
        errors=(*NOT_FOUND, TooLateToCancel(Status.SENDING)),
    ),
)
def cancel_notification(request: HttpRequest, notification_id: FromPath[str]) -> Answer:
    """Cancel a message that nobody has begun to deliver, and show it as it now stands."""
    caller, notify = authenticate(request), ports_of(request).notify
    wanted = id_from(notification_id, "notification_id")
    notify.cancel_notification(caller.service.id, wanted)
    found = notify.find_notification(caller.service.id, wanted)
    return json_answer(presenters.notification(found, root_url(request)))
