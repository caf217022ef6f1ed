"""The file service: the very request, and what each answer means."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from notify_adapters import document_download
from notify_adapters.document_download import DocumentDownload
from notify_adapters.embedded import free_port
from notify_adapters.http import HttpClient
from notify_core.documents.model import Document
from notify_core.documents.ports import DocumentRefused, DocumentsUnavailable

SERVICE = UUID("0190b2c3-0000-7000-8000-000000000001")
URL = "https://documents.example/d/abc?key=x"
TAKEN = json.dumps({"status": "ok", "document": {"id": "1", "url": URL, "mimetype": "text/csv"}}).encode()


def upload(url: str, document: Document, troubles: list[str] | None = None) -> str:
    told = [] if troubles is None else troubles
    return DocumentDownload(HttpClient(), url, "secret", told.append).upload(SERVICE, document)


def test_the_file_service_is_asked_in_its_json(told: Any) -> None:
    told.answer(201, TAKEN)
    document = Document(
        content="eA==", filename="x.pdf", confirmation_email="jo@example.com", retention_period=" 4 Weeks"
    )
    assert upload(told.url, document) == URL
    (asked,) = told.asked
    assert (asked.method, asked.path) == ("POST", f"/services/{SERVICE}/documents")
    assert asked.headers["Authorization"] == "Bearer secret"
    assert asked.headers["Content-Type"] == "application/json"
    assert json.loads(asked.body) == {
        "document": "eA==",
        "is_csv": False,
        "confirmation_email": "jo@example.com",
        "retention_period": " 4 Weeks",
        "filename": "x.pdf",
    }


def test_what_is_not_set_is_not_sent(told: Any) -> None:
    told.answer(201, TAKEN)
    upload(told.url, Document(content="eA==", is_csv=True))
    assert json.loads(told.asked[0].body) == {"document": "eA==", "is_csv": True, "retention_period": "26 weeks"}


def test_a_call_carries_the_ids_of_its_request(told: Any) -> None:
    told.answer(201, TAKEN)
    ids = {"X-B3-TraceId": "t", "X-B3-SpanId": "s"}
    store = DocumentDownload(HttpClient(), told.url, "secret", trace_headers=lambda: ids)
    store.upload(SERVICE, Document(content="eA=="))
    assert ids.items() <= told.asked[0].headers.items()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, b'{"error": "File did not pass the virus scan"}', "File did not pass the virus scan"),
        (413, b'{"error": "Uploaded file exceeds file size limit"}', "Uploaded file exceeds file size limit"),
        (413, b"<html>Request Entity Too Large</html>", "Uploaded file exceeds file size limit"),
        (400, json.dumps({"error": "x" * 1000}).encode(), "x" * 500),
    ],
)
def test_a_refusal_is_told_in_its_own_words(told: Any, status: int, body: bytes, reason: str) -> None:
    told.answer(status, body)
    troubles: list[str] = []
    with pytest.raises(DocumentRefused) as refused:
        upload(told.url, Document(content="eA=="), troubles)
    assert str(refused.value) == reason
    assert troubles == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"<html>"),
        (400, b'{"error": {"deep": 1}}'),
        (400, b'{"error": " "}'),
        (401, b'{"error": "Unauthorized"}'),
        (403, b'{"error": "Forbidden"}'),
        (404, b"{}"),
        (302, b""),
        (429, b"{}"),
        (500, b'{"error": "jo@example.com"}'),
        (503, b"["),
        (0, b""),
        (201, b"<html>"),
        (201, b"[]"),
        (201, b"\xff"),
        (201, b"[" * 100_000),
        (201, b'{"document": null}'),
        (201, b'{"document": {"url": 1}}'),
        (201, b'{"document": {"url": "javascript:alert(1)"}}'),
    ],
)
def test_everything_else_is_unavailable_and_told_to_operators(told: Any, status: int, body: bytes) -> None:
    told.answer(status, body)
    troubles: list[str] = []
    with pytest.raises(DocumentsUnavailable) as failed:
        upload(told.url, Document(content="eA=="), troubles)
    assert troubles == [str(failed.value)]
    assert "jo@example.com" not in troubles[0]
    assert len(told.asked) == 1


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(DocumentsUnavailable):
        upload(f"http://127.0.0.1:{free_port()}", Document(content="eA=="))


def test_silence_has_an_end(silence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_download, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(DocumentsUnavailable, match="did not answer in time"):
        upload(silence, Document(content="eA=="))


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(DocumentDownload(HttpClient(), "http://documents.example", "secret"))
