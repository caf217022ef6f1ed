"""What is posted to services: JSON, field by field and space by space as their programs have known it for years."""

from __future__ import annotations

import json
from datetime import datetime

from notify_core.identifiers import moment_of
from notify_core.inbound.model import ReceivedText
from notify_core.notifications.model import Complaint, Message


def status_body(message: Message) -> bytes:
    """Return what tells the end of a message. `completed_at` is when it last changed."""
    facts, contents = message.notification, message.contents
    return _json(
        {
            "id": str(facts.id),
            "reference": contents.client_reference,
            "to": contents.recipient,
            "status": facts.status.value,
            "created_at": _moment(facts.created_at),
            "completed_at": _moment(facts.updated_at),
            "sent_at": _moment(facts.sent_at),
            "notification_type": facts.channel.value,
            "template_id": str(facts.template_id),
            "template_version": facts.template_version,
        }
    )


def complaint_body(complaint: Complaint, message: Message) -> bytes:
    """Return what tells that a recipient called an email spam. One without a time has the time of our hearing."""
    return _json(
        {
            "notification_id": str(complaint.notification_id),
            "complaint_id": str(complaint.id),
            "reference": message.contents.client_reference,
            "to": message.contents.recipient,
            "complaint_date": _moment(complaint.complained_at or moment_of(complaint.id)),
        }
    )


def text_body(text: ReceivedText) -> bytes:
    """Return what tells that somebody texted the service."""
    return _json(
        {
            "id": str(text.id),
            "source_number": text.user_number,
            "destination_number": text.notify_number,
            "message": text.content,
            "date_received": _moment(text.provider_date or text.created_at),
        }
    )


def _json(values: dict[str, object]) -> bytes:
    return json.dumps(values).encode()


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"
