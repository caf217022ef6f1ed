"""What every FileStore does: the one in memory, and S3 against moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import boto3
import pytest

from notify_adapters.embedded import EmbeddedAws, free_port
from notify_adapters.files_when_needed import FilesWhenNeeded
from notify_adapters.memory import MemoryFiles
from notify_adapters.s3 import S3Files
from notify_core.files.ports import FileFacts, FileStore, FilesUnavailable, StoredFile

BUCKET = "csv-upload"


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Files]:
    log = tmp_path_factory.mktemp("s3") / "moto.log"
    with EmbeddedAws(free_port(), log) as aws, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "embedded")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "embedded")
        boto3.client("s3", endpoint_url=aws.url, region_name="eu-west-1").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield S3Files(BUCKET, "eu-west-1", aws.url)


@pytest.fixture(params=["memory", "s3", "when needed"])
def files(request: pytest.FixtureRequest) -> FileStore:
    if request.param == "s3":
        return request.getfixturevalue("s3")  # type: ignore[no-any-return]  # a fixture has no type
    return MemoryFiles() if request.param == "memory" else FilesWhenNeeded(MemoryFiles)


@pytest.fixture
def name() -> str:
    return f"service-{uuid4()}-notify/{uuid4()}.csv"


def test_a_file_comes_back_as_it_was_put(files: FileStore, name: str) -> None:
    file = StoredFile(bytes(range(256)) * 1000, {"template_id": "1", "valid": "True"})
    files.put(name, file)
    assert files.get(name) == file


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "rhestr.csv",
        "Rhestr y Dŵr – ‘terfynol’ 📩.csv",
        " spaces at both ends ",
        "100%20off.csv",
        "=?utf-8?q?already?=",
        "two\nlines\ttab",
        "x" * 700,
        "Ŵ" * 100,
    ],
)
def test_metadata_can_be_any_short_text(files: FileStore, name: str, text: str) -> None:
    files.put(name, StoredFile(b"", {"original_file_name": text}))
    found = files.get(name)
    assert found is not None
    assert found.metadata == {"original_file_name": text}


def test_an_empty_file_without_metadata_is_a_file(files: FileStore, name: str) -> None:
    files.put(name, StoredFile(b""))
    assert files.get(name) == StoredFile(b"", {})


def test_names_can_hold_any_letters(files: FileStore, name: str) -> None:
    strange = f"{name}/ŵ +&?#%2F'\"~.csv"
    files.put(strange, StoredFile(b"x"))
    assert files.get(strange) == StoredFile(b"x")


def test_there_is_no_file_of_an_unknown_name(files: FileStore, name: str) -> None:
    assert files.get(name) is None


def test_a_file_is_described_without_being_read(files: FileStore, name: str) -> None:
    files.put(name, StoredFile(b"12345", {"original_file_name": "Dŵr.csv"}))
    assert files.describe(name) == FileFacts(5, {"original_file_name": "Dŵr.csv"})
    assert files.describe(f"{name}x") is None


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, None), (0, 1), (5, 9), (300_000, 300_001), (299_999, None), (0, 10**9), (400_000, None), (7, 7), (9, 3)],
)
def test_any_part_of_a_file_can_be_read(files: FileStore, name: str, start: int, end: int | None) -> None:
    content = bytes(range(250)) * 1600
    files.put(name, StoredFile(content))
    assert b"".join(files.read(name, start, end)) == (content[start:end] if end is None or end > start else b"")


def test_a_file_comes_in_pieces_and_one_that_is_not_there_has_none(files: FileStore, name: str) -> None:
    files.put(name, StoredFile(b"x" * 2_000_000))
    sizes = [len(piece) for piece in files.read(name)]
    assert sum(sizes) == 2_000_000
    assert max(sizes) <= 256 * 1024
    assert list(files.read(f"{name}x")) == []


def test_putting_again_replaces_content_and_metadata(files: FileStore, name: str) -> None:
    files.put(name, StoredFile(b"old", {"old": "1"}))
    files.put(name, StoredFile(b"new", {"new": "2"}))
    assert files.get(name) == StoredFile(b"new", {"new": "2"})


def test_a_removed_file_is_gone_and_removing_again_does_nothing(files: FileStore, name: str) -> None:
    files.put(name, StoredFile(b"x"))
    files.remove(name)
    files.remove(name)
    assert files.get(name) is None


def test_many_files_are_removed_at_once_whether_they_are_there_or_not(files: FileStore, name: str) -> None:
    names = [f"{name}/{number:04}" for number in range(1003)]
    kept = f"{name}/kept +&?#%2F'\"~ŵ"
    for one in (names[0], names[999], names[1000], names[1002], kept):
        files.put(one, StoredFile(b"x"))
    files.remove_many(names)
    assert list(files.names(name)) == [kept]
    files.remove_many([*names, kept])
    files.remove_many([])
    assert list(files.names(name)) == []


def test_names_are_told_in_order_by_what_they_begin_with(files: FileStore, name: str) -> None:
    for one in ("b/2", "a/2", "a/10", "a", "ab"):
        files.put(f"{name}/{one}", StoredFile(b"x"))
    assert list(files.names(f"{name}/a/")) == [f"{name}/a/10", f"{name}/a/2"]
    assert len(list(files.names(f"{name}/a"))) == 4
    assert list(files.names(f"{name}/c")) == []


def test_names_come_in_pages_of_a_thousand(s3: S3Files, name: str) -> None:
    for number in range(1001):
        s3.put(f"{name}/{number:04}", StoredFile(b""))
    assert len(list(s3.names(f"{name}/"))) == 1001
    s3.remove_many(list(s3.names(name)))
    assert list(s3.names(name)) == []


def test_what_is_put_is_not_changed_by_changing_the_metadata_later(files: FileStore, name: str) -> None:
    metadata = {"valid": "False"}
    files.put(name, StoredFile(b"x", metadata))
    metadata["valid"] = "True"
    found = files.get(name)
    assert found is not None
    assert found.metadata == {"valid": "False"}


def test_many_threads_can_put_and_get(files: FileStore, name: str) -> None:
    def put_and_get(number: int) -> bool:
        file = StoredFile(str(number).encode())
        files.put(f"{name}/{number}", file)
        return files.get(f"{name}/{number}") == file

    with ThreadPoolExecutor(10) as threads:
        assert all(threads.map(put_and_get, range(40)))


def test_s3_encrypts_at_rest(s3: S3Files, name: str) -> None:
    s3.put(name, StoredFile(b"x"))
    client = boto3.client("s3", endpoint_url=s3.endpoint_url, region_name=s3.region)
    assert client.head_object(Bucket=BUCKET, Key=name)["ServerSideEncryption"] == "AES256"


def test_an_s3_that_does_not_answer_is_unavailable_and_its_error_names_no_file(s3: S3Files, name: str) -> None:
    absent = S3Files(BUCKET, "eu-west-1", f"http://127.0.0.1:{free_port()}")
    attempts: tuple[Callable[[], object], ...] = (
        lambda: absent.get(name),
        lambda: absent.put(name, StoredFile(b"")),
        lambda: absent.remove(name),
        lambda: absent.remove_many([name]),
        lambda: absent.describe(name),
        lambda: list(absent.read(name)),
        lambda: list(absent.names(name)),
        lambda: absent.remove_many([name]),
        absent.ping,
    )
    for attempt in attempts:
        with pytest.raises(FilesUnavailable) as caught:
            attempt()
        assert name not in str(caught.value)


def test_a_bucket_that_is_missing_is_unavailable(s3: S3Files, name: str) -> None:
    other = S3Files("no-such-bucket", s3.region, s3.endpoint_url)
    with pytest.raises(FilesUnavailable):
        other.get(name)
    with pytest.raises(FilesUnavailable):
        other.ping()


def test_a_bucket_that_is_there_answers_a_ping(s3: S3Files) -> None:
    s3.ping()


def test_files_are_not_reached_before_they_are_needed_and_then_once(name: str) -> None:
    opened = []

    def open_files() -> MemoryFiles:
        opened.append(MemoryFiles())
        return opened[-1]

    files = FilesWhenNeeded(open_files)
    assert opened == []
    files.put(name, StoredFile(b"x"))
    assert files.get(name) == StoredFile(b"x")
    assert len(opened) == 1


def test_many_files_are_removed_in_one_go_whether_they_are_there_or_not(files: FileStore, name: str) -> None:
    names = [f"{name}/{number}" for number in range(30)]
    for one in names[:20]:
        files.put(one, StoredFile(b"x"))
    files.put(name, StoredFile(b"stays"))
    assert list(files.remove_many([])) == []
    assert list(files.remove_many(names)) == []
    assert [files.describe(one) for one in names] == [None] * 30
    assert files.get(name) == StoredFile(b"stays")
