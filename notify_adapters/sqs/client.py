"""The SQS client: made when first needed, and anew in a forked process."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Whoever publishes repeats what was not taken, so a call that hangs is worth less than a second call.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5

# What a call can raise: no answer, or one that says no.
SQS_ERRORS = (BotoCoreError, ClientError)


class LazyClient:
    """One boto3 client per process, with short timeouts and without retries of its own. Threads may share it."""

    def __init__(self, *, region: str, endpoint_url: str | None, connections: int) -> None:
        self._region = region
        self._endpoint_url = endpoint_url
        self._connections = connections
        self._lock = Lock()
        self._made: tuple[int, SQSClient] | None = None

    def __call__(self) -> SQSClient:
        """Return this process's client."""
        made = self._made
        if made is not None and made[0] == os.getpid():
            return made[1]
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                self._made = os.getpid(), self._make()
            return self._made[1]

    def _make(self) -> SQSClient:
        import boto3.session
        from botocore.config import Config

        client: SQSClient = boto3.session.Session(region_name=self._region).client(
            "sqs",
            endpoint_url=self._endpoint_url,
            config=Config(
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                read_timeout=READ_TIMEOUT_SECONDS,
                retries={"total_max_attempts": 1},
                max_pool_connections=self._connections,
                tcp_keepalive=True,
                parameter_validation=False,
            ),
        )
        return client


def problem_of(error: Exception) -> str:
    """Say what went wrong in a few words, without addresses: SQS's own code, or the kind of failure."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__
