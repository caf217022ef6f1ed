"""Send a text message, or try one out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import post
from litestar.params import RawBody

from notify_core.api_keys.model import ApiKey
from notify_core.notifications.dry_run import RehearsedSms
from notify_core.notifications.prepare import SmsRequest
from notify_core.vocabulary import Channel
from notify_web.answers import Answer
from notify_web.documentation.operation import Body, Operation, Returns
from notify_web.ports import HttpRequest
from notify_web.public import examples, refusals, shapes
from notify_web.public.accepting import IDEMPOTENCY_KEY, Way, accept, acceptance, try_out
from notify_web.public.bodies import SMS
from notify_web.public.presenters import accepted_sms, rehearsed_sms


def sms_request(key: ApiKey, form: Mapping[str, Any]) -> SmsRequest:
    """Return the command that a checked form stands for."""
    return SmsRequest(
        key=key,
        phone_number=form["phone_number"],
        template_id=form["template_id"],
        personalisation=form.get("personalisation", {}),
        reference=form.get("reference"),
        scheduled_for=form.get("scheduled_for"),
        sms_sender_id=form.get("sms_sender_id"),
    )


BY_SMS: Way[SmsRequest, RehearsedSms] = Way(
    channel=Channel.SMS,
    schema=SMS,
    command=sms_request,
    send=lambda notify: notify.send_sms,
    accepted=accepted_sms,
    try_out=lambda notify: notify.dry_run_sms,
    tried=rehearsed_sms,
)


@post(
    "/v2/notifications/sms",
    sync_to_thread=True,
    described=Operation(
        "Send a text message",
        "The text is stored before you are answered: from then on it is not lost, whatever stops working. "
        "What became of it you hear by asking for it.",
        body=Body(SMS, examples.SMS_BODY),
        parameters=(IDEMPOTENCY_KEY,),
        answers={201: acceptance("The text was accepted.", shapes.AcceptedSms, examples.ACCEPTED_SMS)},
        errors=(*refusals.SMS, *refusals.IDEMPOTENCY),
    ),
)
def send_sms(request: HttpRequest, body: RawBody) -> Answer:
    """Accept a text."""
    return accept(request, body, BY_SMS)


@post(
    "/v2/notifications/sms/dry-run",
    sync_to_thread=True,
    status_code=200,
    described=Operation(
        "Try a text message out",
        "Checks everything that sending checks, and shows the text as it would go out, with its fragments and what "
        "it would cost. Nothing is sent or stored, and no place of the day's limit is taken.",
        body=Body(SMS, examples.SMS_BODY),
        answers={200: Returns("The text would be accepted.", shapes.RehearsedSms, examples.REHEARSED_SMS)},
        errors=refusals.SMS,
    ),
)
def try_sms(request: HttpRequest, body: RawBody) -> Answer:
    """Show the text as it would be sent, and what it would cost, without sending it."""
    return try_out(request, body, BY_SMS)
