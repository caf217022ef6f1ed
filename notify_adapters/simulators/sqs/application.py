"""HTTP: AWS's JSON protocol in front of the operations, and the control API beside it."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from contextlib import suppress

import orjson
from attrs import define, field

from notify_adapters.simulators.asgi import DROPPED, Handler, Request, Response, json_response
from notify_adapters.simulators.sqs.errors import UNAVAILABLE, SqsRefusal, invalid_value
from notify_adapters.simulators.sqs.faults import Faults, NotAFault, parse_faults
from notify_adapters.simulators.sqs.operations import Answer, Operations
from notify_adapters.simulators.sqs.queues import Queues

CONTROL_PREFIX = "/_simulator/"
TARGET_PREFIX = "AmazonSQS."
AWS_HEADERS = ((b"content-type", b"application/x-amz-json-1.0"),)


def build(options: argparse.Namespace) -> Handler:
    """Return the handler that the command line asks for."""
    queues = Queues(options.region, options.visibility_timeout, options.create_on_use, fair=not options.unfair)
    for name in options.queue:
        queues.create(name, {})
    return SqsSimulator(Operations(queues, base_url=f"http://{options.host}:{options.port}"))


@define
class SqsSimulator:
    """Answers SQS's calls, unless a fault was ordered."""

    operations: Operations
    calls: Counter[str] = field(factory=Counter)

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith(CONTROL_PREFIX):
            return self._control(request)
        name = request.header(b"x-amz-target").removeprefix(TARGET_PREFIX)
        self.calls[name] += 1
        if outage := self._outage():
            return outage
        try:
            answer = await self._perform(name, request)
        except SqsRefusal as refusal:
            return refusal.response()
        if self._outage() or self.operations.faults.loses_answer_to(name):
            return DROPPED
        return Response(200, orjson.dumps(answer), AWS_HEADERS)

    async def _perform(self, name: str, request: Request) -> Answer:
        try:
            asked = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise invalid_value("The request is not JSON.") from None
        if not isinstance(asked, dict):
            raise invalid_value("The request is not an object.")
        if name == "ReceiveMessage":
            return await self._receive(asked, request)
        operation = self.operations.immediate(name)
        if operation is None:
            raise SqsRefusal("InvalidAction", f"The action {name} is not valid for this endpoint.")
        return operation(asked)

    async def _receive(self, asked: dict[str, object], request: Request) -> Answer:
        """Receive; a long poll whose client goes away takes nothing, as a killed worker must not hide messages."""
        receiving = self.operations.receive_message(asked, lambda: bool(self._outage()))
        if asked.get("WaitTimeSeconds") == 0:
            return await receiving
        task = asyncio.ensure_future(receiving)
        await asyncio.sleep(0)
        if not task.done():
            gone = asyncio.ensure_future(request.until_gone())
            await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                return {}
        return await task

    def _outage(self) -> Response | None:
        if self.operations.faults.are_over():
            self._set_faults(Faults())
        match self.operations.faults.outage:
            case "error":
                return UNAVAILABLE
            case "drop":
                return DROPPED
        return None

    def _set_faults(self, faults: Faults) -> None:
        self.operations.faults = faults
        for queue in self.operations.queues.all():
            queue.wake()

    def _control(self, request: Request) -> Response:
        match request.method, request.path.removeprefix(CONTROL_PREFIX):
            case "GET", "health":
                return json_response({"simulator": "sqs"})
            case "GET", "counts":
                return json_response(self._counts())
            case "DELETE", "messages":
                return self._clear()
            case "DELETE", "queues":
                return self._drop_queues()
            case _, "faults":
                return self._faults(request)
        return json_response({"error": f"no {request.method} {request.path} here"}, 404)

    def _faults(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._set_faults(parse_faults(orjson.loads(request.body)))
            except (NotAFault, orjson.JSONDecodeError) as error:
                return json_response({"error": str(error)}, 400)
        elif request.method == "DELETE":
            self._set_faults(Faults())
        self._outage()  # faults whose time is over are not shown
        return json_response(self.operations.faults.as_json())

    def _counts(self) -> dict[str, object]:
        depths = {queue.name: queue.depth() for queue in self.operations.queues.all()}
        return {"calls": self.calls, "messages": self.operations.messages, "queues": depths}

    def _drop_queues(self) -> Response:
        for queue in self.operations.queues.all():
            self.operations.queues.drop(queue)
        return self._clear()

    def _clear(self) -> Response:
        for queue in self.operations.queues.all():
            queue.purge()
        self.calls.clear()
        self.operations.messages.clear()
        return json_response(self._counts())
