"""Take a message back."""

from __future__ import annotations

from litestar import post
from litestar.params import FromPath

from notify_web.answers import Answer, json_answer
from notify_web.authentication import authenticate
from notify_web.ports import HttpRequest, ports_of, root_url
from notify_web.public import presenters
from notify_web.public.notifications import notification_id_from


@post("/v2/notifications/{notification_id:str}/cancel", sync_to_thread=True, status_code=200)
def cancel_notification(request: HttpRequest, notification_id: FromPath[str]) -> Answer:
    """Cancel a message that nobody has begun to deliver, and show it as it now stands."""
    caller, notify = authenticate(request), ports_of(request).notify
    wanted = notification_id_from(notification_id)
    notify.cancel_notification(caller.service.id, wanted)
    found = notify.find_notification(caller.service.id, wanted)
    return json_answer(presenters.notification(found, root_url(request)))
