"""What the bodies of requests must look like, a table for each."""

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

_REFERENCE = Field("reference", short_text(1000))
_TEMPLATE_ID = Field("template_id", uuid, UUID)
_PERSONALISATION = Field("personalisation", of_type("object"))
_SCHEDULED_FOR = Field("scheduled_for", within_a_day, read_moment)

SMS = Schema(
    fields=(
        _REFERENCE,
        Field("phone_number", phone_number),
        _TEMPLATE_ID,
        _PERSONALISATION,
        _SCHEDULED_FOR,
        Field("sms_sender_id", uuid, UUID),
    ),
    required=("phone_number", "template_id"),
)

EMAIL = Schema(
    fields=(
        _REFERENCE,
        Field("email_address", email_address),
        _TEMPLATE_ID,
        _PERSONALISATION,
        _SCHEDULED_FOR,
        Field("email_reply_to_id", uuid, UUID),
        Field("one_click_unsubscribe_url", https_url),
        Field("sanitise_content_for", names_or_null, read_names),
    ),
    required=("email_address", "template_id"),
)
