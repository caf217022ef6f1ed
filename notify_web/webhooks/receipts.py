"""What the receipts of both SMS providers have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from notify_core.calendar import LONDON
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.vocabulary import ProviderName
from notify_web.answers import Answer, json_answer
from notify_web.ports import HttpRequest, ports_of
from notify_web.webhooks.credentials import check_sender
from notify_web.webhooks.refusals import InvalidReceipt


def take_receipt(
    request: HttpRequest, sender: ProviderName, read: Callable[[bytes], SmsReceipt], body: bytes
) -> Answer:
    """Record what `read` finds in the body, which is not looked at before its sender has shown who it is.

    The answer is the same whether or not a message of ours was found for it.
    """
    check_sender(request, sender)
    ports_of(request).notify.record_sms_receipt(read(body))
    return json_answer({"result": "success"})


def check_present(sender: str, fields: Mapping[str, object], names: tuple[str, ...]) -> None:
    """Raise InvalidReceipt for fields that are missing, null or empty. The number 0 is none of these."""
    missing = [name for name in names if fields.get(name) is None or str(fields[name]) == ""]
    if missing:
        raise InvalidReceipt(*(f"{sender} callback failed: {name} missing" for name in missing))


def delivery_time(value: object) -> datetime | None:
    """Read when a provider says it delivered, in UTC; a time without an offset is London's. None if unreadable.

    >>> delivery_time("2016-07-05 17:01:07").isoformat()
    '2016-07-05T16:01:07+00:00'
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=LONDON)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
