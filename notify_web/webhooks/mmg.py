"""Delivery receipts of MMG: JSON."""

from __future__ import annotations

import json
from typing import Any

from litestar import post
from litestar.params import RawBody

from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.vocabulary import ProviderName
from notify_web.answers import Answer
from notify_web.ports import HttpRequest
from notify_web.webhooks.receipts import check_present, delivery_time, take_receipt
from notify_web.webhooks.refusals import InvalidReceipt


@post("/notifications/sms/mmg", sync_to_thread=True)
def receive_mmg_receipt(request: HttpRequest, body: RawBody) -> Answer:
    """Record what became of a text that went by MMG."""
    return take_receipt(request, ProviderName.MMG, mmg_receipt, body)


def mmg_receipt(body: bytes) -> SmsReceipt:
    """Read a receipt. Raises InvalidReceipt, naming all fields that are missing."""
    fields = read_object(body)
    check_present("MMG", fields, ("status", "CID"))
    substatus = fields.get("substatus")
    return SmsReceipt(
        provider=ProviderName.MMG,
        reference=str(fields["CID"]),
        status=str(fields["status"]),
        code=None if substatus is None else str(substatus),
        delivered_at=delivery_time(fields.get("deliverytime")),
    )


def read_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises InvalidReceipt."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidReceipt("MMG callback failed: invalid json") from None
    if not isinstance(document, dict):
        raise InvalidReceipt("MMG callback failed: invalid json")
    return document
