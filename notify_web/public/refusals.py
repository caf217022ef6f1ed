"""What sending may be refused for, each as it might be raised: examples for the API's description."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from notify_core.bulk.csv import UnusableCsv
from notify_core.bulk.model import MOST_ROWS
from notify_core.documents.files import InvalidFile
from notify_core.documents.ports import DocumentRefused, DocumentsUnavailable
from notify_core.errors import NotAllowed
from notify_core.idempotency.model import LONGEST_KEY, InvalidKey, KeyReused, Source, StillInFlight
from notify_core.jobs.sheet import UnusableFile
from notify_core.limits.admit import DailyLimitExceeded, RateLimitExceeded
from notify_core.limits.standing import Standing
from notify_core.notifications.recipients_allowed import TRIAL_MODE_PAGE
from notify_core.notifications.refusals import (
    ChannelNotPermitted,
    EmailTooLong,
    EmptyMessage,
    FileNotAllowed,
    FilesNotSetUp,
    InternationalNotPermitted,
    MissingPersonalisation,
    NumberNotPermitted,
    SenderNotFound,
    SmsTooLong,
    TemplateDeleted,
    TemplateNotFound,
    WrongTemplateType,
)
from notify_core.recipients.phone_number_errors import NotAUkMobile, TooShort
from notify_core.vocabulary import Channel
from notify_web.public.schema import InvalidRequest

_SERVICE = UUID("7f0a6a2e-6f0c-4b77-9a0e-3d1c2f1b5a10")
_SENDER = UUID("2b6f5b8e-8d7e-4a53-9f0c-1f4c6f7f0d21")

_STANDING = Standing(3000, None, 0.0, 250_000, 250_000, datetime(2026, 11, 21, tzinfo=UTC))
LIMITS: tuple[Exception, ...] = (
    RateLimitExceeded("Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds", 0.02, _STANDING),
    DailyLimitExceeded("Exceeded send limits (sms: 250000) for today", 3600.0, _STANDING),
)
IDEMPOTENCY: tuple[Exception, ...] = (
    InvalidKey(f"Idempotency-Key is 300 characters long; use 1 to {LONGEST_KEY}"),
    KeyReused(Source.HEADER),
    KeyReused(Source.REFERENCE),
    StillInFlight(),
)


def _template(wanted: Channel, other: Channel) -> tuple[Exception, ...]:
    return (
        TemplateNotFound(),
        WrongTemplateType(other, wanted),
        TemplateDeleted(),
        MissingPersonalisation(["name", "date"]),
        EmptyMessage(),
    )


_RECIPIENT: tuple[Exception, ...] = (
    NotAllowed("Can’t send to this recipient using a team-only API key"),
    NotAllowed(f"Can’t send to this recipient when service is in trial mode – see {TRIAL_MODE_PAGE}"),
)

SMS: tuple[Exception, ...] = (
    *LIMITS,
    InvalidRequest(f"phone_number {TooShort.v2_message}", "template_id is not a valid UUID"),
    ChannelNotPermitted(Channel.SMS),
    *_template(Channel.SMS, Channel.EMAIL),
    FileNotAllowed(),
    SenderNotFound("sms_sender_id", _SENDER, _SERVICE),
    *_RECIPIENT,
    InternationalNotPermitted(),
    NumberNotPermitted(NotAUkMobile.v2_message),
    SmsTooLong(919),
)
EMAIL: tuple[Exception, ...] = (
    *LIMITS,
    InvalidRequest("email_address Not a valid email address", "template_id is not a valid UUID"),
    ChannelNotPermitted(Channel.EMAIL),
    *_template(Channel.EMAIL, Channel.SMS),
    SenderNotFound("email_reply_to_id", _SENDER, _SERVICE),
    *_RECIPIENT,
    InvalidFile("filename `filename` must end with a file extension. For example, filename.csv"),
    FilesNotSetUp("https://admin.notify.example", _SERVICE),
    DocumentRefused("File did not pass the virus scan"),
    DocumentsUnavailable("not reachable"),
    EmailTooLong(2_000_001),
)
# Of a bulk as a whole. What single rows are refused for is in the answer that accepts it.
BULK: tuple[Exception, ...] = (
    LIMITS[0],
    DailyLimitExceeded(
        "Exceeded send limits (sms: 250000) for today: there is room for 12 more, and these are 60", 3600.0, _STANDING
    ),
    InvalidRequest("rows is empty: send at least one", "template_id is not a valid UUID"),
    InvalidRequest(f"rows has {MOST_ROWS + 1} entries: send at most {MOST_ROWS} in one request"),
    InvalidRequest("rows 3 Jo is not of type object"),
    InvalidRequest("csv cannot be given together with rows"),
    TemplateNotFound(),
    TemplateDeleted(),
    ChannelNotPermitted(Channel.SMS),
    SenderNotFound("sms_sender_id", _SENDER, _SERVICE),
    UnusableCsv("csv has no column for: name. Name the columns in its first line"),
    UnusableFile("The file is empty. It needs a header and at least one row."),
)
