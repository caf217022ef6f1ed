"""Send a letter: for now, hear that it cannot be done."""

from __future__ import annotations

from litestar import post

from notify_core.notifications.refusals import ChannelNotPermitted
from notify_core.vocabulary import Channel
from notify_web.answers import Answer
from notify_web.authentication import authenticate
from notify_web.documentation.operation import Unlisted
from notify_web.limits import admit
from notify_web.ports import HttpRequest


@post(
    "/v2/notifications/letter",
    sync_to_thread=True,
    described=Unlisted("nothing can be done with it yet"),
)
def send_letter(request: HttpRequest) -> Answer:
    """Refuse, as for a service that may not send letters."""
    admit(request, authenticate(request), Channel.LETTER, reserve=False)
    raise ChannelNotPermitted(Channel.LETTER)
