"""What the bodies and queries of requests must look like, a table for each. The API's description is made of them."""

from __future__ import annotations

from uuid import UUID

from notify_core.vocabulary import Channel
from notify_web.public.formats import (
    each,
    email_address,
    https_url,
    names_or_null,
    of_type,
    one_of,
    phone_number,
    postage,
    read_moment,
    read_names,
    short_text,
    storable,
    uuid,
    within_a_day,
)
from notify_web.public.schema import Field, Schema

# In the order in which they are listed to whoever gives another.
STATUSES = (
    "cancelled",
    "created",
    "sending",
    "sent",
    "delivered",
    "pending",
    "failed",
    "technical-failure",
    "temporary-failure",
    "permanent-failure",
    "pending-virus-check",
    "validation-failed",
    "virus-scan-failed",
    "returned-letter",
    "accepted",
    "received",
)
CHANNELS = ("sms", "email", "letter")

_REFERENCE = Field(
    "reference",
    short_text(1000),
    about="Your own name for the message, by which you can find it again. Several messages may share one.",
)
_TEMPLATE_ID = Field(
    "template_id", uuid, UUID, about="The template to fill in: one of your service's, for the same kind of message."
)
_PERSONALISATION = Field(
    "personalisation",
    of_type("object"),
    about="A value for each placeholder of the template. Names match whatever their case, spaces, `-` and `_`. "
    "A list becomes bullet points. Names that the template does not have are ignored.",
)
_SCHEDULED_FOR = Field(
    "scheduled_for",
    within_a_day,
    read_moment,
    about="When to send the message: a moment in the next 24 hours, as ISO 8601. Without a time zone it is UTC. Left "
    "out, or null, the message is sent at once. Until then it can be cancelled.",
)

SMS = Schema(
    fields=(
        _REFERENCE,
        Field(
            "phone_number",
            phone_number,
            about="Who to text: a UK number in any notation, or a foreign one with its country code.",
        ),
        _TEMPLATE_ID,
        _PERSONALISATION,
        _SCHEDULED_FOR,
        Field(
            "sms_sender_id",
            uuid,
            UUID,
            about="The text message sender to use, in place of the template's or the service's own.",
        ),
    ),
    required=("phone_number", "template_id"),
)

EMAIL = Schema(
    fields=(
        _REFERENCE,
        Field("email_address", email_address, about="Who to write to."),
        _TEMPLATE_ID,
        _PERSONALISATION,
        _SCHEDULED_FOR,
        Field(
            "email_reply_to_id",
            uuid,
            UUID,
            about="The reply-to address to use, in place of the template's or the service's own.",
        ),
        Field(
            "one_click_unsubscribe_url",
            https_url,
            about="Where the reader's email program posts to when they unsubscribe with its button (RFC 8058).",
        ),
        Field(
            "sanitise_content_for",
            names_or_null,
            read_names,
            about="Names of personalisation that strangers typed. Links in their values are taken out and Markdown "
            "is escaped before the email is made; the answer tells what changed.",
        ),
    ),
    required=("email_address", "template_id"),
)

LETTER = Schema(
    fields=(_REFERENCE, _TEMPLATE_ID, _PERSONALISATION),
    required=("template_id", "personalisation"),
)

PRECOMPILED_LETTER = Schema(
    fields=(
        Field("reference", of_type("string"), about="Your own name for the letter."),
        Field("content", of_type("string"), about="The PDF, as base64."),
        Field("postage", postage, about="How it is sent."),
    ),
    required=("reference", "content"),
)

# Checked together with the id in the address, so that everything wrong is told at once.
PREVIEW = Schema(fields=(Field("id", uuid, UUID), _PERSONALISATION), required=("id",), open=True)
PREVIEW_BODY = Schema(fields=(_PERSONALISATION,), required=(), open=True)

# Queries: what may be given several times comes as a list.
_OLDER_THAN = Field("older_than", uuid, UUID, about="The last one of the page before: what came earlier is shown.")
MESSAGES = Schema(
    fields=(
        Field("reference", storable, about="Only messages sent with exactly this reference."),
        Field(
            "status",
            each(one_of(*STATUSES)),
            about="Only messages of these statuses. `failed` stands for all failures, `accepted` for `created` and "
            "`sending`, `received` for `delivered`.",
        ),
        Field("template_type", each(one_of(*CHANNELS)), about="Only messages of these kinds."),
        Field("include_jobs", one_of("true", "True"), about="Messages that were sent from spreadsheets too."),
        _OLDER_THAN,
    ),
    required=(),
)
TEMPLATES = Schema(
    fields=(Field("type", one_of(*CHANNELS), Channel, about="Only templates of this kind."),), required=()
)
RECEIVED_TEXTS = Schema(fields=(_OLDER_THAN,), required=())
