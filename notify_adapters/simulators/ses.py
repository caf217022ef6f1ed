"""A simulator of Amazon SES's API v2 and of the notifications about its messages.

It stands in front of moto: `POST /v2/email/outbound-emails` (boto3's `sesv2.send_email`) is forwarded to
`--upstream`, which knows about verified identities, and everything else under other paths too. Without an
upstream the simulator accepts by itself, for benchmarks. What was accepted is followed by a notification
in SNS's HTTP form, posted to `--receipts-url` and really signed (`sns.py`); the certificate is at
`/_simulator/certificate.pem`, and `POST /_simulator/subscribe` sends a subscription confirmation, whose
`SubscribeURL` counts itself in `GET /_simulator/subscription`.

The recipient that decides about a message is its first. What it can be told to do is described in
`behaviours.py`, with the magic addresses `{behaviour}@simulator.notify` and Amazon's own,
`bounce@simulator.amazonses.com` and so on. The counts take requests with the same recipient, subject, texts
and headers for the same message; tags and headers come back in the events about it.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from attrs import define, field, frozen

from notify_adapters.simulators.asgi import DROPPED, Request, Response, json_response, text_response
from notify_adapters.simulators.behaviours import (
    EMAIL_BEHAVIOURS,
    Behaviour,
    Behaviours,
    Plan,
    address_key,
    magic_address,
)
from notify_adapters.simulators.control import Simulator
from notify_adapters.simulators.http_client import HttpClient, HttpFailure, Target
from notify_adapters.simulators.journal import Journal
from notify_adapters.simulators.receipts import Receipt, ReceiptSender
from notify_adapters.simulators.ses_events import Sent, events
from notify_adapters.simulators.sms import NONSENSE
from notify_adapters.simulators.sns import Topic, posted

SEND_PATH = "/v2/email/outbound-emails"
PEM_TYPE = "application/x-pem-file"
#: Headers about the connection, not about the message: each hop has its own.
HOP_HEADERS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "keep-alive", "expect", "date", "server"}
)


def ses_error(kind: str, message: str, status: int) -> Response:
    """Return an error in the form of AWS's REST JSON protocol."""
    body = orjson.dumps({"message": message})
    return Response(status, body, ((b"content-type", b"application/json"), (b"x-amzn-errortype", kind.encode())))


REFUSALS: Mapping[Behaviour, Response] = {
    Behaviour.FAIL: ses_error("InternalFailure", "Internal failure", 500),
    Behaviour.REFUSE: DROPPED,
    Behaviour.NONSENSE: NONSENSE,
    Behaviour.THROTTLED: ses_error("TooManyRequestsException", "Maximum sending rate exceeded.", 429),
    Behaviour.REJECTED: ses_error("MessageRejected", "Email address is not verified.", 400),
}


@frozen
class Upstream:
    """moto's server, to which requests are forwarded."""

    url: str
    client: HttpClient

    async def forward(self, request: Request) -> Response:
        """Return what the upstream answers; 503 when it does not."""
        path = request.scope.get("raw_path") or request.path.encode()
        query = request.scope["query_string"]
        full = f"{self.url.rstrip('/')}{str(path, 'latin-1')}{'?' if query else ''}{str(query, 'latin-1')}"
        headers = {
            name: str(value, "latin-1")
            for key, value in request.scope["headers"]
            if (name := str(key, "latin-1")) not in HOP_HEADERS
        }
        try:
            answer = await self.client.request(request.method, Target.of(full), headers, request.body)
        except HttpFailure as failure:
            return ses_error("ServiceUnavailable", f"The upstream does not answer: {failure}", 503)
        kept = [(k.encode(), v.encode()) for k, v in answer.headers.items() if k not in HOP_HEADERS]
        return Response(answer.status, answer.body, tuple(kept))


@define
class SesProvider:
    """SES's side of the simulator: answers requests to send, and forwards all others."""

    simulator: Simulator
    topic: Topic
    receipts_target: Target | None
    receipt_delay: float
    upstream: Upstream | None = None
    confirmations: list[str] = field(factory=list)

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        if request.path == SEND_PATH and request.method == "POST":
            return await self._send(request)
        if request.path.startswith("/_simulator/"):
            return self._own_side(request)
        if self.upstream is not None:
            return await self.upstream.forward(request)
        return ses_error("NotFoundException", "Without --upstream only messages can be sent.", 404)

    async def _send(self, request: Request) -> Response:
        try:
            sent = read_sent(request.body)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return ses_error("BadRequestException", "The message cannot be read.", 400)
        plan = self.simulator.behaviours.take(sent.to)
        if refusal := REFUSALS.get(plan.behaviour):
            self.simulator.note_refusal(plan)
            return refusal
        if plan.behaviour is Behaviour.SLOW:
            await asyncio.sleep(plan.seconds)
        answer = await self._accept(request)
        if answer.status == 200:
            message_id = orjson.loads(answer.body)["MessageId"]
            self.simulator.journal.record(message_id, sent.to, request.body, sent.key)
            self._send_receipts(sent, message_id, plan)
        return DROPPED if plan.behaviour is Behaviour.LOST_ANSWER else answer

    async def _accept(self, request: Request) -> Response:
        if self.upstream is not None:
            return await self.upstream.forward(request)
        return json_response({"MessageId": f"{secrets.token_hex(8)}-{uuid.uuid4()}-000000"})

    def _send_receipts(self, sent: Sent, message_id: str, plan: Plan) -> None:
        if self.receipts_target is None:
            return
        texts = events(sent, message_id, plan.behaviour)
        forged = plan.behaviour is Behaviour.FORGED_RECEIPT
        messages = [self.topic.notification(text, forged=forged) for text in texts]
        if plan.behaviour is Behaviour.DUPLICATE_RECEIPTS:
            messages = messages * 2
        late = plan.seconds if plan.behaviour is Behaviour.LATE_RECEIPT else 0.0
        self._post(messages, self.receipt_delay + late)

    def _own_side(self, request: Request) -> Response:
        match request.method, request.path.removeprefix("/_simulator/"):
            case "GET", "certificate.pem":
                return text_response(self.topic.identity.certificate.decode(), content_type=PEM_TYPE)
            case "POST", "subscribe":
                self._post([self.topic.subscription_confirmation(secrets.token_hex(32))], 0.0)
                return json_response({"subscribing": self.receipts_target is not None})
            case "GET", "confirm":
                self.confirmations.append(request.query().get("Token", ""))
                return text_response("<ConfirmSubscriptionResponse/>", content_type="text/xml")
            case "GET", "subscription":
                return json_response({"confirmed": len(self.confirmations)})
        return json_response({"error": f"no {request.method} {request.path} here"}, 404)

    def _post(self, messages: list[dict[str, str]], delay: float) -> None:
        if self.receipts_target is None:
            return
        self.simulator.receipts.send_later(
            tuple(
                Receipt(self.receipts_target, self.topic.headers(message), posted(message)) for message in messages
            ),
            delay,
        )


def read_sent(body: bytes) -> Sent:
    """Read a SendEmail request; some LookupError, TypeError or ValueError when it is not one."""
    fields = orjson.loads(body)
    recipients = fields["Destination"]["ToAddresses"]
    content = fields["Content"].get("Simple") or fields["Content"]["Raw"]
    headers = _pairs(fields["Content"].get("Simple", {}).get("Headers", []))
    told = orjson.dumps([recipients, content], option=orjson.OPT_SORT_KEYS)
    return Sent(
        source=fields["FromEmailAddress"],
        to=recipients[0],
        recipients=tuple(recipients),
        key=hashlib.sha256(told).hexdigest(),
        tags=_pairs(fields.get("EmailTags", [])),
        headers=headers,
    )


def _pairs(named: list[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((each["Name"], each["Value"]) for each in named)


def describe(body: bytes) -> Mapping[str, object]:
    """Return the parts of a SendEmail request that matter to a test, and all of it as `request`."""
    fields: dict[str, Any] = orjson.loads(body)
    simple = fields.get("Content", {}).get("Simple", {})
    parts = simple.get("Body", {})
    return {
        "from": fields.get("FromEmailAddress"),
        "to": fields.get("Destination", {}).get("ToAddresses"),
        "reply_to": fields.get("ReplyToAddresses", []),
        "subject": simple.get("Subject", {}).get("Data"),
        "text": parts.get("Text", {}).get("Data"),
        "html": parts.get("Html", {}).get("Data"),
        "headers": simple.get("Headers", []),
        "tags": fields.get("EmailTags", []),
    }


def ses_simulator(keep_messages: int, sender: ReceiptSender) -> Simulator:
    """Return the shared state of a simulator of SES."""
    return Simulator(
        name="ses",
        behaviours=Behaviours(EMAIL_BEHAVIOURS, address_key, magic_address),
        journal=Journal(keep_messages, describe),
        receipts=sender,
    )
