"""The API's description as OpenAPI 3.1, made from what stands beside each handler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any

from litestar.handlers import HTTPRouteHandler

from notify_core.limits.admit import Exhausted
from notify_web.documentation.headers import HEADERS, LIMITS, references
from notify_web.documentation.operation import Operation, Parameter, Returns
from notify_web.documentation.refused import SHARED, refused
from notify_web.documentation.schemas import Shapes, schema_of_table

Document = dict[str, Any]

# Whoever is answered so has not been held against limits yet: who asks is not known, or the body not read.
_BEFORE_LIMITS = frozenset({401, 403, 413})
_TOKEN = "token"  # noqa: S105 - the name of the scheme
_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A JSON Web Token that your program makes for each request, signed with its API key.",
}


def describe(handlers: Iterable[HTTPRouteHandler], server: str = "/") -> Document:
    """Return the OpenAPI document of those handlers that carry a description."""
    shapes = Shapes()
    paths: dict[str, Document] = {}
    groups: dict[str, None] = {}
    for path, method, handler, operation in described(handlers):
        paths.setdefault(path, {})[method] = _operation(path, handler, operation, shapes)
        groups[operation.group] = None
    return {
        "openapi": "3.1.0",
        "info": {"title": "Notify", "version": "2", "description": overview()},
        "servers": [{"url": server}],
        "tags": [{"name": group} for group in groups],
        "paths": paths,
        "components": {
            "headers": dict(HEADERS),
            "responses": {name: answer(shapes) for name, answer in SHARED.items()},
            "schemas": shapes.components,
            "securitySchemes": {_TOKEN: _SCHEME},
        },
    }


def overview() -> str:
    """Return what is to be known before the first request, in Markdown."""
    return (files(__package__) / "overview.md").read_text(encoding="utf-8")


def described(handlers: Iterable[HTTPRouteHandler]) -> Iterator[tuple[str, str, HTTPRouteHandler, Operation]]:
    """Yield (path, method, handler, description) for each operation, as OpenAPI writes paths and methods.

    Of a handler that does the same whichever method it is asked with, GET alone is told.
    """
    for handler in handlers:
        operation = handler.opt.get("described")
        if isinstance(operation, Operation):
            for path in sorted(handler.paths):
                method = min(handler.http_methods)  # GET comes before POST
                yield path.replace(":str}", "}").replace(":int}", "}"), method.lower(), handler, operation


def _operation(path: str, handler: HTTPRouteHandler, told: Operation, shapes: Shapes) -> Document:
    guarded = path.startswith("/v2/")
    answers = {status: _answer(answer, shapes) for status, answer in told.answers.items()}
    if guarded:
        answers |= refused(told, shapes, reached_by_name="{" in path)
    if any(isinstance(error, Exhausted) for error in told.errors):
        for status in answers.keys() - _BEFORE_LIMITS:
            answers[status].setdefault("headers", {}).update(references(LIMITS))
    document: Document = {
        "operationId": handler.handler_name,
        "tags": [told.group],
        "summary": told.summary,
        "description": told.about,
        "security": [{_TOKEN: []}] if guarded else [],
    }
    if told.parameters:
        document["parameters"] = [_parameter(parameter, path) for parameter in told.parameters]
    if told.body is not None:
        content = {"schema": schema_of_table(told.body.schema), "example": told.body.example}
        document["requestBody"] = {"required": told.body.required, "content": {"application/json": content}}
    document["responses"] = {str(status): answers[status] for status in sorted(answers)}
    return document


def _parameter(parameter: Parameter, path: str) -> Document:
    of_path = f"{{{parameter.name}}}" in path
    schema = dict(parameter.rule.described)
    return {
        "name": parameter.name,
        "in": "path" if of_path else parameter.place or "query",
        "required": of_path,
        "description": parameter.about,
        "schema": {"type": "array", "items": schema} if parameter.many else schema,
        **({} if parameter.example is None else {"example": _example(parameter)}),
    }


def _example(parameter: Parameter) -> object:
    return [parameter.example] if parameter.many else parameter.example


def _answer(answer: Returns, shapes: Shapes) -> Document:
    content: Document = {"schema": shapes.of(answer.shape)}
    if answer.example is not None:
        content["example"] = answer.example
    document: Document = {"description": answer.about, "content": {answer.media_type: content}}
    if answer.headers:
        document["headers"] = references(answer.headers)
    if answer.leads_to:
        document["links"] = {
            name: {"operationId": name, "parameters": dict(parameters)}
            for name, parameters in answer.leads_to.items()
        }
    return document
