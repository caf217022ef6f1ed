"""Send many messages with one request, see what became of them, and take them back."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from attrs import frozen
from litestar import get, post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import FromPath

from notify_core.api_keys.model import ApiKey
from notify_core.bulk.csv import rows_from_csv
from notify_core.bulk.model import MOST_ROWS, AskedRow, BulkRequest, BulkRow, Problem, SentBulk, UnreadableRow
from notify_core.bulk.model import PAGE_SIZE as ROWS_ON_PAGE
from notify_core.bulk.send import BulkOnce
from notify_core.errors import NotFound
from notify_core.limits.admit import Exhausted
from notify_core.packing import PackedBytes
from notify_core.templates.model import Template
from notify_core.violations import unexpected
from notify_core.vocabulary import Channel
from notify_web.answers import Answer, json_answer, json_bytes, json_bytes_with
from notify_web.authentication import Caller, authenticate
from notify_web.documentation.operation import Body, Operation, Parameter, Returns, Unlisted, parameters_of
from notify_web.errors import answer_framework_error, problem_of
from notify_web.limits import admit_request
from notify_web.ports import HttpRequest, ports_of, root_url
from notify_web.public import examples, presenters, refusals, shapes
from notify_web.public.accepting import IDEMPOTENCY_KEY, REPLAYED, Asked, key_of, told_once
from notify_web.public.bodies import BULK, BULK_CSV, BULK_PAGE, bulk_row, recipient_field
from notify_web.public.documents import BadRequest
from notify_web.public.formats import id_from, not_an_id, uuid
from notify_web.public.long_documents import LongList, read_long_document
from notify_web.public.notifications import TO_ITS_TEMPLATE, find_nothing
from notify_web.public.queries import link, parse_query, read_query
from notify_web.public.schema import InvalidRequest, Schema, parse
from notify_web.room import NoRoom, Room
from notify_web.tracing import trace_of

# Room for a hundred thousand rows with a few values each.
LARGEST_BODY = 50 * 1024 * 1024
# What is read takes several times as much memory as what was sent.
ROOM = Room(LARGEST_BODY)
_TOO_LARGE = "The request is larger than 50 MiB: send its rows in several requests"

_CSV = "text/csv"
_LONGEST_SHOWN = 1000
# What only one channel knows.
_OF_CHANNEL = {
    "sms_sender_id": Channel.SMS,
    "email_reply_to_id": Channel.EMAIL,
    "sanitise_content_for": Channel.EMAIL,
}

_ONE = "/v2/notifications/bulk/{bulk_id:str}"
_BULK_ID = Parameter("bulk_id", uuid, "The id that you were given when you sent it.", examples.BULK_ACCEPTED["id"])
_NOT_FOUND = (not_an_id("bulk_id"), NotFound("no such bulk"))
_TO_BULK = {"find_bulk": {"bulk_id": "$response.body#/id"}}
_TO_ROWS = {"list_bulk_rows": {"bulk_id": "$response.body#/id"}}
_TO_CANCEL = {"cancel_bulk": {"bulk_id": "$response.body#/id"}}


@frozen
class Received:
    """A request as it was sent: a document, the table that it is held to, and the CSV beside it, if it is that."""

    schema: Schema
    document: Any
    csv: PackedBytes | None = None


def answer_too_large(request: HttpRequest, _: Exception) -> Answer:
    """Say how much is too much."""
    return answer_framework_error(request, RequestEntityTooLarge(detail=_TOO_LARGE))


@post(
    "/v2/notifications/bulk",
    request_max_body_size=LARGEST_BODY,
    exception_handlers={RequestEntityTooLarge: answer_too_large},
    described=Operation(
        "Send many messages",
        f"Sends up to {MOST_ROWS:,} messages from one template. Each row is accepted or refused for itself, for what "
        "sending it by itself would be refused for, and the answer tells which. All rows that are good are stored "
        "before you are answered, all of them together. It is one request of the minute, and as many messages of the "
        "day as rows are good: when there is not room for all of them, none is accepted. Files cannot be sent so. "
        "The body may hold up to 50 MiB. It may also be a CSV file itself (`Content-Type: text/csv`), with all other "
        "fields in the query.",
        body=Body(BULK, examples.BULK_BODY),
        parameters=(IDEMPOTENCY_KEY,),
        answers={
            201: Returns(
                "What became of each row. All of them may be refused.",
                shapes.BulkAccepted,
                examples.BULK_ACCEPTED,
                headers=tuple(REPLAYED),
                leads_to={**_TO_BULK, **_TO_ROWS, **_TO_CANCEL},
            )
        },
        errors=(
            *refusals.BULK,
            RequestEntityTooLarge(detail=_TOO_LARGE),
            NoRoom(),
            *refusals.IDEMPOTENCY,
        ),
    ),
)
async def send_bulk(request: HttpRequest) -> Answer:
    """Accept many messages: who is asking, did they ask before, are they within their limits, which are right."""
    body = PackedBytes()
    async for piece in request.stream():
        body.add(piece)
    return await asyncio.to_thread(_send, request, body)


def _send(request: HttpRequest, body: PackedBytes) -> Answer:
    caller = authenticate(request)
    with ROOM.for_request(body.size):
        return _send_for(request, caller, body)


def _send_for(request: HttpRequest, caller: Caller, body: PackedBytes) -> Answer:
    notify, root = ports_of(request).notify, root_url(request)
    received, unreadable = _received(request, body)

    def answer(sent: SentBulk) -> bytes:
        return json_bytes_with(presenters.accepted_bulk(sent, root), "rows", presenters.bulk_row_answers(sent))

    def send() -> bytes:
        standing = admit_request(request, caller)
        if unreadable is not None:
            raise unreadable
        asked = _bulk_request(request, caller.key, received)
        try:
            sent = notify.send_bulk(asked, standing, None if key is None else BulkOnce(key=key, answer=answer))
        except Exhausted as refused:
            trace_of(request.scope).standing = refused.standing
            raise
        trace_of(request.scope).standing = sent.standing
        return answer(sent)

    key = key_of(request, caller, partial(_asked, received))
    return told_once(notify, key, send)


def _received(request: HttpRequest, body: PackedBytes) -> tuple[Received, Exception | None]:
    """Return what was sent, and why it cannot be read, where that is so: that is told in its turn."""
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == _CSV:
            query = {name: values[0] for name, values in read_query(request).items()}
            names = read_query(request).get("sanitise_content_for")
            document = query if names is None else {**query, "sanitise_content_for": names}
            return Received(BULK_CSV, document, body), None
        return Received(BULK, read_long_document(body, "rows")), None
    except (BadRequest, InvalidRequest) as error:
        return Received(BULK, None), error


def _asked(received: Received) -> Asked:
    csv = None if received.csv is None else _digest(received.csv.read())
    return received.document, {"channel": "bulk", "document": _digest(_canonical(received.document)), "csv": csv}


def _canonical(document: Any) -> Iterator[bytes]:
    """Yield what is the same for two documents that say the same, a row at a time."""
    rows = document.get("rows") if isinstance(document, dict) else None
    if not isinstance(rows, LongList):
        yield json_bytes(document)
        return
    yield json_bytes({**document, "rows": rows.length})
    yield from map(json_bytes, rows)


def _digest(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _bulk_request(request: HttpRequest, key: ApiKey, received: Received) -> BulkRequest:
    ports = ports_of(request)
    form = parse(received.schema, received.document, ports.clock())
    csv = PackedBytes.of(form.pop("csv").encode()) if "csv" in form else received.csv
    if csv is None and "rows" not in form:
        raise InvalidRequest("rows is a required property")
    if csv is not None and "rows" in form:
        raise InvalidRequest("csv cannot be given together with rows")
    directory, now = ports.notify.directory, ports.clock()

    def rows(template: Template) -> Iterator[AskedRow]:
        channel = template.channel
        if strangers := {name for name in form if _OF_CHANNEL.get(name, channel) is not channel}:
            raise InvalidRequest(unexpected(strangers))
        documents = (
            form["rows"]
            if csv is None
            else rows_from_csv(csv.size, csv.read, channel, directory.placeholders(template))
        )
        return (_asked_row(channel, document, now) for document in documents)

    return BulkRequest(
        key=key,
        template_id=form["template_id"],
        rows=rows,
        told=_told,
        scheduled_for=form.get("scheduled_for"),
        reference=form.get("reference"),
        sender_id=form.get("sms_sender_id", form.get("email_reply_to_id")),
        sanitise_content_for=form.get("sanitise_content_for", ()),
    )


def _asked_row(channel: Channel, document: Mapping[str, Any], now: datetime) -> AskedRow:
    """Check a row as a request of its own would be checked."""
    name = recipient_field(channel, document)
    try:
        form = parse(bulk_row(channel, name), document, now)
    except InvalidRequest as error:
        return UnreadableRow(
            error=error, recipient=_text(document.get(name)), reference=_text(document.get("reference"))
        )
    return BulkRow(
        recipient=form[name],
        personalisation=form.get("personalisation", {}),
        reference=form.get("reference"),
        one_click_unsubscribe_url=form.get("one_click_unsubscribe_url"),
    )


def _text(value: object) -> str | None:
    """Return what was sent, where it is a text, and no longer than anybody could mean."""
    return value[:_LONGEST_SHOWN] if isinstance(value, str) else None


def _told(error: Exception) -> list[Problem]:
    problem = problem_of(error)
    return [Problem(problem.name, message) for message in problem.messages]


@get(
    _ONE,
    sync_to_thread=True,
    described=Operation(
        "Get a bulk",
        "Shows how a bulk is as a whole, and how many of its messages are in which status, for as long as their "
        "contents are kept.",
        parameters=(_BULK_ID,),
        answers={
            200: Returns(
                "The bulk.", shapes.Bulk, examples.BULK, leads_to={**_TO_ROWS, **_TO_CANCEL, **TO_ITS_TEMPLATE}
            )
        },
        errors=_NOT_FOUND,
    ),
)
def find_bulk(request: HttpRequest, bulk_id: FromPath[str]) -> Answer:
    """Show one bulk of the service, sent with whichever of its keys."""
    caller = authenticate(request)
    found = ports_of(request).notify.find_bulk(caller.service.id, id_from(bulk_id, "bulk_id"))
    return json_answer(presenters.bulk(found, root_url(request)))


@get(
    f"{_ONE}/rows",
    sync_to_thread=True,
    described=Operation(
        "List the rows of a bulk",
        f"Shows {ROWS_ON_PAGE} rows a page, in their order, those that were refused, too: what became of each, or "
        "why it was refused. The link `next` is there as long as there was something on the page.",
        parameters=(_BULK_ID, *parameters_of(BULK_PAGE)),
        answers={
            200: Returns(
                "A page of rows.",
                shapes.BulkRows,
                examples.BULK_ROWS,
                leads_to={"find_notification": {"notification_id": "$response.body#/rows/0/id"}},
            )
        },
        errors=(*_NOT_FOUND, InvalidRequest("page is not the number of a page: they count from 1")),
    ),
)
def list_bulk_rows(request: HttpRequest, bulk_id: FromPath[str]) -> Answer:
    """Show a page of the rows of a bulk."""
    ports, caller = ports_of(request), authenticate(request)
    query, wanted = read_query(request), id_from(bulk_id, "bulk_id")
    page: int = parse_query(BULK_PAGE, query, ports.clock()).get("page", 1)
    found = ports.notify.list_bulk_rows(caller.service.id, wanted, page)
    links = {"current": link(request, query)}
    if found:
        links["next"] = link(request, {**query, "page": [str(page + 1)]})
    return json_answer(presenters.bulk_rows(found, links))


@post(
    f"{_ONE}/cancel",
    sync_to_thread=True,
    status_code=200,
    described=Operation(
        "Cancel a bulk",
        "Takes back all messages of a bulk whose delivery has not begun, and tells how many are cancelled, and how "
        "many it was too late for. Safe to repeat.",
        parameters=(_BULK_ID,),
        answers={
            200: Returns(
                "The bulk, as it stands now.",
                shapes.BulkCancelled,
                examples.BULK_CANCELLED,
                leads_to={**_TO_BULK, **_TO_ROWS},
            )
        },
        errors=_NOT_FOUND,
    ),
)
def cancel_bulk(request: HttpRequest, bulk_id: FromPath[str]) -> Answer:
    """Cancel what nobody has begun to deliver, and show the bulk as it now stands."""
    caller = authenticate(request)
    found = ports_of(request).notify.cancel_bulk(caller.service.id, id_from(bulk_id, "bulk_id"))
    return json_answer(presenters.cancelled_bulk(found, root_url(request)))


find_no_bulk = get(
    "/v2/notifications/bulk",
    name="find_no_bulk",
    sync_to_thread=True,
    described=Unlisted("shares its address with sending, and only ever refuses"),
)(find_nothing)
