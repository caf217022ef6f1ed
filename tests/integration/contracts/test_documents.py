"""What every DocumentStore does: the one in memory, and the real one against a simulator of the file service."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
import urllib3
from attrs import frozen

from notify_adapters.document_download import DocumentDownload
from notify_adapters.embedded import Child, ChildCommand, free_port
from notify_adapters.http import HttpClient
from notify_adapters.memory import MemoryDocuments
from notify_adapters.simulators.client import SimulatorClient
from notify_core.documents.model import Document
from notify_core.documents.ports import DocumentRefused, DocumentStore, DocumentsUnavailable

CONTENT = "Dŵr: £5\n".encode()
LARGEST = 2 * 1024 * 1024 + 1024


@frozen
class Setting:
    """A store, what can be fetched under a URL, how many documents a service has, and how to break it once."""

    store: DocumentStore
    fetch: Callable[[str], bytes]
    count: Callable[[UUID], int]
    fail_once: Callable[[UUID], None]


def in_memory() -> Setting:
    store = MemoryDocuments()
    return Setting(
        store=store,
        fetch=lambda url: base64.b64decode(store.kept[url].content),
        count=lambda service_id: sum(str(service_id) in url for url in store.kept),
        fail_once=lambda _: store.failures.append(DocumentsUnavailable("no")),
    )


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    port = free_port()
    argv = (sys.executable, "-m", "notify_adapters.simulators", "documents", "--port", str(port), "--api-key", "k")
    with Child(ChildCommand(name="documents", argv=argv), tmp_path_factory.mktemp("documents") / "log"):
        simulator = SimulatorClient(f"http://127.0.0.1:{port}")
        simulator.wait_until_ready()

        def fetch(url: str) -> bytes:
            answer = urllib3.request("GET", url, retries=False)
            assert answer.status == 200
            return answer.data

        yield Setting(
            store=DocumentDownload(HttpClient(), simulator.url, "k"),
            fetch=fetch,
            count=lambda service_id: len(simulator.messages(to=str(service_id))),
            fail_once=lambda service_id: simulator.behave(str(service_id), "fail", times=1),
        )


@pytest.fixture(params=["memory", "simulated"])
def setting(request: pytest.FixtureRequest) -> Setting:
    if request.param == "memory":
        return in_memory()
    found: Setting = request.getfixturevalue("simulated")
    return found


def document(content: bytes = CONTENT) -> Document:
    return Document(
        content=base64.b64encode(content).decode(), filename="prices.txt", confirmation_email="jo@example.com"
    )


def test_what_was_uploaded_is_found_under_its_url(setting: Setting) -> None:
    url = setting.store.upload(uuid4(), document())
    assert url.startswith(("https://", "http://"))
    assert setting.fetch(url) == CONTENT


def test_every_upload_has_a_url_of_its_own(setting: Setting) -> None:
    service = uuid4()
    urls = {setting.store.upload(service, document()) for _ in range(3)}
    assert len(urls) == setting.count(service) == 3


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (Document(content="x"), "Document is not base64 encoded"),
        (Document(content="é"), "Document is not base64 encoded"),
        (document(b"x" * (LARGEST + 1)), "Uploaded file exceeds file size limit"),
        (document(b"x" * (LARGEST + 1024 * 1024)), "Uploaded file exceeds file size limit"),
    ],
    ids=["padding", "letters", "a byte too large", "far too large"],
)
def test_what_will_never_do_is_refused_with_the_reason(setting: Setting, refused: Document, reason: str) -> None:
    service = uuid4()
    with pytest.raises(DocumentRefused) as raised:
        setting.store.upload(service, refused)
    assert str(raised.value) == reason
    assert setting.count(service) == 0


def test_the_largest_document_is_taken(setting: Setting) -> None:
    content = bytes(range(1, 128)) * (LARGEST // 127) + b"." * (LARGEST % 127)
    assert setting.fetch(setting.store.upload(uuid4(), document(content))) == content


def test_a_failure_is_told_without_the_document_and_is_over_with_the_next_upload(setting: Setting) -> None:
    service = uuid4()
    setting.fail_once(service)
    with pytest.raises(DocumentsUnavailable) as raised:
        setting.store.upload(service, document())
    assert "jo@example.com" not in repr(raised.value)
    assert raised.value.__cause__ is None
    assert setting.count(service) == 0
    setting.store.upload(service, document())
    assert setting.count(service) == 1


def test_documents_from_many_threads_are_kept_apart(setting: Setting) -> None:
    service = uuid4()
    contents = [f"document {number}".encode() for number in range(50)]
    with ThreadPoolExecutor(10) as threads:
        urls = list(threads.map(lambda content: setting.store.upload(service, document(content)), contents))
    assert [setting.fetch(url) for url in urls] == contents
