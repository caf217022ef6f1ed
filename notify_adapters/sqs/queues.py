"""Look after the queues: make those that are missing, and say how full they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import evolve
from botocore.exceptions import BotoCoreError, ClientError

from notify_adapters.sqs.addresses import QueueAddresses
from notify_adapters.sqs.client import LazyClient, problem_of
from notify_adapters.sqs.redrive import Redrive
from notify_core.outbox.condition import QueueCondition, QueueDepth, Redriven, dead_letter_name
from notify_core.outbox.ports import QueuesUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

# More than twice the longest task, so that a message is redelivered only after its
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
_CONDITIONS: tuple[QueueAttributeNameType, ...] = ("VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy")


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

    def conditions(self, names: Iterable[str]) -> list[QueueCondition]:
        """Return what SQS says about each queue: whether it is there, and what decides the fate of its messages."""
        with _answering(), ThreadPoolExecutor(_CALLS_IN_FLIGHT) as threads:
            return list(threads.map(self._condition, names))

    def redrive(
        self, name: str, *, limit: int | None = None, progress: Callable[[Redriven], None] = lambda _: None
    ) -> Redriven:
        """Move dead letters, at most `limit`, back to the queue they died on, and say what became of them.

        `progress` is told the sum after every few. Nothing is moved when there is no dead-letter queue of the
        usual name.
        """
        source, target = self._addresses.url(dead_letter_name(name)), self._addresses.url(name)
        with _answering():
            if self._attributes(source, _CONDITIONS) is None:
                return Redriven()
            return Redrive(self._client, source, target, progress)(limit)

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
        attributes = self._attributes(self._addresses.url(name), _DEPTHS)
        if attributes is None:
            return None
        visible, in_flight, delayed = (int(attributes.get(attribute, "0")) for attribute in _DEPTHS)
        return QueueDepth(visible=visible, in_flight=in_flight, delayed=delayed)

    def _condition(self, name: str) -> QueueCondition:
        url = self._addresses.url(name)
        known = QueueCondition(queue=self._prefix + name, expected_dead_letters=self._prefix + dead_letter_name(name))
        try:
            attributes = self._attributes(url, _CONDITIONS)
            if attributes is None:
                return evolve(known, exists=False)
            target = _redrive_target(attributes.get("RedrivePolicy", ""))
            aside = self._attributes(f"{url.rpartition('/')[0]}/{target}", _CONDITIONS) if target else None
        except ClientError as error:
            if "AccessDenied" in problem_of(error):
                return evolve(known, readable=False)
            raise
        return evolve(
            known,
            visibility_timeout=int(attributes["VisibilityTimeout"]),
            retention=int(attributes["MessageRetentionPeriod"]),
            dead_letters=target,
            dead_letter_retention=None if aside is None else int(aside["MessageRetentionPeriod"]),
        )

    def _attributes(self, url: str, names: tuple[QueueAttributeNameType, ...]) -> Mapping[str, str] | None:
        """Return these attributes of a queue, or None when there is no such queue."""
        try:
            answer = self._client().get_queue_attributes(QueueUrl=url, AttributeNames=names)
        except ClientError as error:
            if "NonExistentQueue" in problem_of(error) or "QueueDoesNotExist" in problem_of(error):
                return None
            raise
        return {str(name): value for name, value in answer.get("Attributes", {}).items()}


def _redrive_target(policy: str) -> str | None:
    """Return the name of the queue that a redrive policy puts dead letters on, or None."""
    try:
        name = str(json.loads(policy)["deadLetterTargetArn"]).rpartition(":")[2]
    except (ValueError, KeyError, TypeError):
        return None
    return name or None


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise QueuesUnavailable(f"SQS does not do what it is asked: {problem_of(error)}") from error
