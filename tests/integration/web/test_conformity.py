"""The API does what its description says: requests made up from the description, answers held against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

from notify_web import shell
from notify_web.documentation.openapi import described
from tests.integration.web.conftest import RunningWeb

OPERATIONS = [(method, path) for path, method, _, _ in described((*shell.PUBLIC, *shell.STATUS))]
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
NUMBERS = st.sampled_from(["07700 900123", "+447700900000", "+1 202 555 0123", "0044 7700 900 456", "01709 510122"])

schemathesis.openapi.format("phone-number", NUMBERS)


@pytest.fixture(scope="module")
def api(running_web: RunningWeb) -> BaseSchema:
    config = SchemathesisConfig.from_dict({"base-url": running_web.url, "seed": 1})
    return schemathesis.openapi.from_url(f"{running_web.url}/openapi.json", config=config)


def checks(*names: str) -> list[Callable[..., Any]]:
    return CHECKS.get_by_names(names)


def put_right(case: Case[Any], web: RunningWeb) -> None:
    """Make the request one for a template that there is, and its senders the usual: no description can know them."""
    if isinstance(case.body, dict) and "template_id" in case.body:
        template = web.email if case.path.endswith("/email") else web.sms
        unknown = {"sms_sender_id", "email_reply_to_id"}
        told = {name: value for name, value in case.body.items() if name not in unknown}
        case.body = {**told, "template_id": str(template.id), "personalisation": {"name": "Jo"}}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_good_requests_are_answered_as_described(
    api: BaseSchema, running_web: RunningWeb, method: str, path: str
) -> None:
    @BOUNDED
    @given(case=api[path][method].as_strategy(), right=st.booleans())
    def every(case: Case[Any], right: bool) -> None:
        if right:
            put_right(case, running_web)
        case.call_and_validate(headers=running_web.signed(), checks=checks(*ALWAYS))

    every()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_bad_requests_are_refused_as_described(
    api: BaseSchema, running_web: RunningWeb, method: str, path: str
) -> None:
    wanted = checks(*ALWAYS, "negative_data_rejection")

    @BOUNDED
    @given(case=api[path][method].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def every(case: Case[Any]) -> None:
        case.call_and_validate(headers=running_web.signed(), checks=wanted)

    every()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_with_a_wrong_token_or_none_every_operation_answers_as_described(
    api: BaseSchema, running_web: RunningWeb, method: str, path: str
) -> None:
    @settings(BOUNDED, max_examples=5)
    @given(case=api[path][method].as_strategy())
    def every(case: Case[Any]) -> None:
        answer = case.call_and_validate(checks=checks(*ALWAYS))
        assert (answer.status_code in {401, 403}) == path.startswith("/v2/")

    every()


def test_what_was_sent_is_found_as_described(api: BaseSchema, running_web: RunningWeb) -> None:
    statuses: Counter[tuple[str, int]] = Counter()

    made: Any = api.as_state_machine()

    class Sender(made):  # type: ignore[misc]  # made from the description
        def get_call_kwargs(self, _: object) -> dict[str, Any]:
            return {"headers": running_web.signed()}

        def before_call(self, case: Case[Any]) -> None:
            put_right(case, running_web)

        def after_call(self, response: Response, case: Case[Any]) -> None:
            statuses[case.operation.label, response.status_code] += 1

        def validate_response(self, response: Response, case: Case[Any], *_: object, **__: object) -> None:
            case.validate_response(response, checks=checks(*ALWAYS))

    Sender.run(settings=settings(BOUNDED, max_examples=8, stateful_step_count=6))
    assert statuses["GET /v2/notifications/{notification_id}", 200] > 0
    for channel in ("sms", "email"):
        assert statuses[f"POST /v2/notifications/{channel}", 201] > 0
