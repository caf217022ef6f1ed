"""What the two SMS providers have in common: accept or not, note it, send receipts a moment later."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from attrs import define, field, frozen

from notify_adapters.simulators.asgi import DROPPED, Request, Response, json_response, text_response
from notify_adapters.simulators.behaviours import (
    SMS_BEHAVIOURS,
    Behaviour,
    Behaviours,
    Plan,
    magic_number,
    number_key,
)
from notify_adapters.simulators.control import Simulator
from notify_adapters.simulators.http_client import Target
from notify_adapters.simulators.journal import Journal
from notify_adapters.simulators.receipts import Receipt, ReceiptSender

NONSENSE = text_response("<html><body>Service temporarily here</body></html>", content_type="text/html")


@frozen
class Submission:
    """A message as a provider was asked to send it. `receipts_url` is empty unless the request named one."""

    reference: str
    to: str
    receipts_url: str


class Refused(Exception):
    """The request itself is wrong; `answer` is what the provider says to that."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class Wire(Protocol):
    """One provider's formats."""

    name: str
    receipt_content_type: str

    def read(self, request: Request) -> Submission:
        """Read and check a request; Refused when it is not as the provider wants it."""
        ...

    def describe(self, body: bytes) -> Mapping[str, object]:
        """Return the fields of a request's body."""
        ...

    def accepted(self) -> Response:
        """Return the answer to a request that was accepted."""
        ...

    def failed(self) -> Response:
        """Return the answer of a provider that has trouble."""
        ...

    def receipts(self, submission: Submission, outcome: Behaviour) -> list[bytes]:
        """Return the bodies of the receipts that tell of a delivered, temporary, permanent or unknown outcome."""
        ...


@define
class SmsProvider:
    """The provider's side of a simulator: answers requests to send."""

    wire: Wire
    simulator: Simulator
    receipts_url: str
    receipt_delay: float
    _targets: dict[str, Target] = field(factory=dict)
    _headers: Mapping[str, str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._headers = {"Content-Type": self.wire.receipt_content_type}

    async def __call__(self, request: Request) -> Response:
        """Answer one request to send a message."""
        if request.method != "POST":
            return json_response({"error": f"no {request.method} {request.path} here"}, 404)
        try:
            submission = self.wire.read(request)
        except Refused as refused:
            return refused.answer
        plan = self.simulator.behaviours.take(submission.to)
        if refusal := self._refusal(plan):
            self.simulator.note_refusal(plan)
            return refusal
        if plan.behaviour is Behaviour.SLOW:
            await asyncio.sleep(plan.seconds)
        self.simulator.journal.record(submission.reference, submission.to, request.body)
        answer = self.wire.accepted()
        self._send_receipts(submission, plan)
        return DROPPED if plan.behaviour is Behaviour.LOST_ANSWER else answer

    def _refusal(self, plan: Plan) -> Response | None:
        match plan.behaviour:
            case Behaviour.FAIL:
                return self.wire.failed()
            case Behaviour.REFUSE:
                return DROPPED
            case Behaviour.NONSENSE:
                return NONSENSE
        return None

    def _send_receipts(self, submission: Submission, plan: Plan) -> None:
        url = submission.receipts_url or self.receipts_url
        if not url or plan.behaviour is Behaviour.NO_RECEIPT:
            return
        target = self._targets.get(url) or self._targets.setdefault(url, Target.of(url))
        bodies = self.wire.receipts(submission, outcome_of(plan.behaviour))
        if plan.behaviour is Behaviour.DUPLICATE_RECEIPTS:
            bodies = bodies * 2
        late = plan.seconds if plan.behaviour is Behaviour.LATE_RECEIPT else 0.0
        self.simulator.receipts.send_later(
            tuple(Receipt(target, self._headers, body) for body in bodies), self.receipt_delay + late
        )


def outcome_of(behaviour: Behaviour) -> Behaviour:
    """Return what the receipts tell: whatever is not about the outcome ends well."""
    told = {Behaviour.TEMPORARY, Behaviour.PERMANENT, Behaviour.UNKNOWN_STATUS}
    return behaviour if behaviour in told else Behaviour.DELIVERED


def sms_simulator(wire: Wire, keep_messages: int, sender: ReceiptSender) -> Simulator:
    """Return the shared state of a simulator of this provider."""
    return Simulator(
        name=wire.name,
        behaviours=Behaviours(SMS_BEHAVIOURS, number_key, magic_number),
        journal=Journal(keep_messages, wire.describe),
        receipts=sender,
    )


def valid_receipts_url(url: str) -> bool:
    """Say whether receipts could be posted there."""
    try:
        Target.of(url)
    except ValueError:
        return False
    return True
