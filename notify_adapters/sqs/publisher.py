"""Put tasks on SQS queues, ten messages a call, several calls in flight."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from attrs import frozen

from notify_adapters.sqs.addresses import QueueAddresses
from notify_adapters.sqs.client import SQS_ERRORS, LazyClient, problem_of
from notify_adapters.sqs.envelope import encode
from notify_core.outbox.model import Queue, TaskMessage
from notify_core.outbox.ports import QueuesUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# SQS takes at most this many messages a call.
_MESSAGES_PER_CALL = 10
_CALLS_IN_FLIGHT = 8


@frozen
class _Answer:
    """What became of one call: the messages `refused`, and why the call as a whole came to nothing, if it did."""

    refused: Sequence[TaskMessage] = ()
    problem: str | None = None


class SqsPublisher:
    """Implements `Publisher`.

    `on_trouble` is told, in a few words without personal data, why messages were refused. Safe to share between
    threads, and across a fork.
    """

    def __init__(
        self,
        *,
        region: str,
        endpoint_url: str | None,
        account_id: str,
        prefix: str,
        message_groups: bool,
        on_trouble: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._addresses = QueueAddresses(
            region=region, endpoint_url=endpoint_url, account_id=account_id, prefix=prefix
        )
        self._client = LazyClient(region=region, endpoint_url=endpoint_url, connections=_CALLS_IN_FLIGHT)
        self._message_groups = message_groups
        self._on_trouble = on_trouble
        self._threads: tuple[int, ThreadPoolExecutor] | None = None

    def publish(self, messages: Sequence[TaskMessage]) -> Sequence[TaskMessage]:
        """Publish, and return what was refused, in no particular order.

        Raises QueuesUnavailable when no call came to anything. What SQS took but did not confirm in time counts
        as refused.
        """
        calls = list(_calls(messages))
        answers = self._send_all(calls)
        problems = [answer.problem for answer in answers if answer.problem is not None]
        if calls and len(problems) == len(calls):
            raise QueuesUnavailable(f"SQS took nothing: {', '.join(sorted(set(problems)))}")
        for problem in sorted(set(problems)):
            self._on_trouble(problem)
        return [message for answer in answers for message in answer.refused]

    def close(self) -> None:
        """Let the threads go. Publishing again makes new ones."""
        if self._threads is not None and self._threads[0] == os.getpid():
            self._threads[1].shutdown()
        self._threads = None

    def _send_all(self, calls: Sequence[tuple[Queue, list[TaskMessage]]]) -> list[_Answer]:
        if len(calls) <= 1:
            return [self._send(call) for call in calls]
        return list(self._pool().map(self._send, calls))

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None or self._threads[0] != os.getpid():
            self._threads = os.getpid(), ThreadPoolExecutor(_CALLS_IN_FLIGHT, thread_name_prefix="sqs")
        return self._threads[1]

    def _send(self, call: tuple[Queue, list[TaskMessage]]) -> _Answer:
        queue, messages = call
        try:
            answer = self._client().send_message_batch(
                QueueUrl=self._addresses.url(queue),
                Entries=[self._entry(str(place), message) for place, message in enumerate(messages)],
            )
        except SQS_ERRORS as error:
            return _Answer(messages, problem=f"{queue}: {problem_of(error)}")
        failed = answer.get("Failed", [])
        for code in sorted({failure["Code"] for failure in failed}):
            self._on_trouble(f"{queue}: {code}")
        return _Answer([messages[int(failure["Id"])] for failure in failed])

    def _entry(self, place: str, message: TaskMessage) -> SendMessageBatchRequestEntryTypeDef:
        entry: SendMessageBatchRequestEntryTypeDef = {"Id": place, "MessageBody": encode(message)}
        if message.delay:
            entry["DelaySeconds"] = int(message.delay.total_seconds())
        if self._message_groups and message.group is not None:
            entry["MessageGroupId"] = str(message.group)
        return entry


def _calls(messages: Sequence[TaskMessage]) -> Iterator[tuple[Queue, list[TaskMessage]]]:
    """Divide messages among calls: one queue and at most ten messages each."""
    by_queue: dict[Queue, list[TaskMessage]] = {}
    for message in messages:
        by_queue.setdefault(message.queue, []).append(message)
    for queue, some in by_queue.items():
        rest = iter(some)
        while batch := list(islice(rest, _MESSAGES_PER_CALL)):
            yield queue, batch
