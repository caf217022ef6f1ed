"""The connection to S3: one client for each process, and its errors in the words of the ports."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from attrs import field, frozen
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from notify_core.files.ports import FilesUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: What S3 says when there is no file of that name.
MISSING = frozenset({"NoSuchKey", "404"})


@frozen
class ClientOfProcess:
    """A client made on the first use in each process: a forked one does not share its parent's connections."""

    region: str
    endpoint_url: str | None = None
    _clients: dict[int, S3Client] = field(init=False, repr=False, factory=dict)
    _locks: dict[int, Lock] = field(init=False, repr=False, factory=dict)

    def __call__(self) -> S3Client:
        """Return this process's client."""
        process = os.getpid()
        client = self._clients.get(process)
        if client is not None:
            return client
        with self._locks.setdefault(process, Lock()):  # making one costs some 50 ms of CPU
            if process not in self._clients:
                self._clients[process] = Session(region_name=self.region).client(
                    "s3", endpoint_url=self.endpoint_url, config=self._config()
                )
        return self._clients[process]

    def _config(self) -> Config:
        return Config(
            connect_timeout=5,
            read_timeout=10,
            # Each of our calls can be repeated without harm.
            retries={"total_max_attempts": 2, "mode": "standard"},
            # A stand-in's host has no sub-domain for each bucket.
            s3={"addressing_style": "path" if self.endpoint_url else "auto"},
            max_pool_connections=50,
        )


@frozen
class Bucket:
    """A bucket, which must exist.

    `endpoint_url` is only for stand-ins. Credentials are found as usual with AWS.
    """

    bucket: str
    region: str
    endpoint_url: str | None = None
    _client: ClientOfProcess = field(init=False, repr=False)

    @_client.default
    def _its_client(self) -> ClientOfProcess:
        return ClientOfProcess(self.region, self.endpoint_url)


def code_of(error: ClientError) -> str:
    """Return S3's name for what went wrong."""
    return error.response.get("Error", {}).get("Code", "Unknown")


@contextmanager
def failures() -> Iterator[None]:
    """Turn the driver's errors into the port's, without the names of files in them."""
    try:
        yield
    except ClientError as error:
        raise FilesUnavailable(f"S3 refused: {code_of(error)}") from None
    except (BotoCoreError, ResponseParserError) as error:
        raise FilesUnavailable(f"S3 cannot be reached: {type(error).__name__}") from None
