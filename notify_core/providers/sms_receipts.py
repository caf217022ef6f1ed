"""What the SMS providers' delivery receipts mean: their codes as tables."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from notify_core.notifications.status import Status
from notify_core.vocabulary import ProviderName

_MMG: Mapping[str, Status] = {
    "2": Status.PERMANENT_FAILURE,
    "3": Status.DELIVERED,
    "4": Status.TEMPORARY_FAILURE,
    "5": Status.PERMANENT_FAILURE,
}

MMG_DETAILS: Mapping[tuple[str, str], str] = {
    ("2", "1"): "Number does not exist",
    ("2", "4"): "Rejected by operator",
    ("2", "5"): "Unidentified Subscriber",
    ("2", "9"): "Undelivered",
    ("2", "11"): "Service for Subscriber suspended",
    ("2", "12"): "Illegal equipment",
    ("2", "2049"): "Subscriber IMSI blacklisted",
    ("2", "2050"): "Number blacklisted in do-not-disturb blacklist",
    ("2", "2052"): "Destination number blacklisted",
    ("2", "2053"): "Source address blacklisted",
    ("3", "2"): "Delivered to operator",
    ("3", "5"): "Delivered to handset",
    ("4", "6"): "Absent Subscriber",
    ("4", "8"): "Roaming not allowed",
    ("4", "13"): "SMS Not Supported",
    ("4", "15"): "Expired",
    ("4", "27"): "Absent Subscriber",
    ("4", "29"): "Invalid delivery report",
    ("4", "32"): "Delivery Failure",
    ("5", "6"): "Network out of coverage",
    ("5", "8"): "Incorrect number prefix",
    ("5", "10"): "Number on do-not-disturb service",
    ("5", "11"): "Sender id not registered",
    ("5", "13"): "Sender id blacklisted",
    ("5", "14"): "Destination number blacklisted",
    ("5", "19"): "Routing unavailable",
    ("5", "20"): "Rejected by anti-flooding mechanism",
    ("5", "21"): "System error",
    ("5", "23"): "Duplicate message id",
    ("5", "24"): "Message formatted incorrectly",
    ("5", "25"): "Message too long",
    ("5", "51"): "Missing recipient value",
    ("5", "52"): "Invalid destination",
}

_FIRETEXT: Mapping[str, Status] = {
    "0": Status.DELIVERED,
    "1": Status.PERMANENT_FAILURE,
    "2": Status.PENDING,
}

FIRETEXT_CODES: Mapping[str, tuple[Status, str]] = {
    "000": (Status.TEMPORARY_FAILURE, "No error reported"),
    "101": (Status.PERMANENT_FAILURE, "Unknown Subscriber"),
    "102": (Status.TEMPORARY_FAILURE, "Absent Subscriber"),
    "103": (Status.TEMPORARY_FAILURE, "Subscriber Busy"),
    "104": (Status.TEMPORARY_FAILURE, "No Subscriber Memory"),
    "201": (Status.PERMANENT_FAILURE, "Invalid Number"),
    "301": (Status.PERMANENT_FAILURE, "SMS Not Supported"),
    "302": (Status.TEMPORARY_FAILURE, "SMS Not Supported"),
    "401": (Status.PERMANENT_FAILURE, "Message Rejected"),
    "900": (Status.TEMPORARY_FAILURE, "Routing Error"),
}


@frozen
class Meaning:
    """What a receipt says of the message, and the provider's own words where there are any."""

    status: Status
    detail: str | None = None


def interpret(provider: ProviderName, status: str, code: str | None, *, current: Status) -> Meaning | None:
    """Say what a receipt's codes mean for a message now in `current`, or None when the status is unknown.

    Firetext says "permanent" for every failure; its detailed code, or failing that an earlier "pending",
    tells the temporary ones.

    >>> interpret(ProviderName.MMG, "3", "5", current=Status.SENDING)
    Meaning(status=<Status.DELIVERED: 'delivered'>, detail='Delivered to handset')
    """
    if provider is ProviderName.MMG:
        mapped = _MMG.get(status)
        return None if mapped is None else Meaning(mapped, MMG_DETAILS.get((status, code or "")))
    mapped = _FIRETEXT.get(status)
    if mapped is not Status.PERMANENT_FAILURE:
        return None if mapped is None else Meaning(mapped)
    if code is not None and code in FIRETEXT_CODES:
        return Meaning(*FIRETEXT_CODES[code])
    if current is Status.PENDING:
        return Meaning(Status.TEMPORARY_FAILURE)
    return Meaning(Status.PERMANENT_FAILURE)
