"""Send a letter, and fetch its PDF: for now, hear why that cannot be done."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath, RawBody

from notify_core.notifications.refusals import ChannelNotPermitted
from notify_core.vocabulary import Channel
from notify_web.answers import Answer
from notify_web.authentication import authenticate
from notify_web.documentation.operation import Unlisted
from notify_web.limits import admit
from notify_web.ports import HttpRequest, ports_of
from notify_web.public.bodies import LETTER, PRECOMPILED_LETTER
from notify_web.public.documents import read_document
from notify_web.public.formats import id_from
from notify_web.public.notifications import find_nothing
from notify_web.public.schema import parse

# Room for a PDF of ten pages with pictures.
LARGEST_BODY = 10 * 1024 * 1024


@post(
    "/v2/notifications/letter",
    sync_to_thread=True,
    request_max_body_size=LARGEST_BODY,
    described=Unlisted("nothing can be done with it yet"),
)
def send_letter(request: HttpRequest, body: RawBody) -> Answer:
    """Check a letter like any message, and refuse it: letters are not sent yet, by any service."""
    ports, caller = ports_of(request), authenticate(request)
    admit(request, caller, Channel.LETTER, reserve=False)
    document = read_document(body)
    precompiled = isinstance(document, dict) and "content" in document
    parse(PRECOMPILED_LETTER if precompiled else LETTER, document, ports.clock())
    raise ChannelNotPermitted(Channel.LETTER)


@get(
    "/v2/notifications/{notification_id:str}/pdf",
    sync_to_thread=True,
    described=Unlisted("there are no letters yet, so it only ever refuses"),
)
def find_pdf(request: HttpRequest, notification_id: FromPath[str]) -> Answer:
    """Say why there is no PDF of a message."""
    caller = authenticate(request)
    ports_of(request).notify.find_letter_pdf(caller.service.id, id_from(notification_id, "notification_id"))


find_pdf_by_channel = [
    get(
        f"/v2/notifications/{channel}/pdf",
        name=f"find_{channel}_pdf",
        sync_to_thread=True,
        described=Unlisted("only ever refuses"),
    )(find_nothing)
    for channel in Channel
]
