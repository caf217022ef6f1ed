"""The API does what its description says: requests made up from the description, answers held against it."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

from notify_adapters.encryption import AesGcmCipher
from notify_adapters.postgres import PostgresDatabase, make_engine
from notify_adapters.system import SystemClock
from notify_core.identifiers import uuid7
from notify_core.inbound.model import ReceivedText
from notify_core.notifications.list import PAGE_SIZE
from notify_core.vocabulary import ProviderName
from notify_web import shell
from notify_web.documentation.openapi import described
from notify_web.documentation.routes import documentation_handlers
from notify_web.headers import EVERYWHERE
from tests.integration.web.conftest import ENCRYPTION_KEYS, RunningWeb

SHOWN = (*shell.DESCRIBED, *documentation_handlers(shell.DESCRIBED, None))
OPERATIONS = [(method, path) for path, method, _, _ in described(SHOWN)]
# Of what takes nothing, nothing can be wrong.
TAKING = [(method, path) for path, method, _, told in described(SHOWN) if told.parameters or told.body]
# Nothing is made smaller when it fails: each request costs, and the failure tells which one it was.
BOUNDED = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
# Whatever the request: no internal error, and nothing that is not described.
ALWAYS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# Besides those of HTTP itself, and the page's own policy.
OF_ALL_ANSWERS = {name.decode() for name, _ in EVERYWHERE} | {
    *("x-b3-traceid", "x-b3-spanid", "content-type", "content-length", "content-security-policy", "date", "server"),
}
# What can be asked without an id that an answer told.
BEGINNINGS = ("send_sms", "send_email", "send_bulk", "list_notifications", "show_templates", "list_received_texts")
FILLED_IN = {"personalisation": {"name": "Jo"}}
NUMBERS = st.sampled_from(["07700 900123", "+447700900000", "+1 202 555 0123", "0044 7700 900 456", "01709 510122"])

schemathesis.openapi.format("phone-number", NUMBERS)


@pytest.fixture(scope="module")
def api(running_web: RunningWeb) -> BaseSchema:
    # Tokens are ours to make: a made-up one would be wrong in place of what is to be.
    generation = {"with-security-parameters": False}
    config = SchemathesisConfig.from_dict({"base-url": running_web.url, "seed": 1, "generation": generation})
    return schemathesis.openapi.from_url(f"{running_web.url}/openapi.json", config=config)


@pytest.fixture(scope="module")
def full_pages(running_web: RunningWeb, postgres_url: str) -> Iterator[None]:
    """Messages and received texts for a page each: what leads to the next page is the last one of a full page."""
    body = json.dumps({"phone_number": "07700900123", "template_id": str(running_web.sms.id), **FILLED_IN}).encode()
    sent = Counter(running_web.ask("POST", "/v2/notifications/sms", body).status for _ in range(PAGE_SIZE))
    assert sent == {201: PAGE_SIZE}
    now = datetime.now(UTC)
    engine = make_engine(postgres_url, pool_size=1, statement_timeout_ms=0, application_name="conformity")
    with PostgresDatabase(engine, AesGcmCipher(ENCRYPTION_KEYS), SystemClock()).begin() as work:
        for number in range(PAGE_SIZE):
            work.inbound.add(
                ReceivedText(
                    id=uuid7(now, number),
                    service_id=running_web.key.service_id,
                    notify_number="07900900500",
                    user_number="447900900123",
                    content="Thank you",
                    provider=ProviderName.MMG,
                    created_at=now,
                    expires_on=now.date() + timedelta(days=7),
                )
            )
        work.commit()
    yield
    engine.dispose()


def checks(*more: str) -> list[Callable[..., Any]]:
    return [*CHECKS.get_by_names((*ALWAYS, *more)), every_header_is_described]


def every_header_is_described(_: object, response: Response, case: Case[Any]) -> None:
    told = case.operation.definition.raw["responses"][str(response.status_code)].get("headers", {})
    assert response.headers.keys() - OF_ALL_ANSWERS <= {name.lower() for name in told}


def arrived(case: Case[Any], answer: Response) -> bool:
    """Whether all that was made up for the query was sent: an empty list or object cannot be, and is left out."""
    sent = parse_qs(urlsplit(answer.request.url or "").query, keep_blank_values=True)
    return (case.query or {}).keys() <= sent.keys()


def put_right(case: Case[Any], web: RunningWeb) -> None:
    """Make the request one for a template that there is, and its senders the usual: no description can know them."""
    if isinstance(case.body, dict) and "template_id" in case.body:
        template = web.email if case.path.endswith("/email") else web.sms
        unknown = {"sms_sender_id", "email_reply_to_id"}
        told = {name: value for name, value in case.body.items() if name not in unknown}
        case.body = {**told, "template_id": str(template.id)}
        if not case.path.endswith("/bulk"):
            case.body["personalisation"] = {"name": "Jo"}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_good_requests_are_answered_as_described(
    api: BaseSchema, running_web: RunningWeb, method: str, path: str
) -> None:
    @BOUNDED
    @given(case=api[path][method].as_strategy(), right=st.booleans())
    def every(case: Case[Any], right: bool) -> None:
        if right:
            put_right(case, running_web)
        case.call_and_validate(headers=running_web.signed(), checks=checks())

    every()


@pytest.mark.parametrize(("method", "path"), TAKING)
def test_bad_requests_are_refused_as_described(
    api: BaseSchema, running_web: RunningWeb, method: str, path: str
) -> None:
    @BOUNDED
    @given(case=api[path][method].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def every(case: Case[Any]) -> None:
        answer = case.call(headers=running_web.signed())
        case.validate_response(answer, checks=checks(*(["negative_data_rejection"] if arrived(case, answer) else [])))

    every()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_with_a_wrong_token_or_none_every_operation_answers_as_described(
    api: BaseSchema, running_web: RunningWeb, method: str, path: str
) -> None:
    @settings(BOUNDED, max_examples=5)
    @given(case=api[path][method].as_strategy())
    def every(case: Case[Any]) -> None:
        answer = case.call_and_validate(checks=checks())
        assert (answer.status_code in {401, 403}) == path.startswith("/v2/")

    every()


def test_every_link_leads_where_it_says(api: BaseSchema, running_web: RunningWeb, full_pages: None) -> None:
    found: Any = running_web.ask("GET", "/openapi.json").json()
    operations = {
        one["operationId"]: (path, method, one)
        for path, methods in found["paths"].items()
        for method, one in methods.items()
    }
    links = {
        (name, status, link): leads_to
        for name, (_, _, operation) in operations.items()
        for status, answer in operation["responses"].items()
        for link, leads_to in answer.get("links", {}).items()
    }
    waiting: deque[tuple[str, dict[str, Any]]] = deque((name, {}) for name in BEGINNINGS)
    followed: set[tuple[str, str, str]] = set()
    while waiting:
        name, given = waiting.popleft()
        status, shown = ask_with(api, running_web, *operations[name], given)
        assert status in {"200", "201"}, (name, given, shown)
        for key in [key for key in links if key[:2] == (name, status) and key not in followed]:
            followed.add(key)
            parameters = links[key]["parameters"]
            read = {parameter: pointed_at(expression, shown) for parameter, expression in parameters.items()}
            waiting.append((links[key]["operationId"], read))
    assert followed == links.keys()


def ask_with(
    api: BaseSchema, web: RunningWeb, path: str, method: str, operation: Any, given: dict[str, Any]
) -> tuple[str, Any]:
    """Ask for an operation with these parameters, and return the status and the document answered."""
    places = {parameter["name"]: parameter["in"] for parameter in operation.get("parameters", ())}
    bodies = {
        "send_sms": {"phone_number": "07700900123", "template_id": str(web.sms.id), **FILLED_IN},
        "send_bulk": {"template_id": str(web.sms.id), "rows": [{"phone_number": "07700900123", **FILLED_IN}]},
        "send_email": {"email_address": "jo@example.com", "template_id": str(web.email.id), **FILLED_IN},
        "preview_template": FILLED_IN,
    }
    body = bodies.get(operation["operationId"])
    sent: dict[str, Any] = {} if body is None else {"body": body, "media_type": "application/json"}
    case = api[path][method].Case(
        path_parameters={name: str(value) for name, value in given.items() if places[name] == "path"},
        query={name: value for name, value in given.items() if places[name] == "query"},
        **sent,
    )
    answer = case.call_and_validate(headers=web.signed(), checks=checks())
    return str(answer.status_code), answer.json()


def pointed_at(expression: str, document: Any) -> Any:
    """Return what a runtime expression of OpenAPI finds in the body of an answer."""
    place, _, pointer = expression.partition("#/")
    assert place == "$response.body"
    for part in pointer.split("/"):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document
