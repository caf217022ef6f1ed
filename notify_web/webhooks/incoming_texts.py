"""Texts that people sent to our numbers, as MMG and Firetext bring them.

Whatever a text says, it is decoded somehow: what is refused is brought again and again.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import unquote

import structlog
from litestar import post
from litestar.params import RawBody

from notify_core.inbound.receive import IncomingText, Reception
from notify_core.vocabulary import ProviderName
from notify_web.answers import Answer, json_answer
from notify_web.ports import HttpRequest, ports_of
from notify_web.webhooks.credentials import check_texter
from notify_web.webhooks.firetext import read_form
from notify_web.webhooks.mmg import read_object
from notify_web.webhooks.receipts import check_present

_ESCAPE = re.compile(
    r"\\(?:(?P<simple>[\\'\"abfnrtv])|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    r"|(?P<octal>[0-7]{1,3}))"
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HIGHEST_CODE = 0x10FFFF

_log = structlog.get_logger("notify.web.inbound")


@post("/notifications/sms/receive/mmg", status_code=200, sync_to_thread=True)
def receive_mmg_text(request: HttpRequest, body: RawBody) -> Answer:
    """Take in a text from MMG. One that is for nobody here is taken too, and dropped."""
    check_texter(request, ProviderName.MMG)
    if _receive(request, mmg_text(body)) in {Reception.UNKNOWN_NUMBER, Reception.NOT_PERMITTED}:
        return Answer(b"RECEIVED", media_type="text/html")
    return json_answer({"status": "ok"})


@post("/notifications/sms/receive/firetext", status_code=200, sync_to_thread=True)
def receive_firetext_text(request: HttpRequest, body: RawBody) -> Answer:
    """Take in a text from Firetext. One that is for nobody here is taken too, and dropped."""
    check_texter(request, ProviderName.FIRETEXT)
    _receive(request, firetext_text(body))
    return json_answer({"status": "ok"})


def _receive(request: HttpRequest, text: IncomingText) -> Reception:
    reception = ports_of(request).notify.receive_text(text)
    if reception is not Reception.STORED:
        _log.warning("received text not stored", provider=text.provider.value, reason=reception.value)
    return reception


def mmg_text(body: bytes) -> IncomingText:
    """Read what MMG brings. Raises InvalidReceipt, naming all fields that are missing."""
    fields = read_object(body)
    check_present("MMG", fields, ("MSISDN", "Number"))
    reference = fields.get("ID")
    return IncomingText(
        provider=ProviderName.MMG,
        number=_stored(str(fields["Number"])),
        user_number=_stored(str(fields["MSISDN"])),
        content=decoded(str(fields.get("Message") or "")),
        reference=None if reference in {None, ""} else _stored(str(reference)),
        sent_at=sent_at(fields.get("DateRecieved")),
    )


def firetext_text(body: bytes) -> IncomingText:
    """Read what Firetext brings. Raises InvalidReceipt, naming all fields that are missing."""
    fields = read_form(body)
    check_present("Firetext", fields, ("source", "destination"))
    return IncomingText(
        provider=ProviderName.FIRETEXT,
        number=_stored(fields["destination"]),
        user_number=_stored(fields["source"]),
        content=fields.get("message", ""),
        sent_at=sent_at(fields.get("time")),
    )


def decoded(text: str) -> str:
    r"""Return a text as it was typed: MMG encodes it for an address, and then for a Python program.

    What looks like an escape and is none stays as it is.

    >>> decoded("x+%2B+y"), decoded("1\\n2"), decoded("%F0%9F%93%A9"), decoded("C:\\x \\")
    ('x + y', '1\n2', '📩', 'C:\\x \\')
    """
    plain = _ESCAPE.sub(_character, unquote(text.replace("+", " ")))
    # Two escapes may have been the halves of one character. A single half is none.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(match: re.Match[str]) -> str:
    simple, octal = match["simple"], match["octal"]
    if simple:
        return _SIMPLE.get(simple, simple)
    code = int(octal, 8) if octal else int(match["x"] or match["u"] or match["U"], 16)
    return chr(code) if code <= _HIGHEST_CODE else match.group()


def sent_at(value: object) -> datetime | None:
    """Read when a provider took a text; its offset is ignored, as it always was. None if unreadable.

    >>> sent_at("2017-05-21+11%3A56%3A11").isoformat()
    '2017-05-21T11:56:11+00:00'
    """
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(decoded(value)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _stored(text: str) -> str:
    """Return the text without what cannot be stored."""
    return text.replace("\0", "").encode(errors="replace").decode()
