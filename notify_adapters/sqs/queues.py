"""Look after the queues: make those that are missing, and say how full they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import frozen
from botocore.exceptions import BotoCoreError, ClientError

from notify_adapters.sqs.addresses import QueueAddresses
from notify_adapters.sqs.client import LazyClient, problem_of
from notify_core.outbox.ports import QueuesUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

# More than twice the longest task (notify_worker/app.py), so that a message is redelivered only after its
# worker was lost.
DEFAULT_VISIBILITY_TIMEOUT_SECONDS = 60
# After so many deliveries without success a message is put aside for people to look at.
DEFAULT_MAX_RECEIVES = 20
# As long as SQS keeps anything.
_RETENTION_SECONDS = 14 * 24 * 3600
_CALLS_IN_FLIGHT = 8
_DEPTHS: tuple[QueueAttributeNameType, ...] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@frozen(kw_only=True)
class QueueDepth:
    """About how many messages of a queue wait, are being worked on, and are held back until their delay is over."""

    visible: int
    in_flight: int
    delayed: int


class QueueAdmin:
    """The queues of one environment, by our names for them. Every method may raise QueuesUnavailable."""

    def __init__(self, *, region: str, endpoint_url: str | None, account_id: str, prefix: str) -> None:
        self._region = region
        self._account_id = account_id
        self._prefix = prefix
        self._addresses = QueueAddresses(
            region=region, endpoint_url=endpoint_url, account_id=account_id, prefix=prefix
        )
        self._client = LazyClient(region=region, endpoint_url=endpoint_url, connections=_CALLS_IN_FLIGHT)

    def ensure(
        self,
        names: Iterable[str],
        *,
        visibility_timeout_seconds: int = DEFAULT_VISIBILITY_TIMEOUT_SECONDS,
        max_receives: int = DEFAULT_MAX_RECEIVES,
    ) -> list[str]:
        """Create the queues that are missing, each with its dead-letter queue, and return their names.

        Queues that are there already stay as they are.
        """
        with _answering():
            present = self._present()
            missing = [name for name in names if self._prefix + name not in present]
            with ThreadPoolExecutor(_CALLS_IN_FLIGHT) as threads:
                for done in [
                    threads.submit(self._create, name, visibility_timeout_seconds, max_receives) for name in missing
                ]:
                    done.result()
        return missing

    def depths(self, names: Iterable[str]) -> Mapping[str, QueueDepth]:
        """Return how full each queue is. Queues that do not exist are left out."""
        wanted = list(names)
        with _answering(), ThreadPoolExecutor(_CALLS_IN_FLIGHT) as threads:
            depths = list(threads.map(self._depth, wanted))
        return {name: depth for name, depth in zip(wanted, depths, strict=True) if depth is not None}

    def ping(self) -> None:
        """Return when SQS answers, even if it does not let us list queues."""
        with _answering():
            try:
                self._client().list_queues(QueueNamePrefix=self._prefix, MaxResults=1)
            except ClientError as error:
                if "AccessDenied" not in problem_of(error):
                    raise

    def _present(self) -> set[str]:
        pages = self._client().get_paginator("list_queues").paginate(QueueNamePrefix=self._prefix)
        return {url.rpartition("/")[2] for page in pages for url in page.get("QueueUrls", [])}

    def _create(self, name: str, visibility_timeout_seconds: int, max_receives: int) -> None:
        put_aside = dead_letter_name(name)
        self._create_queue(put_aside, {"MessageRetentionPeriod": str(_RETENTION_SECONDS)})
        redrive = {"deadLetterTargetArn": self._arn(put_aside), "maxReceiveCount": str(max_receives)}
        self._create_queue(
            name,
            {
                "MessageRetentionPeriod": str(_RETENTION_SECONDS),
                "VisibilityTimeout": str(visibility_timeout_seconds),
                "RedrivePolicy": json.dumps(redrive),
            },
        )

    def _create_queue(self, name: str, attributes: Mapping[QueueAttributeNameType, str]) -> None:
        self._client().create_queue(QueueName=self._prefix + name, Attributes=attributes)

    def _arn(self, name: str) -> str:
        partition = self._client().meta.partition
        return f"arn:{partition}:sqs:{self._region}:{self._account_id}:{self._prefix}{name}"

    def _depth(self, name: str) -> QueueDepth | None:
        try:
            answer = self._client().get_queue_attributes(QueueUrl=self._addresses.url(name), AttributeNames=_DEPTHS)
        except ClientError as error:
            if "NonExistentQueue" in problem_of(error) or "QueueDoesNotExist" in problem_of(error):
                return None
            raise
        visible, in_flight, delayed = (int(answer["Attributes"].get(attribute, "0")) for attribute in _DEPTHS)
        return QueueDepth(visible=visible, in_flight=in_flight, delayed=delayed)


def dead_letter_name(name: str) -> str:
    """Return our name of the queue where another queue's undeliverable messages are put aside."""
    return f"{name}-dead-letter"


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise QueuesUnavailable(f"SQS does not do what it is asked: {problem_of(error)}") from error
