"""What the bodies of requests must look like, a table for each. The API's description is made from them too."""

from __future__ import annotations

from uuid import UUID

from notify_web.public.formats import (
    email_address,
    https_url,
    names_or_null,
    of_type,
    phone_number,
    read_moment,
    read_names,
    short_text,
    uuid,
    within_a_day,
)
from notify_web.public.schema import Field, Schema

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
