"""The part of the page that tells of one operation."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from notify_web.documentation.fields import Row, field_table, kind, rows, table
from notify_web.documentation.html import Html, join, tag
from notify_web.documentation.prose import code, heading, inline, prose

Document = Mapping[str, Any]

_FIRST_REFUSAL = 400


def section(path: str, method: str, operation: Document, components: Document, summaries: Mapping[str, str]) -> Html:
    """Tell of one operation: what it does, what it takes, how it answers, where that leads, and why it may refuse.

    `summaries` are those of all operations, by their ids.
    """
    name, summary = operation["operationId"], operation["summary"]
    route = tag("p", tag("span", method.upper(), class_="method"), " ", tag("code", path), class_="route")
    return tag(
        "section",
        heading(3, summary, name),
        route,
        prose(operation["description"]),
        _parameters(operation, summary),
        _body(operation, components, summary),
        tag("h4", "Example"),
        code(curl(path, method, operation), f"Example: {summary}"),
        *_answers(operation, components, summary),
        _further(operation, summaries),
        _refusals(operation, summary),
        aria_labelledby=name,
    )


def _parameters(operation: Document, summary: str) -> Html | None:
    told = [_parameter(given) for given in operation.get("parameters", ())]
    if not told:
        return None
    return join(tag("h4", "Parameters"), field_table(told, f"Parameters: {summary}", tell_required=True))


def _parameter(given: Document) -> Row:
    schema = given["schema"]
    if schema.get("type") == "array":
        said = f"{kind(schema['items'])}; may be repeated, in the {given['in']}"
    else:
        said = f"{kind(schema)}, in the {given['in']}"
    return Row(given["name"], said, given["required"], given["description"])


def _body(operation: Document, components: Document, summary: str) -> Html | None:
    if "requestBody" not in operation:
        return None
    fields = list(rows(operation["requestBody"]["content"]["application/json"]["schema"], components))
    return join(tag("h4", "Body"), field_table(fields, f"Body: {summary}", tell_required=True))


def curl(path: str, method: str, operation: Document) -> str:
    """Return a command that asks for the operation."""
    examples = {
        place: {
            given["name"]: given["example"]
            for given in operation.get("parameters", ())
            if given["in"] == place and "example" in given
        }
        for place in ("path", "query", "header")
    }
    query = urlencode(examples["query"], doseq=True)
    address = path.format(**examples["path"]) + (f"?{query}" if query else "")
    asked = "curl" if method == "get" else f"curl --request {method.upper()}"
    lines = [f'{asked} "$NOTIFY_API{address}"']
    if operation["security"]:
        lines.append('--header "Authorization: Bearer $NOTIFY_TOKEN"')
    lines += [f'--header "{name}: {value}"' for name, value in examples["header"].items()]
    if "requestBody" in operation:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        lines += ['--header "Content-Type: application/json"', f"--data {shlex.quote(_json(example))}"]
    return " \\\n  ".join(lines)


def _answers(operation: Document, components: Document, summary: str) -> Iterator[Html]:
    for status, answer in operation["responses"].items():
        [(media_type, content)] = answer["content"].items()
        if int(status) >= _FIRST_REFUSAL and "examples" in content:
            continue
        yield tag("h4", f"Answer {status} {HTTPStatus(int(status)).phrase}")
        yield tag("p", inline(answer["description"]), " ", tag("code", media_type))
        fields = list(rows(content["schema"], components))
        if fields:
            yield field_table(fields, f"Answer {status}: {summary}", tell_required=False)
        if "headers" in answer:
            yield field_table(
                list(_headers(answer, components)), f"Headers of {status}: {summary}", tell_required=False
            )
        if "example" in content:
            shown = content["example"]
            text = shown if isinstance(shown, str) else _json(shown)
            yield code(text, f"Example of the answer {status}: {summary}")


def _headers(answer: Document, components: Document) -> Iterator[Row]:
    for name, given in answer["headers"].items():
        told = components["headers"][given["$ref"].rpartition("/")[2]]
        yield Row(name, "header", required=False, about=told["description"])


def _further(operation: Document, summaries: Mapping[str, str]) -> Html | None:
    """Name the operations that the answers are a way to."""
    names = [link for answer in operation["responses"].values() for link in answer.get("links", {})]
    if not names:
        return None
    return join(
        tag("h4", "From here"), tag("ul", *(tag("li", tag("a", summaries[name], href=f"#{name}")) for name in names))
    )


def _refusals(operation: Document, summary: str) -> Html | None:
    """Tell of the errors in one table: what may go wrong, as it is told."""
    told = [
        [f"{status}", tag("code", _name(example["value"])), example["summary"]]
        for status, answer in operation["responses"].items()
        for content in answer["content"].values()
        for example in content.get("examples", {}).values()
    ]
    if not told:
        return None
    return join(tag("h4", "Errors"), table(f"Errors: {summary}", ["Status", "Error", "Messages, for example"], told))


def _name(example: Document) -> str:
    return str(example["errors"][0]["error"]) if "errors" in example else "–"


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
