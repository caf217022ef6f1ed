"""The part of the page that tells of one operation."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from notify_web.documentation.fields import Row, field_table, kind, rows, table
from notify_web.documentation.html import Html, join, tag
from notify_web.documentation.prose import code, heading, inline, prose

Document = Mapping[str, Any]

_FIRST_REFUSAL = 400


def section(path: str, method: str, operation: Document, components: Document) -> Html:
    """Tell of one operation: what it does, what it takes, how it answers, and why it may refuse."""
    name = operation["operationId"]
    route = tag("p", tag("span", method.upper(), class_="method"), " ", tag("code", path), class_="route")
    return tag(
        "section",
        heading(3, operation["summary"], name),
        route,
        prose(operation["description"]),
        _parameters(operation),
        _body(operation, components),
        tag("h4", "Example"),
        code(curl(path, method, operation), f"Example: {operation['summary']}"),
        *_answers(operation, components),
        _refusals(operation),
        aria_labelledby=name,
    )


def _parameters(operation: Document) -> Html | None:
    told = [
        Row(given["name"], f"{kind(given['schema'])}, in the {given['in']}", given["required"], given["description"])
        for given in operation.get("parameters", ())
    ]
    return join(tag("h4", "Parameters"), field_table(told, "Parameters", tell_required=True)) if told else None


def _body(operation: Document, components: Document) -> Html | None:
    if "requestBody" not in operation:
        return None
    fields = list(rows(operation["requestBody"]["content"]["application/json"]["schema"], components))
    return join(tag("h4", "Body"), field_table(fields, "Fields of the body", tell_required=True))


def curl(path: str, method: str, operation: Document) -> str:
    """Return a command that asks for the operation."""
    lines = ["curl" if method == "get" else f"curl --request {method.upper()}", f'"$NOTIFY_API{_filled(path)}"']
    if operation["security"]:
        lines.append('--header "Authorization: Bearer $NOTIFY_TOKEN"')
    if "requestBody" in operation:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        lines += ['--header "Content-Type: application/json"', f"--data {shlex.quote(_json(example))}"]
    return " \\\n  ".join([f"{lines[0]} {lines[1]}", *lines[2:]])


def _filled(path: str) -> str:
    """Return the path with variables of the shell in place of its parameters."""
    return path.replace("{", "${").replace("}", "}")


def _answers(operation: Document, components: Document) -> Iterator[Html]:
    for status, answer in operation["responses"].items():
        [(media_type, content)] = answer["content"].items()
        if int(status) >= _FIRST_REFUSAL and "examples" in content:
            continue
        yield tag("h4", f"Answer {status} {HTTPStatus(int(status)).phrase}")
        yield tag("p", inline(answer["description"]), " ", tag("code", media_type))
        fields = list(rows(content["schema"], components))
        if fields:
            yield field_table(fields, f"Fields of the answer {status}", tell_required=False)
        if "example" in content:
            yield code(_json(content["example"]), f"Example of the answer {status}")


def _refusals(operation: Document) -> Html | None:
    """Tell of the errors in one table: what may go wrong, as it is told."""
    told = [
        [f"{status}", tag("code", _name(example["value"])), example["summary"]]
        for status, answer in operation["responses"].items()
        for content in answer["content"].values()
        for example in content.get("examples", {}).values()
    ]
    if not told:
        return None
    return join(tag("h4", "Errors"), table("Errors", ["Status", "Error", "Messages, for example"], told))


def _name(example: Document) -> str:
    return str(example["errors"][0]["error"]) if "errors" in example else "–"


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
