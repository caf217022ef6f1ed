"""The control API that all message simulators share, under `/_simulator/`. JSON in and out.

    GET    /_simulator/health                       {"simulator": "mmg"}; answers as soon as the server is
    up PUT    /_simulator/behaviours/{recipient}       {"behaviour": "fail", "seconds": 5, "times": 3} GET
    /_simulator/behaviours                   everything that was told, by recipient DELETE
    /_simulator/behaviours[/{recipient}]     as if never told PUT    /_simulator/default
    the same body, for every recipient nothing else is said about GET    /_simulator/default DELETE
    /_simulator/default                      deliver again GET    /_simulator/messages
    what was accepted, newest last;
                                                    ?reference= ?to= ?since={sequence} ?limit=
    DELETE /_simulator/messages                     forget them, and all counts
    GET    /_simulator/counts                       accepted, duplicates, receipts sent, failed, waiting

`seconds` and `times` may be left out; `times` is for how many messages. What the behaviours mean is in
`behaviours.py`.
"""

from __future__ import annotations

from urllib.parse import unquote

import orjson
from attrs import define, field

from notify_adapters.simulators.asgi import Handler, Request, Response, json_response
from notify_adapters.simulators.behaviours import Behaviours, NotABehaviour, Plan, parse_plan
from notify_adapters.simulators.journal import Journal
from notify_adapters.simulators.receipts import ReceiptSender

PREFIX = "/_simulator/"


@define
class Simulator:
    """What the control API shows and changes; shared with the provider's own side."""

    name: str
    behaviours: Behaviours
    journal: Journal
    receipts: ReceiptSender
    refused: dict[str, int] = field(factory=dict)

    def note_refusal(self, plan: Plan) -> None:
        """Count a request that was not accepted because of its plan."""
        name = plan.behaviour.value
        self.refused[name] = self.refused.get(name, 0) + 1

    def counts(self) -> dict[str, object]:
        """Return all counts."""
        return {
            **self.journal.counts(),
            "refused": self.refused,
            "receipts": self.receipts.counts(),
        }

    def clear(self) -> int:
        """Forget messages and counts."""
        self.refused.clear()
        self.receipts.forget_counts()
        return self.journal.clear()


def with_control(simulator: Simulator, provider: Handler) -> Handler:
    """Return a handler that answers the control API and leaves the rest to the provider's side."""

    async def handle(request: Request) -> Response:
        if request.path.startswith(PREFIX) and (answer := _control(simulator, request)) is not None:
            return answer
        return await provider(request)

    return handle


def _control(simulator: Simulator, request: Request) -> Response | None:
    """Answer what all simulators have in common; None for what only the provider's side may know."""
    resource, _, recipient = request.path.removeprefix(PREFIX).partition("/")
    try:
        match request.method, resource:
            case "GET", "health":
                return json_response({"simulator": simulator.name})
            case "GET", "counts":
                return json_response(simulator.counts())
            case _, "messages":
                return _messages(simulator, request)
            case _, "behaviours":
                return _behaviours(simulator, request, unquote(recipient))
            case _, "default":
                return _default(simulator.behaviours, request)
    except (NotABehaviour, orjson.JSONDecodeError) as error:
        return json_response({"error": str(error)}, 400)
    return None


def _messages(simulator: Simulator, request: Request) -> Response:
    if request.method == "DELETE":
        return json_response({"forgotten": simulator.clear()})
    query = request.query()
    since, limit = query.get("since", "0"), query.get("limit", "")
    if not since.isdigit() or not (limit.isdigit() or limit == ""):
        raise NotABehaviour("since and limit must be whole numbers")
    messages = simulator.journal.find(
        reference=query.get("reference", ""),
        to=query.get("to", ""),
        since=int(since),
        limit=int(limit) if limit else None,
    )
    return json_response({"messages": messages})


def _behaviours(simulator: Simulator, request: Request, recipient: str) -> Response:
    behaviours = simulator.behaviours
    if request.method == "PUT" and recipient:
        plan = parse_plan(orjson.loads(request.body), behaviours.allowed)
        behaviours.tell(recipient, plan)
        return json_response(plan.as_json())
    if request.method == "DELETE":
        return json_response({"forgotten": behaviours.forget(recipient or None)})
    return json_response(behaviours.told())


def _default(behaviours: Behaviours, request: Request) -> Response:
    if request.method == "PUT":
        behaviours.default = parse_plan(orjson.loads(request.body), behaviours.allowed)
    elif request.method == "DELETE":
        behaviours.reset_default()
    return json_response(behaviours.default.as_json())
