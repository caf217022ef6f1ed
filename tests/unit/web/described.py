"""Hold answers against the API's description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from notify_web import shell
from notify_web.documentation.openapi import describe

_TOLD = {"allow", "idempotent-replayed", "ratelimit", "ratelimit-policy", "retry-after"}


def is_as_described(method: str, path: str, status: int, headers: Iterable[str], body: bytes) -> None:
    """Fail where a described operation answers in a way that its description does not tell."""
    operation = _operation(method, path.partition("?")[0])
    if operation is None:
        return
    answers = _document()["paths"][operation][method.lower()]["responses"]
    assert str(status) in answers, f"{method} {operation} answers {status}, which is not described"
    answer = answers[str(status)]
    told = {name.lower() for name in answer.get("headers", {})}
    assert _TOLD & set(headers) <= told, f"{method} {operation} answers {status} with headers that are not described"
    if "application/json" in answer["content"]:
        _validator(method.lower(), operation, str(status)).validate(json.loads(body))


@cache
def _document() -> Any:
    return json.loads(json.dumps(describe(shell.DESCRIBED)))


@cache
def _operation(method: str, path: str) -> str | None:
    """Return the path of the operation, as described; an address of its own goes before one with an id in it."""
    known = [template for template, methods in _document()["paths"].items() if method.lower() in methods]
    fitting = [template for template in known if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path)]
    return min(fitting, key=lambda template: template.count("{"), default=None)


@cache
def _validator(method: str, path: str, status: str) -> Draft202012Validator:
    document = _document()
    content = document["paths"][path][method]["responses"][status]["content"]
    return Draft202012Validator({**content["application/json"]["schema"], "components": document["components"]})
