"""Look a message up."""

from __future__ import annotations

from uuid import UUID

from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from notify_core.errors import NotFound
from notify_core.vocabulary import Channel
from notify_web.answers import Answer, json_answer
from notify_web.authentication import authenticate
from notify_web.documentation.operation import Operation, Parameter, Returns, Unlisted
from notify_web.ports import HttpRequest, ports_of, root_url
from notify_web.public import examples, presenters, shapes
from notify_web.public.formats import read_uuid, uuid
from notify_web.public.schema import InvalidRequest

_ONE = "/v2/notifications/{notification_id:str}"
_NOT_AN_ID = "notification_id is not a valid UUID"

NOTIFICATION_ID = Parameter("notification_id", uuid, "The id that you were given when you sent it.")
NOT_FOUND = (InvalidRequest(_NOT_AN_ID), NotFound("no such message"))


@get(
    _ONE,
    sync_to_thread=True,
    described=Operation(
        "Get one message",
        "Shows a message of your service, whichever of its keys it was sent with, for as long as its contents are "
        "kept. Messages to the simulated recipients are not kept at all.",
        parameters=(NOTIFICATION_ID,),
        answers={200: Returns("The message.", shapes.Notification, examples.NOTIFICATION)},
        errors=NOT_FOUND,
    ),
)
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
        raise InvalidRequest(_NOT_AN_ID)
    return wanted


def find_nothing(request: HttpRequest) -> Answer:
    """Answer a look-up whose id is the name of a channel: it shares its address with sending."""
    authenticate(request)
    raise InvalidRequest(_NOT_AN_ID)


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
