"""Send an email, or try one out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import post
from litestar.params import RawBody

from notify_core.api_keys.model import ApiKey
from notify_core.notifications.dry_run import RehearsedEmail
from notify_core.notifications.prepare import EmailRequest
from notify_core.vocabulary import Channel
from notify_web.answers import Answer
from notify_web.documentation.operation import Body, Operation, Returns
from notify_web.ports import HttpRequest
from notify_web.public import examples, refusals, shapes
from notify_web.public.accepting import IDEMPOTENCY_KEY, Way, accept, acceptance, try_out
from notify_web.public.bodies import EMAIL
from notify_web.public.presenters import accepted_email, rehearsed_email

# Room for a few files, which travel inside the personalisation.
LARGEST_BODY = 20 * 1024 * 1024


def email_request(key: ApiKey, form: Mapping[str, Any]) -> EmailRequest:
    """Return the command that a checked form stands for."""
    return EmailRequest(
        key=key,
        email_address=form["email_address"],
        template_id=form["template_id"],
        personalisation=form.get("personalisation", {}),
        reference=form.get("reference"),
        scheduled_for=form.get("scheduled_for"),
        email_reply_to_id=form.get("email_reply_to_id"),
        one_click_unsubscribe_url=form.get("one_click_unsubscribe_url"),
        sanitise_content_for=form.get("sanitise_content_for", ()),
    )


BY_EMAIL: Way[EmailRequest, RehearsedEmail] = Way(
    channel=Channel.EMAIL,
    schema=EMAIL,
    command=email_request,
    send=lambda notify: notify.send_email,
    accepted=accepted_email,
    try_out=lambda notify: notify.dry_run_email,
    tried=rehearsed_email,
)


@post(
    "/v2/notifications/email",
    sync_to_thread=True,
    request_max_body_size=LARGEST_BODY,
    described=Operation(
        "Send an email",
        "As with texts, an email that was accepted is not lost. The body of a request may hold up to 20 MiB.",
        body=Body(EMAIL, examples.EMAIL_BODY),
        parameters=(IDEMPOTENCY_KEY,),
        answers={201: acceptance("The email was accepted.", shapes.AcceptedEmail, examples.ACCEPTED_EMAIL)},
        errors=(*refusals.EMAIL, *refusals.IDEMPOTENCY),
    ),
)
def send_email(request: HttpRequest, body: RawBody) -> Answer:
    """Accept an email."""
    return accept(request, body, BY_EMAIL)


@post(
    "/v2/notifications/email/dry-run",
    sync_to_thread=True,
    status_code=200,
    request_max_body_size=LARGEST_BODY,
    described=Operation(
        "Try an email out",
        "Checks everything that sending checks, and shows the email as it would go out. Nothing is sent or stored, "
        "no place of the day's limit is taken, and files are not uploaded: another link stands in for theirs.",
        body=Body(EMAIL, examples.EMAIL_BODY),
        answers={200: Returns("The email would be accepted.", shapes.RehearsedEmail, examples.REHEARSED_EMAIL)},
        errors=refusals.EMAIL,
    ),
)
def try_email(request: HttpRequest, body: RawBody) -> Answer:
    """Show the email as it would be sent, without sending it."""
    return try_out(request, body, BY_EMAIL)
