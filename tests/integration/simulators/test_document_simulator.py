"""The simulator of the file service, over HTTP, as the platform meets it."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import Any
from uuid import uuid4

import pytest
import urllib3

from notify_adapters.simulators.client import SimulatorClient
from notify_adapters.simulators.document_download import TEST_VIRUS

SUPPORTED = "'.csv', '.doc', '.docx', '.jpeg', '.jpg', '.json', '.odt', '.pdf', '.png', '.rtf', '.txt', '.xlsx'"


@pytest.fixture(scope="module")
def documents(start_simulator: Any) -> SimulatorClient:
    found: SimulatorClient = start_simulator("documents", "--api-key", "secret")
    return found


def post(simulator: SimulatorClient, body: object, service: object = None, key: str = "secret") -> Any:
    return urllib3.request(
        "POST",
        f"{simulator.url}/services/{service or uuid4()}/documents",
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        retries=False,
    )


def get(url: str) -> Any:
    return urllib3.request("GET", url, retries=False)


def encoded(content: bytes = b"a,b\n1,2\n", **more: object) -> dict[str, object]:
    return {"document": base64.b64encode(content).decode()} | more


def test_a_document_is_taken_and_given_out_at_both_addresses(documents: SimulatorClient) -> None:
    service = uuid4()
    answer = post(
        documents,
        encoded(filename="a.csv", confirmation_email="jo@example.com", retention_period=" 3 WEEKS", is_csv=False),
        service,
    )
    assert answer.status == 201
    told = answer.json()
    assert (told["status"], set(told["document"])) == ("ok", {"id", "direct_file_url", "url", "mimetype"})
    for name in ("url", "direct_file_url"):
        file = get(told["document"][name])
        assert (file.status, file.data, file.headers["content-type"]) == (200, b"a,b\n1,2\n", "text/csv")
    [noted] = documents.messages(to=str(service))
    assert noted["reference"] == told["document"]["id"]
    assert noted["content"] == {
        "size": 8,
        "mimetype": "text/csv",
        "filename": "a.csv",
        "confirmation_email": "jo@example.com",
        "retention_period": " 3 WEEKS",
        "is_csv": False,
    }


def test_without_its_key_a_document_is_not_given_out(documents: SimulatorClient) -> None:
    document = post(documents, encoded()).json()["document"]
    key = document["url"].partition("?key=")[2]
    for name in ("url", "direct_file_url"):
        bare = document[name].partition("?")[0]
        assert get(bare).status == 404
        assert get(f"{bare}?key={key[:-1]}").status == 404
    assert get(f"{documents.url}/services/{uuid4()}/documents/{document['id']}?key={key}").status == 404
    assert get(f"{documents.url}/nothing").status == 404


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (encoded(b"x" * (2 * 1024 * 1024 + 1025)), 413, "Uploaded file exceeds file size limit"),
        (b'{"document": "' + b"A" * (3 * 1024 * 1024) + b'"}', 413, "Uploaded file exceeds file size limit"),
        ({"document": "A"}, 400, "Document is not base64 encoded"),
        ({"document": "é"}, 400, "Document is not base64 encoded"),
        (encoded(b"%PDF-" + TEST_VIRUS), 400, "File did not pass the virus scan"),
        (encoded(filename="x.exe"), 400, f"Unsupported file type '.exe'. Supported types are: {SUPPORTED}"),
        (encoded(b"GIF89a"), 400, f"Unsupported file type 'image/gif'. Supported types are: {SUPPORTED}"),
        (encoded(filename=f"{'x' * 97}.csv"), 400, "`filename` cannot be longer than 100 characters"),
        (
            encoded(retention_period="79 weeks"),
            400,
            "Retention period must be a string of the format '<1-78> weeks'.",
        ),
        ({}, 400, "No document upload"),
        ([], 400, "No document upload"),
        (b"{", 400, "The request is not JSON"),
        (encoded(filename=1), 400, "filename must be a string"),
    ],
    ids=lambda value: None if isinstance(value, bytes | dict | list) else str(value)[:40],
)
def test_what_is_refused(documents: SimulatorClient, body: object, status: int, error: str) -> None:
    service = uuid4()
    answer = post(documents, body, service)
    assert (answer.status, answer.json()) == (status, {"error": error})
    assert documents.messages(to=str(service)) == []


def zipped(name: str, content: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "more", "found"),
    [
        (b"a,b", {"is_csv": True}, "text/csv"),
        (b"a,b", {"is_csv": False}, "text/plain"),
        (b"%PDF-1.7 \xff", {}, "application/pdf"),
        (b"\x89PNG\r\n\x1a\n..", {"is_csv": True}, "image/png"),
        (b"\xff\xd8\xff\xe0", {}, "image/jpeg"),
        (b"{\\rtf1 x}", {}, "text/rtf"),
        (b'{"a": 1}', {}, "application/json"),
        (b"{not json", {}, "text/plain"),
        (b"", {}, "text/plain"),
        (zipped("word/document.xml"), {}, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (zipped("xl/workbook.xml"), {}, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (
            zipped("mimetype", b"application/vnd.oasis.opendocument.text"),
            {},
            "application/vnd.oasis.opendocument.text",
        ),
        (b"whatever", {"filename": "A.PDF"}, "application/pdf"),
    ],
)
def test_the_type_is_told_by_the_name_or_found_inside(
    documents: SimulatorClient, content: bytes, more: dict[str, object], found: str
) -> None:
    answer = post(documents, encoded(content, **more))
    assert (answer.status, answer.json()["document"]["mimetype"]) == (201, found)


@pytest.mark.parametrize("content", [b"\x00\x01", b"\xff\xfe\xfd", b"<!DOCTYPE html>", zipped("other")])
def test_other_types_are_not_taken(documents: SimulatorClient, content: bytes) -> None:
    assert post(documents, encoded(content)).json()["error"].startswith("Unsupported file type")


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_key_is_insisted_on(documents: SimulatorClient, key: str) -> None:
    assert post(documents, encoded(), key=key).status == 401


def test_it_can_be_told_what_to_do_with_the_documents_of_a_service(documents: SimulatorClient) -> None:
    service = str(uuid4())
    documents.behave(service, "fail", times=1)
    assert post(documents, encoded(), service).status == 500
    documents.behave(service, "nonsense", times=1)
    assert post(documents, encoded(), service).data.startswith(b"<html>")
    for lost in ("refuse", "lost-answer"):
        documents.behave(service, lost, times=1)
        with pytest.raises(urllib3.exceptions.HTTPError):
            post(documents, encoded(), service)
    assert len(documents.messages(to=service)) == 1
    documents.behave(service, "slow", seconds=0.1, times=1)
    assert post(documents, encoded(), service).status == 201


def test_only_the_last_documents_are_kept(start_simulator: Any) -> None:
    simulator = start_simulator("documents", "--keep-documents", "2", "--public-url", "https://files.example/")
    told = [post(simulator, encoded()).json()["document"] for _ in range(3)]
    assert all(one["url"].startswith("https://files.example/d/") for one in told)
    here = [one["direct_file_url"].replace("https://files.example", simulator.url) for one in told]
    assert [get(url).status for url in here] == [404, 200, 200]
