"""What Amazon SES reports of an email: deliveries, bounces and complaints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from attrs import evolve, frozen

from notify_core.errors import NotifyError
from notify_core.notifications.status import Status

# How an email carries our own id, and SES's events bring it back: as a tag, in events that a configuration set
# publishes, and as a header, in an identity's notifications where headers are switched on.
OUR_ID_TAG = "notification-id"
OUR_ID_HEADER = "X-Notify-Notification-Id"


class InvalidEvent(NotifyError):
    """The text is not a report that SES makes."""

    code = "invalid-event"


class UntrustedEvent(NotifyError):
    """The report is not signed by who it claims to come from."""

    code = "untrusted-event"


class EventUnverified(Exception):
    """Whether the report can be trusted is not known now; who sent it should send it again."""


@frozen(kw_only=True)
class SesEvent:
    """One report. `reference` is SES's id of the email; `notification_id` is ours, if it says; `occurred_at` is UTC.

    `status` is None for a complaint, which says nothing about delivery. `notification_id` is our own id of the email,
    where the report carries it. Recipients are left out on purpose.
    """

    reference: str
    status: Status | None
    occurred_at: datetime | None
    feedback_id: str | None = None
    complaint_type: str | None = None
    notification_id: UUID | None = None

    @property
    def is_complaint(self) -> bool:
        """Whether the recipient complained."""
        return self.status is None


def parse_event(text: str) -> SesEvent:
    """Read the `Message` of an SNS notification. Raises InvalidEvent, naming the field that is wrong."""
    try:
        document = json.loads(text)
    except ValueError:
        raise InvalidEvent("SES callback failed: invalid json") from None
    if not isinstance(document, dict):
        raise InvalidEvent("SES callback failed: invalid json")
    kind = document.get("notificationType") or document.get("eventType")
    if not kind:
        raise InvalidEvent("SES callback failed: notificationType missing")
    mail = _section(document, "mail")
    reference = mail.get("messageId")
    if not isinstance(reference, str) or not reference:
        raise InvalidEvent("SES callback failed: messageId missing")
    return evolve(_event(document, str(kind), reference), notification_id=_notification_id(mail))


def _event(document: Mapping[str, Any], kind: str, reference: str) -> SesEvent:
    if kind == "Delivery":
        moment = _moment(_section(document, "delivery").get("timestamp"))
        return SesEvent(reference=reference, status=Status.DELIVERED, occurred_at=moment)
    if kind == "Bounce":
        bounce = _section(document, "bounce")
        permanent = bounce.get("bounceType") == "Permanent"
        return SesEvent(
            reference=reference,
            status=Status.PERMANENT_FAILURE if permanent else Status.TEMPORARY_FAILURE,
            occurred_at=_moment(bounce.get("timestamp")),
            feedback_id=_text(bounce.get("feedbackId")),
        )
    if kind == "Complaint":
        complaint = _section(document, "complaint")
        return SesEvent(
            reference=reference,
            status=None,
            occurred_at=_moment(complaint.get("timestamp")),
            feedback_id=_text(complaint.get("feedbackId")),
            complaint_type=_text(complaint.get("complaintFeedbackType")),
        )
    raise InvalidEvent("SES callback failed: notificationType must be Delivery, Bounce or Complaint")


def _notification_id(mail: Mapping[str, Any]) -> UUID | None:
    """Return our id, from the tag or the header. Who wrote the email cannot have put either there but us."""
    tagged = _section(mail, "tags").get(OUR_ID_TAG)
    headers = mail.get("headers")
    found = [
        *(tagged if isinstance(tagged, list) else ()),
        *(_header_values(headers) if isinstance(headers, list) else ()),
    ]
    for value in found:
        try:
            return UUID(value)
        except (ValueError, TypeError, AttributeError):
            continue
    return None


def _header_values(headers: list[Any]) -> list[object]:
    return [
        header.get("value")
        for header in headers
        if isinstance(header, dict) and str(header.get("name")).lower() == OUR_ID_HEADER.lower()
    ]


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name)
    return section if isinstance(section, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
