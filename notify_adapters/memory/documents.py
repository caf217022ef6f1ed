"""A file service in memory: what was uploaded can be read back, and it can be told to fail."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections import deque
from uuid import UUID

from notify_core.documents.model import Document
from notify_core.documents.ports import DocumentRefused
from notify_core.errors import NotifyError

LARGEST_DOCUMENT = 2 * 1024 * 1024 + 1024


class MemoryDocuments:
    """Implements `DocumentStore`. `kept` is the documents by their URLs; `failures` are raised first."""

    def __init__(self) -> None:
        self.kept: dict[str, Document] = {}
        self.failures: deque[NotifyError] = deque()

    def upload(self, service_id: UUID, document: Document) -> str:
        """Keep the document, or raise the next of `failures`. Raises DocumentRefused."""
        if self.failures:
            raise self.failures.popleft()
        if len(content_of(document)) > LARGEST_DOCUMENT:
            raise DocumentRefused("Uploaded file exceeds file size limit")
        url = f"https://documents.example/d/{service_id}/{uuid.uuid4()}"
        self.kept[url] = document
        return url


def content_of(document: Document) -> bytes:
    """Return the bytes of a document. Raises DocumentRefused when it is not base64."""
    try:
        return base64.b64decode(document.content)
    except (binascii.Error, ValueError):
        raise DocumentRefused("Document is not base64 encoded") from None
