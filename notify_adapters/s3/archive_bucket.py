"""The bucket of S3 that holds the archive of facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import IO
from urllib.parse import urlencode

from attrs import frozen
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from s3transfer.exceptions import RetriesExceededError

from notify_adapters.s3.client import MISSING, Bucket, code_of, failures
from notify_core.files.ports import FilesUnavailable

_PART = 8 * 1024 * 1024
# Larger files go in parts, several at a time; what is held of one is these.
_TRANSFER = TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART, max_concurrency=4)


@frozen
class S3ArchiveBucket(Bucket):
    """Implements `ArchiveBucket` in one bucket. Files are encrypted at rest (AES256)."""

    def upload(self, key: str, file: IO[bytes]) -> str:
        """Store the file, from its start, over any of that name. Return its fingerprint. Raises FilesUnavailable."""
        file.seek(0)
        with _transfer_failures():
            self._client().upload_fileobj(
                file,
                self.bucket,
                key,
                ExtraArgs={
                    "ServerSideEncryption": "AES256",
                    "Tagging": urlencode({"contents_deleted": "false"}),
                    "ContentType": "application/vnd.apache.orc",
                },
                Config=_TRANSFER,
            )
        fingerprint = self.fingerprint(key)
        if fingerprint is None:
            raise FilesUnavailable("S3 does not have what it has just taken")
        return fingerprint

    def download(self, key: str, file: IO[bytes]) -> bool:
        """Write what is stored under that name to the empty file. Raises FilesUnavailable."""
        with _transfer_failures():
            try:
                self._client().download_fileobj(self.bucket, key, file, Config=_TRANSFER)
            except ClientError as error:
                if code_of(error) in MISSING:
                    return False
                raise
        return True

    def fingerprint(self, key: str) -> str | None:
        """Return the fingerprint of what is stored under that name: S3's own. Raises FilesUnavailable."""
        with failures():
            try:
                return self._client().head_object(Bucket=self.bucket, Key=key)["ETag"]
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise

    def mark_deleted(self, key: str, at: datetime) -> bool:
        """Tag the file `contents_deleted=true`, with `contents_deleted_at`. Raises FilesUnavailable."""
        tags = {"contents_deleted": "true", "contents_deleted_at": at.isoformat()}
        with failures():
            try:
                self._client().put_object_tagging(
                    Bucket=self.bucket,
                    Key=key,
                    Tagging={"TagSet": [{"Key": name, "Value": value} for name, value in tags.items()]},
                )
            except ClientError as error:
                if code_of(error) in MISSING:
                    return False
                raise
        return True

    def tags(self, key: str) -> Mapping[str, str] | None:
        """Return the file's tags. Raises FilesUnavailable."""
        with failures():
            try:
                found = self._client().get_object_tagging(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise
        return {tag["Key"]: tag["Value"] for tag in found["TagSet"]}


@contextmanager
def _transfer_failures() -> Iterator[None]:
    """Turn the errors of transfers in parts into the port's, too."""
    with failures():
        try:
            yield
        except RetriesExceededError:
            raise FilesUnavailable("S3 cannot be reached: a file broke off, again and again") from None
