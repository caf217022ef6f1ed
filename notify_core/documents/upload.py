"""Upload the files of one email, several at a time, and for a limited time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from attrs import frozen

from notify_core.clock import Clock
from notify_core.documents.model import Document
from notify_core.documents.ports import DocumentRefused, DocumentStore, DocumentsUnavailable
from notify_core.providers.ports import InFlight

# So that one message with many files leaves threads to the others.
AT_ONCE = 10
# Together with the 15 seconds that the last of them may take, less than the 30 that clients wait.
PATIENCE = timedelta(seconds=10)


@frozen
class UploadFiles:
    """Exchange files for the URLs under which their recipient finds them.

    `public_url` is where the file service is for the rest of the world, without a slash at its end.
    """

    store: DocumentStore
    in_flight: InFlight
    clock: Clock
    public_url: str

    def __call__(self, service_id: UUID, documents: Mapping[str, Document]) -> dict[str, str]:
        """Upload the documents, and return each one's URL under its name.

        Of several problems, one that stays is told before one that may pass. After a problem, or once PATIENCE
        has run out, no further upload begins. Raises DocumentRefused or DocumentsUnavailable; what was
        uploaded by then is known to nobody, and is forgotten by the file service when its time comes.
        """
        deadline = self.clock() + PATIENCE
        waiting = list(documents.values())
        urls: list[str] = []
        while waiting:
            urls += self._upload(service_id, waiting[:AT_ONCE], deadline)
            del waiting[:AT_ONCE]
        return dict(zip(documents, urls, strict=True))

    def for_nobody(self, service_id: UUID, documents: Mapping[str, Document]) -> dict[str, str]:
        """Return what stands for the URLs in a message to a simulated recipient. Nothing is uploaded."""
        return dict.fromkeys(documents, f"{self.public_url}/services/{service_id}/documents/test-document")

    def _upload(self, service_id: UUID, documents: list[Document], deadline: datetime) -> list[str]:
        def upload(document: Document) -> str | Exception:
            if self.clock() >= deadline:  # looked at here: it may have waited for a thread
                return DocumentsUnavailable("the files took too long to upload")
            try:
                return self.store.upload(service_id, document)
            except Exception as problem:  # noqa: BLE001 - told below, where it can be raised
                return problem

        results = self.in_flight(upload, documents)
        problems = [result for result in results if isinstance(result, Exception)]
        if problems:
            raise next((problem for problem in problems if isinstance(problem, DocumentRefused)), problems[0])
        return [result for result in results if isinstance(result, str)]
