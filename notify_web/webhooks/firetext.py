"""Delivery receipts of Firetext: forms."""

from __future__ import annotations

from urllib.parse import parse_qsl

from litestar import post
from litestar.params import RawBody

from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.vocabulary import ProviderName
from notify_web.answers import Answer
from notify_web.ports import HttpRequest
from notify_web.webhooks.receipts import check_present, delivery_time, take_receipt
from notify_web.webhooks.refusals import InvalidReceipt

_MOST_FIELDS = 100


@post("/notifications/sms/firetext", sync_to_thread=True)
def receive_firetext_receipt(request: HttpRequest, body: RawBody) -> Answer:
    """Record what became of a text that went by Firetext."""
    return take_receipt(request, ProviderName.FIRETEXT, firetext_receipt, body)


def firetext_receipt(body: bytes) -> SmsReceipt:
    """Read a receipt. Raises InvalidReceipt, naming all fields that are missing."""
    fields = read_form(body)
    check_present("Firetext", fields, ("status", "reference"))
    return SmsReceipt(
        provider=ProviderName.FIRETEXT,
        reference=fields["reference"],
        status=fields["status"],
        code=fields.get("code") or None,
        delivered_at=delivery_time(fields.get("time")),
    )


def read_form(body: bytes) -> dict[str, str]:
    """Read a form; of a field given twice the first counts."""
    try:
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise InvalidReceipt("Firetext callback failed: too many fields") from None
    return dict(reversed(pairs))
