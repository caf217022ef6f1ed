"""What SES tells about a message: the texts inside its notifications.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

import uuid

import orjson
from attrs import frozen

from notify_adapters.simulators.behaviours import Behaviour
from notify_adapters.simulators.sns import now_text


@frozen(kw_only=True)
class Sent:
    """A message as SES was asked to send it. `to` is the first of `recipients`; `key` tells messages apart.

    `tags` and `headers` are names with their values. Both are in its events, as a configuration set publishes them.
    """

    source: str
    to: str
    recipients: tuple[str, ...]
    key: str
    tags: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


def events(sent: Sent, message_id: str, behaviour: Behaviour) -> list[str]:
    """Return the events about a message, in order, as JSON texts."""
    match behaviour:
        case Behaviour.NO_RECEIPT:
            told = []
        case Behaviour.TEMPORARY:
            told = [_bounce(sent, "Transient", "MailboxFull", "4.2.2")]
        case Behaviour.PERMANENT:
            told = [_bounce(sent, "Permanent", "General", "5.1.1")]
        case Behaviour.COMPLAINT:
            told = [_delivery(sent), _complaint(sent)]
        case Behaviour.UNKNOWN_STATUS:
            told = [{"notificationType": "Rumour"}]
        case _:
            told = [_delivery(sent)]
    mail = _mail(sent, message_id)
    return [orjson.dumps(event | {"mail": mail}).decode() for event in told]


def _mail(sent: Sent, message_id: str) -> dict[str, object]:
    return {
        "timestamp": now_text(),
        "source": sent.source,
        "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/simulator",
        "sendingAccountId": "123456789012",
        "messageId": message_id,
        "destination": list(sent.recipients),
        "headersTruncated": False,
        "headers": [
            {"name": "To", "value": ", ".join(sent.recipients)},
            *({"name": name, "value": value} for name, value in sent.headers),
        ],
        "commonHeaders": {"from": [sent.source], "to": list(sent.recipients)},
        "tags": {name: [value] for name, value in sent.tags},
    }


def _delivery(sent: Sent) -> dict[str, object]:
    delivery = {
        "timestamp": now_text(),
        "recipients": list(sent.recipients),
        "processingTimeMillis": 658,
        "smtpResponse": "250 2.0.0 OK",
        "reportingMTA": "a7-1.smtp-out.eu-west-1.amazonses.com",
        "remoteMtaIp": "127.0.0.1",
    }
    return {"notificationType": "Delivery", "delivery": delivery}


def _bounce(sent: Sent, kind: str, sub_kind: str, status: str) -> dict[str, object]:
    bounced = [
        {
            "emailAddress": address,
            "action": "failed",
            "status": status,
            "diagnosticCode": f"smtp; 550 {status} not delivered",
        }
        for address in sent.recipients
    ]
    bounce = {
        "bounceType": kind,
        "bounceSubType": sub_kind,
        "bouncedRecipients": bounced,
        "timestamp": now_text(),
        "feedbackId": _feedback_id(),
        "remoteMtaIp": "127.0.0.1",
        "reportingMTA": "dsn; a7-1.smtp-out.eu-west-1.amazonses.com",
    }
    return {"notificationType": "Bounce", "bounce": bounce}


def _complaint(sent: Sent) -> dict[str, object]:
    complaint = {
        "complainedRecipients": [{"emailAddress": address} for address in sent.recipients],
        "timestamp": now_text(),
        "feedbackId": _feedback_id(),
        "complaintFeedbackType": "abuse",
        "complaintSubType": None,
        "userAgent": "Simulator",
        "arrivalDate": now_text(),
    }
    return {"notificationType": "Complaint", "complaint": complaint}


def _feedback_id() -> str:
    return f"{uuid.uuid4()}-000000"
