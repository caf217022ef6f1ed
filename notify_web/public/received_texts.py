"""List the texts that people sent to the service."""

from __future__ import annotations

from litestar import get

from notify_core.inbound.find import PAGE_SIZE
from notify_web.answers import Answer, json_answer
from notify_web.authentication import authenticate
from notify_web.documentation.operation import Operation, Returns, parameters_of
from notify_web.ports import HttpRequest, ports_of
from notify_web.public import examples, presenters, shapes
from notify_web.public.bodies import RECEIVED_TEXTS
from notify_web.public.queries import links, parse_query, read_query
from notify_web.public.schema import InvalidRequest


@get(
    "/v2/received-text-messages",
    sync_to_thread=True,
    described=Operation(
        "List received text messages",
        f"Shows up to {PAGE_SIZE} of the texts that people sent to your service, newest first.",
        parameters=parameters_of(RECEIVED_TEXTS),
        answers={
            200: Returns(
                "A page of received texts.",
                shapes.ReceivedTexts,
                examples.RECEIVED_TEXTS,
                # After a full page; `links.next` holds for every page.
                leads_to={
                    "list_received_texts": {
                        "older_than": f"$response.body#/received_text_messages/{PAGE_SIZE - 1}/id"
                    }
                },
            )
        },
        errors=(InvalidRequest("older_than is not a valid UUID"),),
        group="Received text messages",
    ),
)
def list_received_texts(request: HttpRequest) -> Answer:
    """Show a page of the texts, newest first. The link to it never carried a query."""
    ports, caller = ports_of(request), authenticate(request)
    wanted = parse_query(RECEIVED_TEXTS, read_query(request), ports.clock())
    texts = ports.notify.list_received_texts(caller.service, wanted.get("older_than"))
    found = links(request, {}, texts[-1].id if texts else None, shown={})
    return json_answer(presenters.received_texts(texts, found))
