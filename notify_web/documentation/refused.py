"""The answers of an operation that refuses, worked out from the errors that it can raise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from itertools import groupby
from typing import Any

from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from notify_core.unit_of_work import DatabaseUnavailable
from notify_web.authentication import Forbidden, Unauthenticated
from notify_web.documentation.headers import references
from notify_web.documentation.operation import Operation
from notify_web.documentation.schemas import Fragment, Shapes
from notify_web.errors import NOT_ALLOWED, NOT_FOUND, Problem, problem_of, told
from notify_web.public.documents import BadRequest
from notify_web.public.schema import InvalidRequest
from notify_web.public.shapes import Errors, Refusal

Document = dict[str, Any]

_INTERNAL = 500
_NOT_FOUND = 404


def _everywhere(operation: Operation) -> Iterable[Exception]:
    yield Unauthenticated("Unauthorized: authentication token must be provided")
    yield Unauthenticated("Unauthorized: authentication bearer scheme must be used")
    yield Forbidden("Invalid token: API key not found")
    yield Forbidden("Error: Your system clock must be accurate to within 30 seconds")
    if operation.body is not None:
        yield BadRequest()
        if operation.body.schema.required:
            yield InvalidRequest(*(f"{name} is a required property" for name in operation.body.schema.required))
        if not operation.body.schema.open:
            yield InvalidRequest("Additional properties are not allowed (colour was unexpected)")
        yield RequestEntityTooLarge()
    yield Exception()
    yield DatabaseUnavailable()


def problems(operation: Operation) -> list[Problem]:
    """Return everything that the operation can refuse with, by status, and in order of telling within one."""
    told_of = [problem_of(error) for error in (*_everywhere(operation), *operation.errors)]
    return sorted(told_of, key=lambda problem: problem.status)


def refused(operation: Operation, shapes: Shapes, *, reached_by_name: bool) -> dict[int, Document]:
    """Return the answers by status. What is `reached_by_name` may have a name that leads nowhere."""
    grouped = groupby(problems(operation), key=lambda problem: problem.status)
    answers = {status: _answer(status, list(found), shapes) for status, found in grouped}
    if reached_by_name:
        answers[_NOT_FOUND] = _also_no_page(answers.get(_NOT_FOUND), shapes)
    return answers


def _answer(status: int, found: list[Problem], shapes: Shapes) -> Document:
    names = list(dict.fromkeys(problem.name for problem in found))
    closed = status != _INTERNAL
    about = ", ".join(f"`{name}`" for name in names) if closed else "nobody foresaw it"
    error: Fragment = {"enum": names} if closed else {}
    schema = {
        **shapes.of(Errors),
        "properties": {
            "errors": {"items": {"properties": {"error": error}}},
            "status_code": {"const": status},
        },
    }
    answer: Document = {
        "description": f"{HTTPStatus(status).phrase}: {about}",
        "content": {"application/json": {"schema": schema, "examples": _examples(found)}},
    }
    headers = {name for problem in found for name in problem.headers}
    if headers:
        answer["headers"] = references(headers)
    return answer


def _examples(found: list[Problem]) -> Document:
    return {
        f"{problem.name}-{number}": {"summary": "; ".join(problem.messages), "value": told(problem)}
        for number, problem in enumerate(found, start=1)
    }


def _also_no_page(answer: Document | None, shapes: Shapes) -> Document:
    """Add the answer for a name that is no name at all: the framework's, in the other envelope."""
    nowhere = no_page(shapes)
    if answer is None:
        return nowhere
    content, other = answer["content"]["application/json"], nowhere["content"]["application/json"]
    examples = {**content["examples"], "NoPage": {"summary": NOT_FOUND["message"], "value": NOT_FOUND}}
    schema = {"anyOf": [content["schema"], other["schema"]]}
    return {**answer, "content": {"application/json": {"schema": schema, "examples": examples}}}


def no_page(shapes: Shapes) -> Document:
    """Return the answer for addresses that there are not."""
    content = {"schema": shapes.of(Refusal), "example": NOT_FOUND}
    return {"description": "There is no such address.", "content": {"application/json": content}}


def no_method(shapes: Shapes) -> Document:
    """Return the answer for methods that an address does not know."""
    content = {"schema": shapes.of(Refusal), "example": NOT_ALLOWED}
    return {
        "description": "The address does not know this method.",
        "headers": references(["Allow"]),
        "content": {"application/json": content},
    }


SHARED: Mapping[str, Callable[[Shapes], Document]] = {"NoSuchAddress": no_page, "NoSuchMethod": no_method}
