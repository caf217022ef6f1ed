"""Where mail programs post to when somebody presses their unsubscribe button (RFC 8058), and the website too."""

from __future__ import annotations

from uuid import UUID

from litestar import post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from notify_core.unsubscribe.model import InvalidUnsubscribeLink
from notify_web.answers import Answer, json_answer
from notify_web.ports import HttpRequest, ports_of


@post("/unsubscribe/{notification_id:str}/{token:str}", sync_to_thread=True)
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
