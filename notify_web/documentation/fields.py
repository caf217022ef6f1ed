"""JSON Schemas as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from notify_web.documentation.html import Html, tag
from notify_web.documentation.prose import inline

Document = Mapping[str, Any]


@frozen
class Row:
    """One property. `name` is the way to it from the outermost object, with dots."""

    name: str
    kind: str
    required: bool
    about: str


def rows(schema: Document, components: Document, prefix: str = "") -> Iterator[Row]:
    """Yield the properties of an object, each followed by those inside it."""
    schema = resolve(schema, components)
    for name, given in schema.get("properties", {}).items():
        inner = resolve(given, components)
        required = name in schema.get("required", ())
        yield Row(prefix + name, kind(inner), required, given.get("description", inner.get("description", "")))
        yield from rows(inner, components, f"{prefix}{name}.")
        if isinstance(inner.get("additionalProperties"), dict):
            yield from rows(inner["additionalProperties"], components, f"{prefix}{name}.*.")
        yield from rows(inner.get("items", {}), components, f"{prefix}{name}[].")


def resolve(schema: Document, components: Document) -> Document:
    """Return what a reference refers to, with what is said beside it."""
    if "$ref" not in schema:
        return schema
    referred = components["schemas"][schema["$ref"].rpartition("/")[2]]
    return {**referred, **{key: value for key, value in schema.items() if key != "$ref"}}


def kind(schema: Document) -> str:
    """Say in words what a value must be.

    >>> kind({"type": ["string", "null"], "format": "uuid"}), kind({"enum": ["a", "b"]})
    ('string (uuid) or null', 'a or b')
    >>> kind({"type": "array", "items": {"type": "string"}}), kind({"type": "array", "items": {"$ref": "#/…"}})
    ('array (each: string)', 'array')
    """
    if "enum" in schema:
        return _or([str(value) for value in schema["enum"]])
    if "anyOf" in schema:
        return _or([kind(choice) for choice in schema["anyOf"]])
    named = schema.get("type", "anything")
    names = [named] if isinstance(named, str) else list(named)
    notes = [*([schema["format"]] if "format" in schema else []), *_lengths(schema), *_items(schema)]
    said = f"{names[0]} ({', '.join(notes)})" if notes else names[0]
    return _or([said, *names[1:]])


def _items(schema: Document) -> list[str]:
    """Say of what there are several; what is referred to is told in lines of its own."""
    return [f"each: {kind(schema['items'])}"] if "$ref" not in schema.get("items", {"$ref": ""}) else []


def _lengths(schema: Document) -> list[str]:
    return [f"at most {schema['maxLength']} characters"] if "maxLength" in schema else []


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def field_table(fields: Sequence[Row], caption: str, *, tell_required: bool) -> Html:
    """Return the table of some properties."""
    head = ["Name", "Type", *(["Required"] if tell_required else []), "Meaning"]
    body = [
        [
            tag("code", field.name),
            field.kind,
            *([("yes" if field.required else "no")] if tell_required else []),
            inline(field.about),
        ]
        for field in fields
    ]
    return table(caption, head, body)


def table(caption: str, head: Sequence[str], body: Sequence[Sequence[str]]) -> Html:
    """Return a table whose rows are named by their first cell. A narrow screen scrolls it."""
    top = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in head)))
    lines = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in body]
    whole = tag("table", tag("caption", caption), top, tag("tbody", *lines))
    return tag("div", whole, class_="table", tabindex="0", role="region", aria_label=caption)
