"""Send a text message."""

from __future__ import annotations

from typing import Any

from litestar import post
from litestar.params import RawBody

from notify_core.api_keys.model import ApiKey
from notify_core.notifications.send import SmsRequest
from notify_core.vocabulary import Channel
from notify_web.answers import Answer, json_answer
from notify_web.authentication import authenticate
from notify_web.ports import HttpRequest, ports_of, root_url
from notify_web.public.bodies import SMS
from notify_web.public.documents import read_document
from notify_web.public.presenters import accepted_sms
from notify_web.public.schema import parse


@post("/v2/notifications/sms", sync_to_thread=True)
def send_sms(request: HttpRequest, body: RawBody) -> Answer:
    """Accept a text: who is asking, are they within their limits, is it understood, is it right. In that order."""
    ports, caller = ports_of(request), authenticate(request)
    with ports.notify.admit(caller.service, caller.key, Channel.SMS) as admission:
        form = parse(SMS, read_document(body), ports.clock())
        accepted = ports.notify.send_sms(sms_request(caller.key, form))
        if accepted.counted:
            admission.keep()
    return json_answer(accepted_sms(accepted, root_url(request)), 201)


def sms_request(key: ApiKey, form: dict[str, Any]) -> SmsRequest:
    """Return the command that a checked form stands for."""
    return SmsRequest(
        key=key,
        phone_number=form["phone_number"],
        template_id=form["template_id"],
        personalisation=form.get("personalisation", {}),
        reference=form.get("reference"),
        sms_sender_id=form.get("sms_sender_id"),
    )
