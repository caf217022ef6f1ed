"""What clients are shown of a message."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from notify_core.billing.rates import Cost
from notify_core.content.sanitise import Sanitised
from notify_core.notifications.dry_run import RehearsedEmail, RehearsedSms
from notify_core.notifications.find import Found
from notify_core.notifications.prepare import Prepared
from notify_core.notifications.send import Accepted
from notify_core.templates.model import Template
from notify_core.vocabulary import Channel
from notify_web.answers import wire_time

Document = dict[str, Any]

_ADDRESS_LINES = ("line_1", "line_2", "line_3", "line_4", "line_5", "line_6", "postcode")


def accepted_sms(accepted: Accepted, root: str) -> Document:
    """Present a text that was accepted. `root` is what links begin with."""
    return _accepted(accepted, root, {"body": accepted.body, "from_number": accepted.sender})


def accepted_email(accepted: Accepted, root: str) -> Document:
    """Present an email that was accepted."""
    content = {
        "body": accepted.body,
        "subject": accepted.subject,
        "from_email": accepted.sender,
        "one_click_unsubscribe_url": accepted.one_click_unsubscribe_url,
    }
    return {**_accepted(accepted, root, content), "sanitised_content": _sanitised(accepted.sanitised)}


def _sanitised(values: Mapping[str, Sanitised]) -> Document:
    return {name: {"unsanitised": value.unsanitised, "sanitised": value.sanitised} for name, value in values.items()}


def _accepted(accepted: Accepted, root: str, content: Mapping[str, str | None]) -> Document:
    return {
        "id": str(accepted.id),
        "reference": accepted.reference,
        "content": content,
        "uri": f"{root}/v2/notifications/{accepted.id}",
        "template": _template(accepted.template, root),
        "scheduled_for": wire_time(accepted.scheduled_for),
    }


def _template(template: Template, root: str) -> Document:
    return {
        "id": str(template.id),
        "version": template.version,
        # Not the address that look-ups show for the same template: it never was.
        "uri": f"{root}/services/{template.service_id}/templates/{template.id}",
    }


def rehearsed_sms(rehearsed: RehearsedSms, root: str) -> Document:
    """Present a text that was tried out: what sending answers, but for ids, and what would go out."""
    prepared, outgoing = rehearsed.prepared, rehearsed.outgoing
    return {
        **_rehearsed(prepared, root, {"body": prepared.body, "from_number": prepared.sender}),
        "would_send": {
            "recipient": outgoing.recipient,
            "sender": outgoing.sender,
            "text": outgoing.text,
            "international": outgoing.international,
            "encoding": rehearsed.encoding,
            "fragments": rehearsed.fragments,
        },
        "cost_in_pence": _number(rehearsed.pence),
    }


def rehearsed_email(rehearsed: RehearsedEmail, root: str) -> Document:
    """Present an email that was tried out."""
    prepared, outgoing = rehearsed.prepared, rehearsed.outgoing
    content = {
        "body": prepared.body,
        "subject": prepared.subject,
        "from_email": prepared.sender,
        "one_click_unsubscribe_url": outgoing.one_click_unsubscribe_url,
    }
    return {
        **_rehearsed(prepared, root, content),
        "sanitised_content": _sanitised(prepared.sanitised),
        "would_send": {
            "recipient": outgoing.recipient,
            "sender_name": outgoing.sender_name,
            "sender_address": outgoing.sender_address,
            "reply_to": outgoing.reply_to,
            "subject": outgoing.subject,
            "text": outgoing.text,
            "html": outgoing.html,
        },
        "cost_in_pence": 0.0,
    }


def _rehearsed(prepared: Prepared, root: str, content: Mapping[str, str | None]) -> Document:
    return {
        "reference": prepared.message.contents.client_reference,
        "content": content,
        "template": _template(prepared.template, root),
        "scheduled_for": wire_time(prepared.message.notification.scheduled_for),
    }


def notification(found: Found, root: str) -> Document:
    """Present a message looked up. Every key is always there."""
    facts, contents, template = found.notification, found.contents, found.template
    return {
        "id": str(facts.id),
        "reference": contents.client_reference,
        "type": facts.channel.value,
        "status": facts.status.value,
        "email_address": contents.recipient if facts.channel is Channel.EMAIL else None,
        "phone_number": contents.recipient if facts.channel is Channel.SMS else None,
        **dict.fromkeys(_ADDRESS_LINES),
        "postage": None,
        "body": found.body,
        "subject": found.subject,
        "template": {
            "id": str(template.id),
            "version": template.version,
            "uri": f"{root}/v2/template/{template.id}/version/{template.version}",
        },
        "created_at": wire_time(facts.created_at),
        "created_by_name": None,
        "sent_at": wire_time(facts.sent_at),
        "completed_at": wire_time(facts.completed_at),
        "scheduled_for": wire_time(facts.scheduled_for),
        "one_click_unsubscribe_url": contents.one_click_unsubscribe_url,
        **_cost(found.cost),
    }


def _cost(cost: Cost) -> Document:
    return {
        "is_cost_data_ready": cost.ready,
        "cost_in_pounds": _number(cost.pounds),
        "cost_details": {name: _number(value) for name, value in cost.details.items()},
    }


def _number(value: Decimal | int | str | None) -> float | int | str | None:
    """Return a value as JSON can hold it. A float is written with the fewest digits that still mean it.

    >>> _number(Decimal("0.0681")), _number(Decimal(1)), _number(3)
    (0.0681, 1.0, 3)
    """
    return float(value) if isinstance(value, Decimal) else value
