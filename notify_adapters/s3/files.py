"""Files in a bucket of S3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from attrs import frozen
from botocore.exceptions import ClientError

from notify_adapters.s3.client import MISSING, Bucket, code_of, failures
from notify_adapters.s3.metadata import from_headers, to_headers
from notify_core.files.ports import FileFacts, StoredFile

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

# Whoever asks for what is behind a file's end is refused.
_NOTHING_TO_READ = MISSING | {"InvalidRange", "416"}
_PIECE = 256 * 1024
# What S3 takes with one call.
_MOST_AT_ONCE = 1000


@frozen
class S3Files(Bucket):
    """Implements `FileStore` in one bucket. Files are encrypted at rest (AES256)."""

    def put(self, name: str, file: StoredFile) -> None:
        """Store the file, over any of that name. Raises FilesUnavailable."""
        with failures():
            self._client().put_object(
                Bucket=self.bucket,
                Key=name,
                Body=file.content,
                Metadata=to_headers(file.metadata),
                ServerSideEncryption="AES256",
            )

    def get(self, name: str) -> StoredFile | None:
        """Return the file, or None when there is none of that name. Raises FilesUnavailable."""
        with failures():
            try:
                found = self._client().get_object(Bucket=self.bucket, Key=name)
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise
            with found["Body"] as body:
                return StoredFile(body.read(), from_headers(found["Metadata"]))

    def describe(self, name: str) -> FileFacts | None:
        """Return what is known of the file, or None when there is none of that name. Raises FilesUnavailable."""
        with failures():
            try:
                found = self._client().head_object(Bucket=self.bucket, Key=name)
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise
            return FileFacts(found["ContentLength"], from_headers(found["Metadata"]))

    def read(self, name: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes [`start`, `end`) of the file in pieces. Raises FilesUnavailable."""
        if end is not None and end <= start:
            return
        with failures():
            try:
                last = "" if end is None else end - 1
                found = self._client().get_object(Bucket=self.bucket, Key=name, Range=f"bytes={start}-{last}")
            except ClientError as error:
                if code_of(error) in _NOTHING_TO_READ:
                    return
                raise
            with closing(found["Body"]) as body:
                yield from body.iter_chunks(_PIECE)

    def remove(self, name: str) -> None:
        """Remove the file, if it is there. Raises FilesUnavailable."""
        with failures():
            self._client().delete_object(Bucket=self.bucket, Key=name)

    def remove_many(self, names: Sequence[str]) -> list[str]:
        """Remove files, and return the names of those that could not be removed. Raises FilesUnavailable."""
        kept: list[str] = []
        for start in range(0, len(names), _MOST_AT_ONCE):
            objects: list[ObjectIdentifierTypeDef] = [{"Key": name} for name in names[start : start + _MOST_AT_ONCE]]
            with failures():
                answer = self._client().delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})
            kept += [problem["Key"] for problem in answer.get("Errors", [])]
        return kept

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin so, a thousand with one call. Raises FilesUnavailable."""
        with failures():
            pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            for page in pages:
                yield from (found["Key"] for found in page.get("Contents", []))

    def ping(self) -> None:
        """Return when the bucket is there and we may use it; raise FilesUnavailable when not."""
        with failures():
            self._client().head_bucket(Bucket=self.bucket)
