"""Addresses and methods: what is found, what is not, and what every answer carries."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from notify_core.unit_of_work import DatabaseUnavailable
from notify_web import shell
from notify_web.options import methods_by_path
from tests.unit.web.conftest import Web

NOT_FOUND = (
    b'{"message":"The requested URL was not found on the server. If you entered the URL manually please check your '
    b'spelling and try again.","result":"error"}\n'
)
NOT_ALLOWED = b'{"message":"The method is not allowed for the requested URL.","result":"error"}\n'

UNKNOWN = "0b5d2a1c-6c3e-4f0d-9a51-4d3f6a6e2b10"
COMMON = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "Content-Type,Authorization",
    "access-control-allow-methods": "GET,PUT,POST,DELETE",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "x-permitted-cross-domain-policies": "none",
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
    "cache-control": "no-store, no-cache, private, must-revalidate",
}


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/v2",
        "/v2/notifications/",
        "/v2/notifications/sms/",
        "/v2/notifications/sms/more",
        "/v2//notifications/sms",
        "//",
        "/_status/",
        "/schema",
        "/notifications",
        "/notifications/sms/other",
        "/v2/templates/",
        "/v2/template",
        "/v2/template/x/version",
        "/v2/template/x/versions/1",
        "/v2/received-text-messages/",
        "/v2/notifications/x/pdf/",
        "/notifications/sms/receive",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_unknown_addresses_are_not_found_without_a_token(web: Web, method: str, path: str) -> None:
    reply = web.request(method, path)
    assert (reply.status, reply.body) == (404, NOT_FOUND)
    assert reply.header("content-type") == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v2/notifications/sms", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/v2/notifications/anything", "GET, HEAD, OPTIONS, POST"),
        ("GET", "/notifications/sms/mmg", "OPTIONS, POST"),
        ("HEAD", "/notifications/sms/mmg", "OPTIONS, POST"),
        ("POST", "/v2/notifications", "GET, HEAD, OPTIONS"),
        ("DELETE", f"/v2/notifications/{UNKNOWN}/pdf", "GET, HEAD, OPTIONS"),
        ("POST", "/v2/notifications/sms/pdf", "GET, HEAD, OPTIONS"),
        ("POST", f"/v2/template/{UNKNOWN}", "GET, HEAD, OPTIONS"),
        ("PUT", f"/v2/template/{UNKNOWN}/version/1", "GET, HEAD, OPTIONS"),
        ("GET", f"/v2/template/{UNKNOWN}/preview", "OPTIONS, POST"),
        ("PUT", "/v2/notifications/bulk", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", f"/v2/notifications/bulk/{UNKNOWN}", "GET, HEAD, OPTIONS"),
        ("POST", f"/v2/notifications/bulk/{UNKNOWN}/rows", "GET, HEAD, OPTIONS"),
        ("GET", f"/v2/notifications/bulk/{UNKNOWN}/cancel", "OPTIONS, POST"),
        ("POST", "/v2/templates", "GET, HEAD, OPTIONS"),
        ("POST", "/v2/received-text-messages", "GET, HEAD, OPTIONS"),
        ("GET", "/notifications/sms/receive/mmg", "OPTIONS, POST"),
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("DELETE", "/_status", "GET, HEAD, OPTIONS, POST"),
    ],
)
def test_other_methods_are_not_allowed_without_a_token(web: Web, method: str, path: str, allow: str) -> None:
    reply = web.request(method, path)
    assert reply.status == 405
    assert reply.body == (b"" if method == "HEAD" else NOT_ALLOWED)
    assert reply.header("content-type") == "application/json"
    assert reply.header("allow") == allow


def test_an_unknown_channel_is_not_found(web: Web) -> None:
    assert (web.post("/v2/notifications/fax", {}).status, web.post("/v2/notifications/fax", {}).body) == (
        404,
        NOT_FOUND,
    )


def test_options_need_a_token_below_v2(web: Web) -> None:
    for path in ("/v2/notifications/sms", f"/v2/notifications/{uuid4()}"):
        assert web.request("OPTIONS", path).problem[0] == 401
        reply = web.get(path, method="OPTIONS")
        assert (reply.status, reply.body, reply.header("allow")) == (200, b"", "GET, HEAD, OPTIONS, POST")


def test_options_need_no_token_elsewhere(web: Web) -> None:
    reply = web.request("OPTIONS", "/notifications/sms/mmg")
    assert (reply.status, reply.body, reply.header("allow")) == (200, b"", "OPTIONS, POST")


def test_every_address_below_v2_asks_for_a_token(web: Web) -> None:
    asked = 0
    for path, methods in methods_by_path(shell.PUBLIC).items():
        for method in methods:
            filled = path.replace("{notification_id:str}", str(uuid4())).replace("{template_id:str}", str(uuid4()))
            filled = filled.replace("{bulk_id:str}", str(uuid4()))
            reply = web.request(method, filled.replace("{version:str}", "1"))
            assert reply.status == 401, (method, path)
            asked += 1
    assert asked == 49


def test_head_answers_as_get_without_the_body(web: Web) -> None:
    message = web.post("/v2/notifications/sms", web.sms()).json["id"]
    path = f"/v2/notifications/{message}"
    got, head = web.get(path), web.get(path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-length") == got.header("content-length") == str(len(got.body))
    assert web.request("HEAD", "/_status").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_status"),
        ("GET", "/nothing"),
        ("PUT", "/_status"),
        ("POST", "/v2/notifications/sms"),
        ("OPTIONS", "/v2/notifications/sms"),
        ("POST", "/notifications/sms/mmg"),
    ],
)
def test_every_answer_carries_the_common_headers(web: Web, method: str, path: str) -> None:
    reply = web.request(method, path)
    headers = dict(reply.headers)
    assert headers.items() >= COMMON.items()
    assert re.fullmatch(r"[0-9a-f]{32}", headers["x-b3-traceid"])
    assert re.fullmatch(r"self-[0-9a-f]{16}", headers["x-b3-spanid"])
    assert len(headers) == len(reply.headers)


@pytest.mark.parametrize(
    ("given", "trace", "span"),
    [
        ({"X-B3-TraceId": "abc123", "X-B3-SpanId": "def"}, "abc123", "def"),
        ({"X-Amz-Cf-Id": "cf=="}, "cf==", None),
        ({"X-Amzn-Trace-Id": "Root=1-2-3;Self=4"}, "Root=1-2-3;Self=4", None),
        ({"X-B3-TraceId": "", "X-Amzn-Trace-Id": "a"}, "a", None),
        ({"X-B3-TraceId": "two words", "X-Amz-Cf-Id": "b"}, "b", None),
        ({"X-B3-TraceId": "x" * 129}, None, None),
        ({"X-B3-TraceId": "é", "X-B3-SpanId": '"'}, None, None),
    ],
)
def test_trace_ids_fit_to_be_repeated_are(
    web: Web, given: dict[str, str], trace: str | None, span: str | None
) -> None:
    reply = web.request("GET", "/_status", headers=given)
    answered, spanned = reply.header("x-b3-traceid") or "", reply.header("x-b3-spanid") or ""
    assert answered == trace if trace else re.fullmatch(r"[0-9a-f]{32}", answered)
    assert spanned == span if span else re.fullmatch(r"self-[0-9a-f]{16}", spanned)


def test_bodies_have_a_limit(web: Web) -> None:
    million = b" " * 1024 * 1024
    reply = web.request("POST", "/v2/notifications/sms", million + b" ", web.signed())
    assert reply.problem == (413, "RequestEntityTooLarge", "Request Entity Too Large")
    assert web.request("POST", "/v2/notifications/sms", million, web.signed()).status == 400
    assert web.request("POST", "/v2/notifications/email", million * 20, web.signed()).status == 400
    assert web.request("POST", "/v2/notifications/email", million * 20 + b" ", web.signed()).status == 413
    assert web.request("POST", "/v2/notifications/letter", million * 10, web.signed()).status == 400
    assert web.request("POST", "/v2/notifications/letter", million * 10 + b" ", web.signed()).status == 413
    preview = f"/v2/template/{uuid4()}/preview"
    assert web.request("POST", preview, million + b" ", web.signed()).problem[0] == 413
    assert web.request("POST", "/notifications/sms/mmg", million + b" ").json["result"] == "error"


def test_status_tells_versions(web: Web) -> None:
    web.configure(git_commit="abc", build_time="2026-11-21T12:00:00")
    expected = (
        b'{"build_time":"2026-11-21T12:00:00","db_bulk_version":"0001","db_version":"0001","git_commit":"abc",'
        b'"status":"ok"}\n'
    )
    for method, path in (("GET", "/"), ("GET", "/_status"), ("POST", "/_status"), ("GET", "/_status?simple=")):
        assert (web.request(method, path).status, web.request(method, path).body) == (200, expected)


def test_simple_status_does_not_ask_the_database(web: Web) -> None:
    web.health.failure = DatabaseUnavailable("at 10.0.0.1:5432")
    for path in ("/?simple=1", "/_status?simple=true"):
        assert web.request("GET", path).body == b'{"status":"ok"}\n'


def test_status_without_a_database_is_an_error_without_details(web: Web) -> None:
    web.health.failure = DatabaseUnavailable("at 10.0.0.1:5432")
    for path in ("/", "/_status"):
        reply = web.request("GET", path)
        assert (reply.status, reply.body) == (500, b'{"status":"error"}\n')


def test_errors_outside_v2_are_told_in_the_first_version(web: Web) -> None:
    web.health.failure = KeyError("secret")
    reply = web.request("GET", "/_status")
    assert (reply.status, reply.json) == (500, {"message": "Internal server error", "result": "error"})


def test_a_request_is_logged_without_what_it_says(web: Web, logs: list[dict[str, Any]]) -> None:
    web.post("/v2/notifications/sms?to=07700900123", web.sms())
    [line] = logs
    assert line["milliseconds"] >= 0
    del line["milliseconds"]
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "path": "/v2/notifications/sms",
        "status": 201,
        "service_id": str(web.town.service.id),
    }


def test_health_checks_are_logged_quietly_and_failures_loudly(web: Web, logs: list[dict[str, Any]]) -> None:
    web.request("GET", "/_status")
    web.health.failure = DatabaseUnavailable("gone")
    web.request("GET", "/_status")
    assert [line["log_level"] for line in logs] == ["debug", "warning"]


def test_a_malformed_host_is_refused(web: Web) -> None:
    reply = web.request("GET", "/", headers={"host": "evil.example/path"})
    assert (reply.status, reply.json["result"]) == (400, "error")
