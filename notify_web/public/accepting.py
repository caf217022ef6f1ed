"""Accept a message over HTTP: what is the same for every channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from attrs import frozen

from notify_core.api_keys.model import ApiKey
from notify_core.application import Notify
from notify_core.idempotency.model import LONGEST_KEY, KeyTaken, RequestKey, StillInFlight, header_key, reference_key
from notify_core.notifications.send import Accepted, Once
from notify_core.vocabulary import Channel
from notify_web.answers import Answer, json_answer, json_bytes, json_text_answer
from notify_web.authentication import Caller, authenticate
from notify_web.documentation.operation import Parameter, Returns
from notify_web.limits import admit
from notify_web.ports import HttpRequest, ports_of, root_url
from notify_web.public.documents import BadRequest, read_document
from notify_web.public.formats import short_text
from notify_web.public.notifications import WHERE_ACCEPTED_LEADS
from notify_web.public.schema import Schema, parse

_Command = TypeVar("_Command")
_Tried = TypeVar("_Tried")

Asked = tuple[object, Mapping[str, object]]
"""The document of a request, and all that a repetition has to ask for as well to be the same one."""

REPLAYED: Mapping[str, str] = {"Idempotent-Replayed": "true"}

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    short_text(LONGEST_KEY),
    "Any text that names this request, such as a UUID. Repeat the request with the same key when you do not know "
    "what became of it: it makes one message, and you are told what you would have been told the first time.",
    "ab5e0b1c-3f86-4a9c-9d3e-2f6f0f0c7a51",
    place="header",
)


def acceptance(about: str, shape: type, example: object) -> Returns:
    """Describe the answer to a message that was accepted."""
    return Returns(about, shape, example, headers=tuple(REPLAYED), leads_to=WHERE_ACCEPTED_LEADS)


@frozen(kw_only=True)
class Way(Generic[_Command, _Tried]):
    """How messages of one channel come in: what a request must look like, what it asks for, how it is answered."""

    channel: Channel
    schema: Schema
    command: Callable[[ApiKey, Mapping[str, Any]], _Command]
    send: Callable[[Notify], Callable[[_Command, Once | None], Accepted]]
    accepted: Callable[[Accepted, str], object]
    try_out: Callable[[Notify], Callable[[_Command], _Tried]]
    tried: Callable[[_Tried, str], object]


def accept(request: HttpRequest, body: bytes, way: Way[Any, Any]) -> Answer:
    """Accept a message: who is asking, did they ask before, are they within their limits, is it right.

    In that order. Whoever asked before is told the same again, whatever has changed since.
    """
    caller, notify, root = authenticate(request), ports_of(request).notify, root_url(request)

    def answer(accepted: Accepted) -> bytes:
        return json_bytes(way.accepted(accepted, root))

    key = key_of(request, caller, partial(_asked, way.channel, body))
    once = None if key is None else Once(key=key, answer=answer)
    return told_once(notify, key, lambda: answer(_accepted(request, caller, way, body, once)))


def told_once(notify: Notify, key: RequestKey | None, send: Callable[[], bytes]) -> Answer:
    """Answer what `send` returns, or what was answered to an earlier request with the same key.

    `send` raises KeyTaken when there is one meanwhile. Raises StillInFlight while that has no answer yet.
    """
    if key is None:
        return json_text_answer(send(), 201)
    known = notify.recall_answer(key)
    if known is None:
        try:
            return json_text_answer(send(), 201)
        except KeyTaken:
            known = notify.recall_answer(key)
    if known is None:
        raise StillInFlight
    return json_text_answer(known, 201, REPLAYED)


def _accepted(request: HttpRequest, caller: Caller, way: Way[Any, Any], body: bytes, once: Once | None) -> Accepted:
    ports = ports_of(request)
    with admit(request, caller, way.channel) as admission:
        form = parse(way.schema, read_document(body), ports.clock())
        accepted = way.send(ports.notify)(way.command(caller.key, form), once)
        if accepted.counted:
            admission.keep()
    return accepted


def try_out(request: HttpRequest, body: bytes, way: Way[Any, Any]) -> Answer:
    """Answer what sending would come to. Checks what sending checks, in the same order."""
    ports, caller = ports_of(request), authenticate(request)
    admit(request, caller, way.channel, reserve=False)
    form = parse(way.schema, read_document(body), ports.clock())
    tried = way.try_out(ports.notify)(way.command(caller.key, form))
    return json_answer(way.tried(tried, root_url(request)))


def key_of(request: HttpRequest, caller: Caller, ask: Callable[[], Asked]) -> RequestKey | None:
    """Return what names the request: the client's own key, or in services that want it so the request's reference.

    `ask` is only called where something does. Raises InvalidKey.
    """
    header = request.headers.get("idempotency-key")
    if header is None and not caller.service.idempotent_references:
        return None
    document, asked = ask()
    service_id, key_type = caller.service.id, caller.key.key_type
    if header is not None:
        return header_key(service_id, key_type, header, asked)
    reference = document.get("reference") if isinstance(document, dict) else None
    return reference_key(service_id, key_type, reference, asked) if reference and isinstance(reference, str) else None


def _asked(channel: Channel, body: bytes) -> Asked:
    document = _readable(body)
    return document, {"channel": channel.value, "document": document}


def _readable(body: bytes) -> object:
    """Return the document, or None where it cannot be read: that is told in its turn."""
    try:
        return read_document(body)
    except BadRequest:
        return None
