"""Where mail programs post to when somebody presses their unsubscribe button (RFC 8058), and the website too."""

from __future__ import annotations

from uuid import UUID

from litestar import post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from notify_core.unit_of_work import DatabaseUnavailable
from notify_core.unsubscribe.model import InvalidUnsubscribeLink
from notify_web.answers import Answer, json_answer
from notify_web.documentation.operation import Operation, Parameter, Returns
from notify_web.errors import problem_of
from notify_web.ports import HttpRequest, ports_of
from notify_web.public import examples, shapes
from notify_web.public.formats import of_type, uuid


def _refusal(error: Exception) -> shapes.Refusal:
    return {"message": problem_of(error).messages[0], "result": "error"}


@post(
    "/unsubscribe/{notification_id:str}/{token:str}",
    sync_to_thread=True,
    status_code=200,
    described=Operation(
        "Follow an unsubscribe link",
        "Keeps a recipient's wish to get no more emails like this one. Mail programs and the website ask for it; the "
        "link is in each email from a template that has one. It needs no token but its own, holds for a year, and "
        "may be followed again. A body is not looked at.",
        parameters=(
            Parameter("notification_id", uuid, "The message's id.", examples.NOTIFICATION["id"]),
            Parameter("token", of_type("string"), "What makes it the recipient's own link.", "AQx-y_z"),
        ),
        answers={
            200: Returns("The wish is kept.", shapes.Unsubscribed, examples.UNSUBSCRIBED),
            404: Returns("The link is not valid.", shapes.UnsubscribeRefused, examples.UNSUBSCRIBE_REFUSED),
            500: Returns("Nobody foresaw it.", shapes.Refusal, _refusal(Exception())),
            503: Returns("Try again.", shapes.Refusal, _refusal(DatabaseUnavailable()), headers=("Retry-After",)),
        },
        group="Unsubscribing",
    ),
)
def unsubscribe(request: HttpRequest, notification_id: FromPath[str], token: FromPath[str]) -> Answer:
    """Keep the wish. There is nothing to log in with, the token says enough; nor is the body looked at."""
    try:
        ports_of(request).notify.unsubscribe(_as_id(notification_id), token)
    except InvalidUnsubscribeLink as error:
        return json_answer({"result": "error", "message": {"unsubscribe request": str(error)}}, 404)
    return json_answer({"result": "success", "message": "Unsubscribe successful"})


def _as_id(text: str) -> UUID:
    """Read an id as links have it. Any other text makes an address that there is not."""
    try:
        wanted = UUID(text)
    except ValueError:
        raise NotFoundException from None
    if str(wanted) != text.lower():
        raise NotFoundException
    return wanted
