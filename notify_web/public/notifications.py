"""Look a message up."""

from __future__ import annotations

from uuid import UUID

from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from notify_core.vocabulary import Channel
from notify_web.answers import Answer, json_answer
from notify_web.authentication import authenticate
from notify_web.ports import HttpRequest, ports_of, root_url
from notify_web.public import presenters
from notify_web.public.formats import read_uuid
from notify_web.public.schema import InvalidRequest

_ONE = "/v2/notifications/{notification_id:str}"


@get(_ONE, sync_to_thread=True)
def find_notification(request: HttpRequest, notification_id: FromPath[str]) -> Answer:
    """Show one message of the service, sent with whichever of its keys."""
    caller = authenticate(request)
    wanted = notification_id_from(notification_id)
    found = ports_of(request).notify.find_notification(caller.service.id, wanted)
    return json_answer(presenters.notification(found, root_url(request)))


def notification_id_from(text: str) -> UUID:
    """Return the id that a path names. Raises InvalidRequest."""
    wanted = read_uuid(text)
    if wanted is None:
        raise InvalidRequest("notification_id is not a valid UUID")
    return wanted


def find_nothing(request: HttpRequest) -> Answer:
    """Answer a look-up whose id is the name of a channel: it shares its address with sending."""
    authenticate(request)
    raise InvalidRequest("notification_id is not a valid UUID")


find_by_channel = [
    get(f"/v2/notifications/{channel}", name=f"find_{channel}", sync_to_thread=True)(find_nothing)
    for channel in Channel
]


@post(_ONE, sync_to_thread=True)
def send_unknown(request: HttpRequest) -> Answer:
    """Refuse to send by a channel that there is not."""
    authenticate(request)
    raise NotFoundException
