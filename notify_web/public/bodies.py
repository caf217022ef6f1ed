"""What the bodies and queries of requests must look like, a table for each. The API's description is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from uuid import UUID

from attrs import evolve

from notify_core.bulk.model import MOST_ROWS
from notify_core.vocabulary import Channel
from notify_web.public.formats import (
    each,
    email_address,
    https_url,
    names_or_null,
    objects,
    of_type,
    one_of,
    page_number,
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

_PHONE_NUMBER = Field(
    "phone_number",
    phone_number,
    about="Who to text: a UK number in any notation, or a foreign one with its country code.",
)
_EMAIL_ADDRESS = Field("email_address", email_address, about="Who to write to.")
_SMS_SENDER_ID = Field(
    "sms_sender_id",
    uuid,
    UUID,
    about="The text message sender to use, in place of the template's or the service's own.",
)
_EMAIL_REPLY_TO_ID = Field(
    "email_reply_to_id",
    uuid,
    UUID,
    about="The reply-to address to use, in place of the template's or the service's own.",
)
_UNSUBSCRIBE_URL = Field(
    "one_click_unsubscribe_url",
    https_url,
    about="Where the reader's email program posts to when they unsubscribe with its button (RFC 8058).",
)
_SANITISE_CONTENT_FOR = Field(
    "sanitise_content_for",
    names_or_null,
    read_names,
    about="Names of personalisation that strangers typed. Links in their values are taken out and Markdown "
    "is escaped before the email is made; the answer tells what changed.",
)

SMS = Schema(
    fields=(_REFERENCE, _PHONE_NUMBER, _TEMPLATE_ID, _PERSONALISATION, _SCHEDULED_FOR, _SMS_SENDER_ID),
    required=("phone_number", "template_id"),
)

EMAIL = Schema(
    fields=(
        _REFERENCE,
        _EMAIL_ADDRESS,
        _TEMPLATE_ID,
        _PERSONALISATION,
        _SCHEDULED_FOR,
        _EMAIL_REPLY_TO_ID,
        _UNSUBSCRIBE_URL,
        _SANITISE_CONTENT_FOR,
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

# A row of a bulk is checked like a message of its own. Its recipient may be called so, whatever the channel.
_RECIPIENT = "recipient"
_ROWS = {
    Channel.SMS: (_REFERENCE, _PHONE_NUMBER, _PERSONALISATION),
    Channel.EMAIL: (_REFERENCE, _EMAIL_ADDRESS, _PERSONALISATION, _UNSUBSCRIBE_URL),
}
_RECIPIENTS = {Channel.SMS: _PHONE_NUMBER, Channel.EMAIL: _EMAIL_ADDRESS}


def recipient_field(channel: Channel, row: Mapping[str, object]) -> str:
    """Return what a row calls its recipient."""
    usual = _RECIPIENTS[channel].name
    return _RECIPIENT if _RECIPIENT in row and usual not in row else usual


@cache
def bulk_row(channel: Channel, recipient: str) -> Schema:
    """Return what rows of the channel must look like that call their recipient so."""
    usual = _RECIPIENTS[channel]
    fields = tuple(evolve(field, name=recipient) if field is usual else field for field in _ROWS[channel])
    return Schema(fields=fields, required=(recipient,))


# What is wrong inside a row is told in the answer, so here is only said what may be in it.
_ROW_DESCRIBED = {
    "properties": {
        _RECIPIENT: {"description": "Who it is for: the same as `phone_number` or `email_address`."},
        **{
            field.name: {"description": field.about}
            for field in (_PHONE_NUMBER, _EMAIL_ADDRESS, _PERSONALISATION, _REFERENCE, _UNSUBSCRIBE_URL)
        },
    }
}
_BULK = (
    Field("reference", short_text(1000), about="Your own name for all of it."),
    Field("template_id", uuid, UUID, about="The template to fill in, of whichever channel: one of your service's."),
    _SCHEDULED_FOR,
    _SMS_SENDER_ID,
    _EMAIL_REPLY_TO_ID,
    _SANITISE_CONTENT_FOR,
)
BULK = Schema(
    fields=(
        *_BULK,
        Field(
            "rows",
            objects(MOST_ROWS, _ROW_DESCRIBED),
            about="The messages, each with its recipient. Give these, or `csv`.",
        ),
        Field(
            "csv",
            of_type("string"),
            about="The messages as the text of a CSV file, in place of `rows`. Its first line names the columns: "
            "`phone number` or `email address`, and the template's placeholders. A column called `reference` is each "
            "message's reference, too.",
        ),
    ),
    required=("template_id",),
)
# Beside a body that is the CSV itself.
BULK_CSV = Schema(fields=_BULK, required=("template_id",))
BULK_PAGE = Schema(
    fields=(Field("page", page_number, int, about="Which page, from 1; left out, the first one."),), required=()
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
