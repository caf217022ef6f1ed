"""The API's description: valid, complete, and true to the tables and presenters it is made from."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from litestar.handlers import HTTPRouteHandler
from openapi_spec_validator import OpenAPIV31SpecValidator

from notify_core.vocabulary import KeyType
from notify_web import shell
from notify_web.documentation.fields import resolve
from notify_web.documentation.openapi import describe, overview
from notify_web.documentation.operation import Operation, Unlisted
from notify_web.documentation.page import render
from notify_web.documentation.prose import prose
from notify_web.documentation.routes import documentation_handlers
from notify_web.documentation.schemas import Shapes
from notify_web.public.bodies import EMAIL, SMS
from notify_web.public.schema import Schema
from tests.unit.web.conftest import Web

HANDLERS = (*shell.DESCRIBED, *documentation_handlers(shell.DESCRIBED, None))


@pytest.fixture(scope="module")
def document() -> Any:
    return describe(HANDLERS)


def operations(document: Any) -> list[tuple[str, Any]]:
    return [(path, operation) for path, methods in document["paths"].items() for operation in methods.values()]


def valid(schema: Any, value: object, document: Any) -> bool:
    rooted = {**schema, "components": document["components"]}
    return bool(Draft202012Validator(rooted).is_valid(json.loads(json.dumps(value))))


def test_it_is_valid_openapi(document: Any) -> None:
    OpenAPIV31SpecValidator(json.loads(json.dumps(document))).validate()


@pytest.mark.parametrize("handler", shell.PUBLIC, ids=lambda handler: handler.handler_name)
def test_every_public_handler_is_described_or_says_why_not(handler: HTTPRouteHandler) -> None:
    assert isinstance(handler.opt.get("described"), Operation | Unlisted)


def test_every_operation_tells_all_that_it_can_answer(document: Any) -> None:
    for path, operation in operations(document):
        if not path.startswith("/v2/"):
            continue
        expected = {"401", "403", "500", "503"}
        expected |= {"400", "413"} if "requestBody" in operation else set()
        expected |= {"404"} if "{" in path else set()
        assert expected < operation["responses"].keys(), operation["operationId"]
        assert any(status.startswith("2") for status in operation["responses"])
        assert operation["security"] == [{"token": []}]


def test_sending_may_be_limited_and_told_when_to_try_again(document: Any) -> None:
    for channel in ("sms", "email"):
        answers = document["paths"][f"/v2/notifications/{channel}"]["post"]["responses"]
        assert answers["201"]["headers"].keys() == {"Idempotent-Replayed", "RateLimit", "RateLimit-Policy"}
        assert answers["400"]["headers"].keys() == {"RateLimit", "RateLimit-Policy"}
        for status in ("409", "429", "503"):
            assert answers[status]["headers"].keys() == {"RateLimit", "RateLimit-Policy", "Retry-After"}
        assert not any("headers" in answers[status] for status in ("401", "403", "413"))
    assert document["components"]["responses"]["NoSuchMethod"]["headers"].keys() == {"Allow"}


def test_every_example_is_as_its_schema_says(document: Any) -> None:
    checked = 0
    for path, operation in operations(document):
        answers = [
            *operation["responses"].values(),
            *([operation["requestBody"]] if "requestBody" in operation else []),
        ]
        for answer in answers:
            for content in answer["content"].values():
                values = [example["value"] for example in content.get("examples", {}).values()]
                for value in [*values, *([content["example"]] if "example" in content else [])]:
                    assert valid(content["schema"], value, document), (path, value)
                    checked += 1
                assert values or "example" in content, (path, answer)
    assert checked > 50


def test_links_lead_to_operations_that_there_are(document: Any) -> None:
    names = {operation["operationId"]: operation for _, operation in operations(document)}
    links = [
        link
        for operation in names.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) > 20
    for link in links:
        told = {parameter["name"] for parameter in names[link["operationId"]]["parameters"]}
        assert link["parameters"].keys() <= told


@pytest.mark.parametrize("table", [SMS, EMAIL])
def test_fields_are_told_with_what_they_are_for(table: Schema) -> None:
    assert all(field.about for field in table.fields)


def test_a_body_that_is_accepted_and_its_answers_are_as_described(web: Web, document: Any) -> None:
    for path, body in (("/v2/notifications/sms", web.sms()), ("/v2/notifications/email", web.email())):
        operation = document["paths"][path]["post"]
        assert valid(operation["requestBody"]["content"]["application/json"]["schema"], body, document)
        sent = web.post(path, body)
        assert valid(operation["responses"]["201"]["content"]["application/json"]["schema"], sent.json, document)
        one = document["paths"]["/v2/notifications/{notification_id}"]["get"]["responses"]["200"]
        found = web.get(f"/v2/notifications/{sent.json['id']}").json
        schema = one["content"]["application/json"]["schema"]
        assert valid(schema, found, document)
        assert found.keys() == resolve(schema, document["components"])["properties"].keys()


def test_a_type_without_a_counterpart_is_refused() -> None:
    with pytest.raises(TypeError, match="no counterpart in JSON"):
        Shapes().of(set[str])


def test_it_is_shown_without_a_token(web: Web, document: Any) -> None:
    shown = web.request("GET", "/openapi.json")
    assert (shown.status, shown.header("content-type")) == (200, "application/json")
    assert shown.json == json.loads(json.dumps(document))
    web.configure(public_url="https://api.example.com")
    assert web.request("GET", "/openapi.json").json["servers"] == [{"url": "https://api.example.com"}]


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []
        assert not given.keys() & {"src", "srcset", "onclick", "onload", "style"}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_complete_in_itself_and_in_order(web: Web) -> None:
    shown = web.request("GET", "/docs")
    assert (shown.status, shown.header("content-type")) == (200, "text/html; charset=utf-8")
    policy = shown.header("content-security-policy") or ""
    assert "default-src 'none'" in policy
    outline = Outline(shown.body.decode())
    assert outline.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(outline.tags)
    assert len(set(outline.ids)) == len(outline.ids)
    assert {"main", "nav", "header"} < set(outline.tags)
    internal = {link.removeprefix("#") for link in outline.links if link.startswith("#")}
    assert internal <= set(outline.ids)
    assert {"send_sms", "send_email", "find_notification", "authentication"} <= internal
    levels = [int(tag[1]) for tag in outline.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert b"url(" not in shown.body


def test_commands_are_complete(document: Any) -> None:
    page = unescape(render(document))
    assert '/sms" \\\n  --header "Authorization: Bearer $NOTIFY_TOKEN" \\\n  --header "Idempotency-Key: ' in page
    assert 'curl "$NOTIFY_API/v2/notifications?status=delivered&template_type=sms"' in page
    for path, operation in operations(document):
        parameters = operation.get("parameters", ())
        assert all("example" in parameter for parameter in parameters if parameter["in"] == "path"), path


def test_nothing_gets_into_the_page_unescaped(document: Any) -> None:
    evil = "<script>alert('&')</script>"
    text = json.dumps(document).replace("bins-2026-11", evil).replace("Who to write to", evil)
    page = render(json.loads(text))
    assert page.count("&lt;script&gt;") > 3
    assert "<script" not in page


def test_links_of_prose_hold_no_markup() -> None:
    assert prose('[a"b](x"><b>)') == '<p><a href="x&quot;&gt;&lt;b&gt;">a"b</a></p>'


def test_the_example_of_authentication_works(
    web: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [example] = re.findall(r"```python\n(.*?)```", overview(), flags=re.DOTALL)
    monkeypatch.setenv("NOTIFY_API_KEY", web.town.keys[KeyType.NORMAL].combined)
    monkeypatch.setattr("time.time", web.town.clock().timestamp)
    exec(compile(example, "overview.md", "exec"), {})  # noqa: S102 - our own text
    token = capsys.readouterr().out.strip()
    reply = web.request("GET", f"/v2/notifications/{web.town.sms.id}", headers={"authorization": f"Bearer {token}"})
    assert reply.problem == (404, "NoResultFound", "No result found")


def test_the_readme_names_every_operation(document: Any) -> None:
    readme = (Path(__file__).parents[3] / "docs" / "api" / "README.md").read_text(encoding="utf-8")
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in readme
