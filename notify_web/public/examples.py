"""Examples of what is sent and shown, for the API's description. mypy holds those shown to their shapes."""

from __future__ import annotations

from collections.abc import Mapping

from notify_core.bulk.model import BulkState
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import EventKind
from notify_core.vocabulary import ProviderName
from notify_web.public import shapes

_ROOT = "https://api.notify.example"
_SERVICE_ID = "7f0a6a2e-6f0c-4b77-9a0e-3d1c2f1b5a10"
_TEMPLATE_ID = "f33517ff-2a88-4f6e-b855-c550268ce08a"
_ID = "740e5834-3a29-46b4-9a6f-16142fde533a"

SMS_BODY: Mapping[str, object] = {
    "phone_number": "07700 900123",
    "template_id": _TEMPLATE_ID,
    "personalisation": {"name": "Jo", "day": "Monday"},
    "reference": "bins-2026-11",
}
EMAIL_BODY: Mapping[str, object] = {
    "email_address": "jo@example.com",
    "template_id": _TEMPLATE_ID,
    "personalisation": {"name": "Jo", "days": ["Monday", "Friday"]},
    "reference": "bins-2026-11",
    "sanitise_content_for": ["name"],
}
_ACCEPTED: shapes.Accepted = {
    "id": _ID,
    "reference": "bins-2026-11",
    "scheduled_for": None,
    "template": {
        "id": _TEMPLATE_ID,
        "uri": f"{_ROOT}/services/{_SERVICE_ID}/templates/{_TEMPLATE_ID}",
        "version": 3,
    },
    "uri": f"{_ROOT}/v2/notifications/{_ID}",
}
ACCEPTED_SMS: shapes.AcceptedSms = {
    **_ACCEPTED,
    "content": {"body": "Hello Jo, your bins go out on Monday.", "from_number": "Bins"},
}
ACCEPTED_EMAIL: shapes.AcceptedEmail = {
    **_ACCEPTED,
    "content": {
        "body": "Hello Jo,\n\nyour bins go out on\n\n* Monday\n* Friday",
        "from_email": "bins@notify.example",
        "one_click_unsubscribe_url": None,
        "subject": "Your bins",
    },
    "sanitised_content": {},
}
_REHEARSED: shapes.Rehearsed = {
    "reference": "bins-2026-11",
    "scheduled_for": None,
    "template": _ACCEPTED["template"],
}
REHEARSED_SMS: shapes.RehearsedSms = {
    **_REHEARSED,
    "content": ACCEPTED_SMS["content"],
    "cost_in_pence": 2.4,
    "would_send": {
        "encoding": "gsm7",
        "fragments": 1,
        "international": False,
        "recipient": "447700900123",
        "sender": "Bins",
        "text": "Bin service: Hello Jo, your bins go out on Monday.",
    },
}
REHEARSED_EMAIL: shapes.RehearsedEmail = {
    **_REHEARSED,
    "content": ACCEPTED_EMAIL["content"],
    "cost_in_pence": 0.0,
    "sanitised_content": {},
    "would_send": {
        "html": "<!DOCTYPE html>…",
        "recipient": "jo@example.com",
        "reply_to": "replies@example.com",
        "sender_address": "bins@notify.example",
        "sender_name": "Bins",
        "subject": "Your bins",
        "text": "Hello Jo,\n\nyour bins go out on\n\n• Monday\n• Friday",
    },
}
NOTIFICATION: shapes.Notification = {
    "body": "Hello Jo, your bins go out on Monday.",
    "completed_at": "2026-11-21T17:00:04.000000Z",
    "cost_details": {"billable_sms_fragments": 1, "international_rate_multiplier": 1.0, "sms_rate": 0.024},
    "cost_in_pounds": 0.024,
    "created_at": "2026-11-21T17:00:00.000005Z",
    "created_by_name": None,
    "email_address": None,
    "id": _ID,
    "is_cost_data_ready": True,
    "line_1": None,
    "line_2": None,
    "line_3": None,
    "line_4": None,
    "line_5": None,
    "line_6": None,
    "one_click_unsubscribe_url": None,
    "phone_number": "07700 900123",
    "postage": None,
    "postcode": None,
    "reference": "bins-2026-11",
    "scheduled_for": None,
    "sent_at": "2026-11-21T17:00:01.000000Z",
    "status": Status.DELIVERED,
    "subject": None,
    "template": {
        "id": _TEMPLATE_ID,
        "uri": f"{_ROOT}/v2/template/{_TEMPLATE_ID}/version/3",
        "version": 3,
    },
    "type": "sms",
}
STATUS: shapes.StatusShown = {
    "build_time": "2026-11-21T09:00:00Z",
    "db_bulk_version": "0001",
    "db_version": "0001",
    "git_commit": "9e58464",
    "status": "ok",
}
CANCELLED: shapes.Notification = {
    **NOTIFICATION,
    "cost_details": {},
    "cost_in_pounds": None,
    "is_cost_data_ready": False,
    "scheduled_for": "2026-11-22T09:00:00.000000Z",
    "sent_at": None,
    "status": Status.CANCELLED,
}
NOTIFICATIONS: shapes.Notifications = {
    "links": {
        "current": f"{_ROOT}/v2/notifications?status=delivered",
        "next": f"{_ROOT}/v2/notifications?status=delivered&older_than={_ID}",
    },
    "notifications": [NOTIFICATION],
}
TEMPLATE: shapes.Template = {
    "body": "Hello ((name)), your bins go out on ((day)).",
    "created_at": "2026-05-04T10:00:00.000000Z",
    "created_by": "jo@example.com",
    "id": _TEMPLATE_ID,
    "letter_contact_block": None,
    "name": "Bin day",
    "personalisation": {"name": {"required": True}, "day": {"required": True}},
    "postage": None,
    "subject": None,
    "type": "sms",
    "updated_at": "2026-11-02T09:30:00.000000Z",
    "version": 3,
}
TEMPLATES: shapes.Templates = {"templates": [TEMPLATE]}
PREVIEW_BODY: Mapping[str, object] = {"personalisation": {"name": "Jo", "day": "Monday"}}
PREVIEW: shapes.Preview = {
    "body": "Hello Jo, your bins go out on Monday.",
    "html": None,
    "id": _TEMPLATE_ID,
    "postage": None,
    "subject": None,
    "type": "sms",
    "version": 3,
}
RECEIVED_TEXTS: shapes.ReceivedTexts = {
    "links": {
        "current": f"{_ROOT}/v2/received-text-messages",
        "next": f"{_ROOT}/v2/received-text-messages?older_than={_ID}",
    },
    "received_text_messages": [
        {
            "content": "Thank you",
            "created_at": "2026-11-21T17:05:00.000000Z",
            "id": _ID,
            "notify_number": "07700900001",
            "service_id": _SERVICE_ID,
            "user_number": "447700900123",
        }
    ],
}
TIMELINE: shapes.Timeline = {
    "events": [
        {
            "at": "2026-11-21T17:00:00.000005Z",
            "attempt": None,
            "detail": None,
            "event": EventKind.ACCEPTED,
            "provider": None,
            "status": None,
        },
        {
            "at": "2026-11-21T17:00:01.000000Z",
            "attempt": 1,
            "detail": None,
            "event": EventKind.HANDED_OVER,
            "provider": ProviderName.MMG,
            "status": Status.SENDING,
        },
        {
            "at": "2026-11-21T17:00:04.000000Z",
            "attempt": None,
            "detail": "Delivered to handset",
            "event": EventKind.RECEIPT,
            "provider": ProviderName.MMG,
            "status": Status.DELIVERED,
        },
    ],
    "id": _ID,
}
_BULK_ID = "01a1fb67-1800-7c79-91ce-b93ad5b00000"
_BULK_URI = f"{_ROOT}/v2/notifications/bulk/{_BULK_ID}"
_TOO_SHORT: shapes.Problem = {"error": "ValidationError", "message": "phone_number Not enough digits"}
BULK_BODY: Mapping[str, object] = {
    "template_id": _TEMPLATE_ID,
    "rows": [
        {"phone_number": "07700 900123", "personalisation": {"name": "Jo", "day": "Monday"}, "reference": "house-1"},
        {"phone_number": "0770", "personalisation": {"name": "Sam", "day": "Friday"}, "reference": "house-2"},
    ],
    "reference": "bins-2026-11",
}
BULK_ACCEPTED: shapes.BulkAccepted = {
    "accepted": 1,
    "id": _BULK_ID,
    "reference": "bins-2026-11",
    "refused": 1,
    "rows": [{"id": _ID, "row": 0}, {"errors": [_TOO_SHORT], "row": 1}],
    "scheduled_for": None,
    "template": _ACCEPTED["template"],
    "uri": _BULK_URI,
}
BULK: shapes.Bulk = {
    "accepted": 1,
    "created_at": "2026-11-21T17:00:00.000005Z",
    "id": _BULK_ID,
    "reference": "bins-2026-11",
    "refused": 1,
    "scheduled_for": None,
    "simulated": 0,
    "state": BulkState.FINISHED,
    "statuses": {"delivered": 1},
    "template": NOTIFICATION["template"],
    "type": "sms",
    "uri": f"{_BULK_URI}/rows",
}
BULK_CANCELLED: shapes.BulkCancelled = {
    **BULK,
    "cancelled": 1,
    "scheduled_for": "2026-11-22T09:00:00.000000Z",
    "state": BulkState.CANCELLED,
    "statuses": {"cancelled": 1},
    "too_late": 0,
}
BULK_ROWS: shapes.BulkRows = {
    "links": {"current": f"{_BULK_URI}/rows", "next": f"{_BULK_URI}/rows?page=2"},
    "rows": [
        {
            "errors": [],
            "id": _ID,
            "recipient": "07700 900123",
            "reference": "house-1",
            "row": 0,
            "status": Status.DELIVERED,
        },
        {
            "errors": [_TOO_SHORT],
            "id": None,
            "recipient": "0770",
            "reference": "house-2",
            "row": 1,
            "status": "refused",
        },
    ],
}
UNSUBSCRIBED: shapes.Unsubscribed = {"message": "Unsubscribe successful", "result": "success"}
UNSUBSCRIBE_REFUSED: shapes.UnsubscribeRefused = {
    "message": {"unsubscribe request": "This is not a valid unsubscribe link."},
    "result": "error",
}
