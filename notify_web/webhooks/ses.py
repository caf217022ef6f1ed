"""What became of emails: Amazon SES tells Amazon SNS, which posts it here."""

from __future__ import annotations

from litestar import post
from litestar.params import RawBody

from notify_core.providers.ses_events import parse_event
from notify_web.answers import Answer, json_answer
from notify_web.ports import HttpRequest, ports_of


@post("/notifications/email/ses", sync_to_thread=True)
def receive_ses_event(request: HttpRequest, body: RawBody) -> Answer:
    """Record one report, or confirm a subscription. What SNS did not sign is refused."""
    ports = ports_of(request)
    text = ports.events.open(body)
    if text is not None:
        ports.notify.record_email_receipt(parse_event(text))
    return json_answer({"message": "SES callback succeeded", "result": "success"})
