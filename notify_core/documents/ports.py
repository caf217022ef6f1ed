"""What the use cases need of wherever files for recipients are kept."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from notify_core.documents.model import Document
from notify_core.errors import InvalidContent, NotifyError


class DocumentRefused(InvalidContent):
    """The file service will not keep this file; the sentence is its own, and meant for the sender."""

    code = "document-refused"


class DocumentsUnavailable(NotifyError):
    """Files cannot be uploaded now. Nothing was accepted, so the same request can be made again."""

    code = "documents-unavailable"


class DocumentStore(Protocol):
    """Keeps files for as long as they were given, and hands each out to who has its URL."""

    def upload(self, service_id: UUID, document: Document) -> str:
        """Keep one document of the service's, and return the URL that its recipient opens.

        Gives up after 15 seconds. Every call keeps a document of its own, with another URL: a repeated one
        does no harm, its first is forgotten in time. May be called from several threads.

        Raises DocumentRefused when this document will never do, and DocumentsUnavailable for everything
        else. Neither says anything about the document that the sender should not read.
        """
        ...
