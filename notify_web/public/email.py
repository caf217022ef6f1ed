"""Send an email."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from litestar import post
from litestar.params import RawBody

from notify_core.api_keys.model import ApiKey
from notify_core.notifications.send import EmailRequest
from notify_core.vocabulary import Channel
from notify_web.answers import Answer, json_answer
from notify_web.authentication import authenticate
from notify_web.ports import HttpRequest, ports_of, root_url
from notify_web.public.bodies import EMAIL
from notify_web.public.documents import read_document
from notify_web.public.presenters import accepted_email
from notify_web.public.schema import InvalidRequest, echo, parse

# Room for a few files, which travel inside the personalisation.
LARGEST_BODY = 20 * 1024 * 1024


@post("/v2/notifications/email", sync_to_thread=True, request_max_body_size=LARGEST_BODY)
def send_email(request: HttpRequest, body: RawBody) -> Answer:
    """Accept an email. The order of checks is that of texts."""
    ports, caller = ports_of(request), authenticate(request)
    with ports.notify.admit(caller.service, caller.key, Channel.EMAIL) as admission:
        form = parse(EMAIL, read_document(body), ports.clock())
        accepted = ports.notify.send_email(email_request(caller.key, form))
        if accepted.counted:
            admission.keep()
    return json_answer(accepted_email(accepted, root_url(request)), 201)


def email_request(key: ApiKey, form: dict[str, Any]) -> EmailRequest:
    """Return the command that a checked form stands for."""
    return EmailRequest(
        key=key,
        email_address=form["email_address"],
        template_id=form["template_id"],
        personalisation=form.get("personalisation", {}),
        reference=form.get("reference"),
        email_reply_to_id=form.get("email_reply_to_id"),
        one_click_unsubscribe_url=form.get("one_click_unsubscribe_url"),
        sanitise_content_for=_names(form.get("sanitise_content_for") or ()),
    )


def _names(entries: Iterable[object]) -> tuple[str, ...]:
    """Return the names among the entries. Null is no name and no mistake; the schema does not look at entries."""
    names = [entry for entry in entries if entry is not None]
    strangers = [entry for entry in names if not isinstance(entry, str)]
    if strangers:
        raise InvalidRequest(*(f"sanitise_content_for {echo(entry)} is not of type string" for entry in strangers))
    return tuple(str(entry) for entry in names)
