"""Which adapter stands behind a port, for which process and settings. Nothing is connected to."""

from __future__ import annotations

from uuid import UUID

import pytest

from notify_adapters.assembly import Role, assemble
from notify_adapters.document_download import DocumentDownload
from notify_adapters.settings import read_settings
from notify_core.documents.model import Document
from notify_core.documents.ports import DocumentStore, DocumentsUnavailable
from tests.unit.test_settings import ENOUGH

PUBLIC, INTERNAL = "https://documents.example", "http://documents.internal:7000"


def documents_of(role: Role, **variables: str) -> tuple[DocumentStore, str]:
    """Return the store, and what links begin with for simulated recipients."""
    platform = assemble(read_settings(ENOUGH | {"DOCUMENT_DOWNLOAD_API_HOST": f"{PUBLIC}/"} | variables), role)
    platform.close()
    upload = platform.notify.send_email.prepare.upload_files
    return upload.store, upload.public_url


@pytest.mark.parametrize(
    ("more", "url"), [({}, PUBLIC), ({"DOCUMENT_DOWNLOAD_API_HOST_INTERNAL": INTERNAL}, INTERNAL)]
)
def test_the_web_uploads_to_the_nearest_address_it_knows(more: dict[str, str], url: str) -> None:
    store, public_url = documents_of(Role.WEB, DOCUMENT_DOWNLOAD_API_KEY="key", **more)
    assert isinstance(store, DocumentDownload)
    assert (store.url, store.api_key, public_url) == (url, "key", PUBLIC)


@pytest.mark.parametrize(("role", "key"), [(Role.WEB, ""), (Role.COMMAND, "key")])
def test_a_process_that_cannot_upload_says_so(role: Role, key: str) -> None:
    store, _ = documents_of(role, DOCUMENT_DOWNLOAD_API_KEY=key)
    with pytest.raises(DocumentsUnavailable, match="DOCUMENT_DOWNLOAD_API_KEY is not set"):
        store.upload(UUID(int=1), Document(content="eA=="))
