"""The file service: keeps a document and gives out a link to it. Its JSON API over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from attrs import field, frozen

from notify_adapters.http import HttpClient, HttpFailure, HttpResponse
from notify_core.documents.model import Document
from notify_core.documents.ports import DocumentRefused, DocumentsUnavailable

# A document is scanned for viruses before the answer.
TIMEOUT_SECONDS = 15.0
TOO_LARGE = 413
REFUSED = frozenset({400, TOO_LARGE})
LONGEST_REASON = 500
FILE_TOO_LARGE = "Uploaded file exceeds file size limit"

Tell = Callable[[str], None]


def _nobody(_: str) -> None:
    pass


def _none() -> Mapping[str, str]:
    return {}


@frozen
class DocumentDownload:
    """Implements `DocumentStore`.

    `url` is where this process reaches the file service, without a slash at its end. `on_trouble` is told
    why an upload was not possible, in words that hold nothing personal. `trace_headers` returns what a
    call made now carries for its request to be recognised by.
    """

    http: HttpClient = field(repr=False)
    url: str
    api_key: str = field(repr=False)
    on_trouble: Tell = field(default=_nobody, repr=False)
    trace_headers: Callable[[], Mapping[str, str]] = field(default=_none, repr=False)

    def upload(self, service_id: UUID, document: Document) -> str:
        """Upload the document, once. Raises DocumentRefused or DocumentsUnavailable."""
        try:
            response = self.http.request(
                "POST",
                f"{self.url}/services/{service_id}/documents",
                timeout=TIMEOUT_SECONDS,
                headers={
                    "Content-Type": "application/json",
                    "Authorization": f"Bearer {self.api_key}",
                    **self.trace_headers(),
                },
                body=_body(document),
            )
        except HttpFailure as failure:
            raise self._unavailable(str(failure)) from None
        answer = _read(response.body)
        if response.status in REFUSED and (reason := _reason(response, answer)):
            raise DocumentRefused(reason)
        url = _url(answer) if 200 <= response.status < 300 else None
        if url is None:
            raise self._unavailable(f"the file service answered {response.status} without what was asked for")
        return url

    def _unavailable(self, problem: str) -> DocumentsUnavailable:
        self.on_trouble(problem)
        return DocumentsUnavailable(problem)


def _body(document: Document) -> bytes:
    fields: dict[str, object] = {
        "document": document.content,
        "is_csv": document.is_csv,
        "retention_period": document.retention_period,
    }
    if document.confirmation_email is not None:
        fields["confirmation_email"] = document.confirmation_email
    if document.filename is not None:
        fields["filename"] = document.filename
    return json.dumps(fields).encode()


def _read(body: bytes) -> dict[str, Any]:
    """Return the answer's document, or an empty one when it is none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _reason(response: HttpResponse, answer: dict[str, Any]) -> str | None:
    """Return why the document was refused. What stands in front of the file service may be the one to refuse."""
    reason = answer.get("error")
    if isinstance(reason, str) and reason.strip():
        return reason[:LONGEST_REASON]
    return FILE_TOO_LARGE if response.status == TOO_LARGE else None


def _url(answer: dict[str, Any]) -> str | None:
    document = answer.get("document")
    url = document.get("url") if isinstance(document, dict) else None
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else None
