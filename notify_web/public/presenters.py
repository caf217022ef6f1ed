"""What clients are shown of a message."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from notify_core.billing.rates import Cost
from notify_core.notifications.find import Found
from notify_core.notifications.send import Accepted
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
    return {**_accepted(accepted, root, content), "sanitised_content": _sanitised(accepted)}


def _sanitised(accepted: Accepted) -> Document:
    return {
        name: {"unsanitised": value.unsanitised, "sanitised": value.sanitised}
        for name, value in accepted.sanitised.items()
    }


def _accepted(accepted: Accepted, root: str, content: Mapping[str, str | None]) -> Document:
    template = accepted.template
    return {
        "id": str(accepted.id),
        "reference": accepted.reference,
        "content": content,
        "uri": f"{root}/v2/notifications/{accepted.id}",
        "template": {
            "id": str(template.id),
            "version": template.version,
            # Not the address that look-ups show for the same template: it never was.
            "uri": f"{root}/services/{template.service_id}/templates/{template.id}",
        },
        "scheduled_for": None,
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
        "scheduled_for": None,
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
