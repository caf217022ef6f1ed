"""The API's description as one page, complete in itself: no script, and nothing to fetch."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from notify_web.documentation.html import Html, join, tag
from notify_web.documentation.prose import anchor, heading, headings, prose
from notify_web.documentation.sections import section

Document = Mapping[str, Any]


def render(document: Document) -> str:
    """Return the page that tells what an OpenAPI document tells."""
    info = document["info"]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{info['title']} API"),
        tag("style", Html(style())),
    )
    body = tag(
        "body",
        tag("a", "Skip to the text", class_="skip", href="#text"),
        tag("header", tag("p", f"{info['title']} API", class_="title"), tag("p", f"Version {info['version']}")),
        tag("nav", *_contents(document), aria_label="Contents"),
        tag(
            "main",
            tag("h1", f"{info['title']} API"),
            prose(info["description"]),
            *_operations(document),
            id="text",
            tabindex="-1",
        ),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def style() -> str:
    """Return the page's style sheet."""
    return (files(__package__) / "style.css").read_text(encoding="utf-8")


def security_policy() -> str:
    """Return the Content-Security-Policy under which the page works: its style sheet, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _contents(document: Document) -> Iterator[Html]:
    links = [_link(name, title) for name, title in headings(document["info"]["description"])]
    yield tag("ul", *(tag("li", link) for link in links))
    for group, members in _groups(document):
        inner = [tag("li", _link(operation["operationId"], operation["summary"])) for _, _, operation in members]
        yield join(tag("p", _link(anchor(group), group)), tag("ul", *inner))


def _operations(document: Document) -> Iterator[Html]:
    summaries = {
        operation["operationId"]: operation["summary"]
        for _, members in _groups(document)
        for _, _, operation in members
    }
    for group, members in _groups(document):
        yield heading(2, group)
        for path, method, operation in members:
            yield section(path, method, operation, document["components"], summaries)


def _groups(document: Document) -> Iterator[tuple[str, list[tuple[str, str, Document]]]]:
    for group in document["tags"]:
        name = group["name"]
        yield (
            name,
            [
                (path, method, operation)
                for path, methods in document["paths"].items()
                for method, operation in methods.items()
                if name in operation["tags"]
            ],
        )


def _link(name: str, text: str) -> Html:
    return tag("a", text, href=f"#{name}")
