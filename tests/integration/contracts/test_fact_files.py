"""What every format for facts, and every bucket for their files, does."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import IO
from uuid import UUID, uuid4

import boto3
import pyarrow as pa
import pytest
from pyarrow import orc

from notify_adapters.archive_bucket_when_needed import ArchiveBucketWhenNeeded
from notify_adapters.embedded import free_port
from notify_adapters.memory.archive import MemoryArchiveBucket, PlainFactFiles, memory_scratch
from notify_adapters.orc import OrcFactFiles
from notify_adapters.s3 import S3ArchiveBucket
from notify_adapters.system import scratch_file
from notify_core.archive.columns import COLUMNS, Kind, Values, lines_of, tally_of
from notify_core.archive.model import Tally, UnreadableFile
from notify_core.archive.ports import ArchiveBucket, FactFiles
from notify_core.files.ports import FilesUnavailable

WORDS = [
    "",
    "a word",
    "comma, quote \" and ' apostrophe",
    "two\nlines\r\nand a \ttab",
    "Dŵr 🐈",
    "\\",
    "null",
    "\x1f",
]
MOMENTS = ["0", "1", "1700000000123456"]


def rows(count: int) -> list[Values]:
    """Return rows with all that a row can have, no two alike."""
    return [[_value(column.kind, column.name, number) for column in COLUMNS] for number in range(count)]


def _value(kind: Kind, name: str, number: int) -> str | None:
    if name == "id":
        return UUID(int=number + 2**127).hex
    if (number + len(name)) % 3 == 0:
        return None
    match kind:
        case Kind.IDENTIFIER:
            return uuid4().hex
        case Kind.WORD:
            return WORDS[number % len(WORDS)]
        case Kind.NUMBER:
            return str(number * 7 - 3)
        case Kind.FLAG:
            return "true" if number % 2 else "false"
        case Kind.MOMENT:
            return MOMENTS[number % len(MOMENTS)]
        case Kind.DAY:
            return date(2024, 2, 29).isoformat() if number % 2 else "1970-01-01"


@pytest.fixture(params=["plain", "orc"])
def files(request: pytest.FixtureRequest) -> FactFiles:
    return PlainFactFiles() if request.param == "plain" else OrcFactFiles()


@pytest.fixture(params=["memory", "disk"])
def file(request: pytest.FixtureRequest) -> Iterator[IO[bytes]]:
    with memory_scratch() if request.param == "memory" else scratch_file() as opened:
        yield opened


def test_what_is_written_is_what_is_read(files: FactFiles, file: IO[bytes]) -> None:
    some = rows(250)
    written = files.write(file, [lines_of(some[:100]), lines_of(some[100:101]), lines_of(some[101:])])
    assert written == tally_of(some)
    assert files.read(file) == written
    assert files.read(file) == written, "and again"


def test_a_sample_has_the_first_rows_as_python_knows_them(files: FactFiles, file: IO[bytes]) -> None:
    some = rows(30)
    files.write(file, [lines_of(some)])
    expected = [{column.name: column.read(value) for column, value in zip(COLUMNS, row, strict=True)} for row in some]
    assert files.sample(file, 7) == expected[:7]
    assert files.sample(file, 100) == expected
    assert files.sample(file, 0) == []


@pytest.mark.parametrize("lines", [[], [b""]])
def test_a_file_without_rows_is_a_file(files: FactFiles, file: IO[bytes], lines: list[bytes]) -> None:
    assert files.write(file, [some for some in lines if some]) == Tally()
    assert files.read(file) == Tally()
    assert files.sample(file, 5) == []


@pytest.mark.parametrize("value", ["0", "-1", str(2**31), str(2**63 - 1)])
def test_numbers_may_be_large(files: FactFiles, file: IO[bytes], value: str) -> None:
    [row] = rows(1)
    wide = [value if column.name == "billable_units" else one for column, one in zip(COLUMNS, row, strict=True)]
    assert files.write(file, [lines_of([wide])]) == files.read(file) == tally_of([wide])


def test_a_file_that_was_cut_off_or_changed_is_noticed(files: FactFiles) -> None:
    whole = io.BytesIO()
    written = files.write(whole, [lines_of(rows(500))])
    content = whole.getvalue()
    middle = len(content) // 3
    broken = (
        content[: len(content) // 2],
        content[:-20],
        content[:middle] + bytes(byte ^ 0x55 for byte in content[middle : middle + 40]) + content[middle + 40 :],
        b"nonsense",
    )
    for part in broken:
        try:
            found: Tally | None = files.read(io.BytesIO(part))
        except UnreadableFile:
            found = None
        assert found != written


def test_other_columns_than_those_of_facts_are_refused() -> None:
    other = io.BytesIO()
    orc.write_table(pa.table({"id": [b"1"], "name": ["Jo"]}), other)
    with pytest.raises(UnreadableFile, match="its columns are not those of facts"):
        OrcFactFiles().read(other)


def test_orc_is_compressed_and_typed_as_others_expect_it() -> None:
    file = io.BytesIO()
    OrcFactFiles().write(file, [lines_of(rows(100))])
    found = orc.ORCFile(io.BytesIO(file.getvalue()))
    types = {field.name: str(field.type) for field in found.schema}
    assert found.compression == "ZSTD"
    assert (types["id"], types["reference"], types["billable_units"]) == ("binary", "string", "int64")
    assert (types["created_at"], types["expires_on"], types["international"]) == (
        "timestamp[ns, tz=UTC]",
        "date32[day]",
        "bool",
    )
    row = found.read().to_pylist()[1]
    assert len(row["id"]) == 16


def test_orc_takes_no_more_memory_for_more_rows() -> None:
    some, held = lines_of(rows(10_000)), []
    pool = pa.default_memory_pool()

    def lines(count: int) -> Iterator[bytes]:
        for _ in range(count):
            held.append(pool.bytes_allocated())
            yield some

    with scratch_file() as file:
        written = OrcFactFiles().write(file, lines(12))
        assert written.rows == 120_000
        assert OrcFactFiles().read(file) == written
    assert max(held) < 64 * 1024 * 1024
    assert held[-1] <= max(held[:6])


@pytest.fixture(scope="session")
def s3_bucket(archive_s3_url: str) -> S3ArchiveBucket:
    boto3.client("s3", endpoint_url=archive_s3_url, region_name="eu-west-1").create_bucket(
        Bucket="bucket-contract", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return S3ArchiveBucket("bucket-contract", "eu-west-1", archive_s3_url)


@pytest.fixture(params=["memory", "when needed", "s3"])
def bucket(request: pytest.FixtureRequest) -> ArchiveBucket:
    if request.param == "memory":
        return MemoryArchiveBucket()
    if request.param == "when needed":
        return ArchiveBucketWhenNeeded(MemoryArchiveBucket)
    found: S3ArchiveBucket = request.getfixturevalue("s3_bucket")
    return found


@pytest.fixture
def key() -> str:
    return f"old/created_at_date_hour=2025-10-26T01/{uuid4()}.orc"


def stored(bucket: ArchiveBucket, key: str) -> bytes | None:
    with scratch_file() as file:
        if not bucket.download(key, file):
            return None
        file.seek(0)
        return file.read()


@pytest.mark.parametrize("size", [0, 100, 20 * 1024 * 1024 + 1])
def test_a_file_comes_back_as_it_was_uploaded(bucket: ArchiveBucket, key: str, size: int) -> None:
    content = os.urandom(size)
    with scratch_file() as file:
        file.write(content)
        fingerprint = bucket.upload(key, file)
    assert stored(bucket, key) == content
    assert bucket.fingerprint(key) == fingerprint
    assert bucket.tags(key) == {"contents_deleted": "false"}


def test_uploading_again_replaces_and_has_another_fingerprint(bucket: ArchiveBucket, key: str) -> None:
    first = bucket.upload(key, io.BytesIO(b"first"))
    assert bucket.mark_deleted(key, datetime(2026, 11, 21, tzinfo=UTC))
    assert bucket.upload(key, io.BytesIO(b"other")) != first
    assert stored(bucket, key) == b"other"
    assert bucket.tags(key) == {"contents_deleted": "false"}
    assert bucket.upload(key, io.BytesIO(b"first")) == first


def test_a_file_is_told_that_it_is_all_there_is(bucket: ArchiveBucket, key: str) -> None:
    bucket.upload(key, io.BytesIO(b"x"))
    at = datetime(2026, 11, 21, 1, 35, tzinfo=UTC)
    assert bucket.mark_deleted(key, at)
    assert bucket.mark_deleted(key, at), "again"
    assert bucket.tags(key) == {"contents_deleted": "true", "contents_deleted_at": "2026-11-21T01:35:00+00:00"}


def test_there_is_nothing_under_an_unknown_name(bucket: ArchiveBucket, key: str) -> None:
    assert stored(bucket, key) is None
    assert bucket.fingerprint(key) is None
    assert bucket.tags(key) is None
    assert not bucket.mark_deleted(key, datetime(2026, 11, 21, tzinfo=UTC))


def test_an_s3_that_does_not_answer_is_unavailable(s3_bucket: S3ArchiveBucket, key: str) -> None:
    absent = S3ArchiveBucket("bucket-contract", "eu-west-1", f"http://127.0.0.1:{free_port()}")
    for attempt in (
        lambda: absent.upload(key, io.BytesIO(b"x")),
        lambda: absent.download(key, io.BytesIO()),
        lambda: absent.fingerprint(key),
        lambda: absent.mark_deleted(key, datetime(2026, 11, 21, tzinfo=UTC)),
        lambda: absent.tags(key),
    ):
        with pytest.raises(FilesUnavailable) as caught:
            attempt()
        assert key not in str(caught.value)


def test_a_missing_bucket_is_unavailable(s3_bucket: S3ArchiveBucket, key: str) -> None:
    missing = S3ArchiveBucket("no-such-bucket", "eu-west-1", s3_bucket.endpoint_url)
    with pytest.raises(FilesUnavailable, match="NoSuchBucket"):
        missing.upload(key, io.BytesIO(b"x"))


def test_s3_encrypts_at_rest(s3_bucket: S3ArchiveBucket, key: str) -> None:
    s3_bucket.upload(key, io.BytesIO(b"x"))
    client = boto3.client("s3", endpoint_url=s3_bucket.endpoint_url, region_name="eu-west-1")
    assert client.head_object(Bucket="bucket-contract", Key=key)["ServerSideEncryption"] == "AES256"
